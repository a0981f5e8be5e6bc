"""Training word2vec: the batch steps of assignment 2 against a plain loop over windows.

Run from the repository's root: `python -m benchmarks.word2vec`; with --train, 40,000 iterations on the Lee news too.
Times are CPU-seconds of this process. All ways are the same descent in float64, an iteration for each 50 windows: from
the same draws they must end at the same vectors. `in blocks` draws from other random numbers, with the same chances.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Cost, Row, compare, folders_of, interleaved, table

sys.path.extend(folders_of("a2"))
from fast import sparse_descent

import run
import sampling
from utils.data import Dataset, lee_text, sentences_of
from word2vec import getNegativeSamples, skipgram

Array = NDArray[np.float64]

WORDS, TOKENS, SENTENCE, SEED = 20_000, 1_000_000, 20, 0
TIMED = {"loop": 2, "batch": 300, "blocks": 500, "fast": 1000}  # iterations in one round
COMPARED = 20  # iterations
APART = 1e-12


def make_corpus() -> list[list[str]]:
    """Return sentences of SENTENCE words each, drawn from WORDS words by Zipf's law."""
    chances = 1 / np.arange(1, WORDS + 1)
    drawn = np.random.default_rng(SEED).choice(WORDS, size=(TOKENS // SENTENCE, SENTENCE), p=chances / chances.sum())
    return [[f"word{rank}" for rank in sentence] for sentence in drawn]


def sigmoid(x: float) -> float:
    """Return 1 / (1 + e^-x)."""
    return float(1 / (1 + np.exp(-x)))


def pair(v: Array, outside: int, outsides: Array, dataset: Dataset) -> tuple[float, Array, Array]:
    """Return the loss of one outside word, and its gradients by the centre's vector and by all outside vectors."""
    right = sigmoid(outsides[outside] @ v)
    loss, by_center, by_outsides = -np.log(right), (right - 1) * outsides[outside], np.zeros_like(outsides)
    by_outsides[outside] += (right - 1) * v
    for negative in getNegativeSamples(outside, dataset, run.NEGATIVES):
        wrong = sigmoid(outsides[negative] @ v)
        loss -= np.log(1 - wrong)
        by_center += wrong * outsides[negative]
        by_outsides[negative] += wrong * v
    return loss, by_center, by_outsides


def loop(dataset: Dataset, x: Array, iterations: int) -> Array:
    """Train as most students do: window by window, pair by pair, with whole gradients."""
    for _ in range(iterations):
        centers, outsides = np.split(x, 2)
        gradient = np.zeros_like(x)
        by_centers, by_outsides = np.split(gradient, 2)  # views
        for word, around in [dataset.getRandomContext(run.WINDOW) for _ in range(run.WINDOWS)]:
            one = skipgram(word, run.WINDOW, around, dataset.word2Ind, centers, outsides, dataset, pair)
            by_centers += one[1] / run.WINDOWS
            by_outsides += one[2] / run.WINDOWS
        x = x - run.STEP * gradient
    return x


def silent(loss: float) -> None:
    """Take no notice of a loss."""


def batch(dataset: Dataset, x: Array, iterations: int) -> Array:
    """Train as `run.py --step batch` does."""
    return run.by_batch(dataset, x, iterations, silent)


def blocks(dataset: Dataset, x: Array, iterations: int) -> Array:
    """Train as `run.py --step blocks` does."""
    return run.by_batch(dataset, x, iterations, silent, run.in_blocks)


def fast(dataset: Dataset, x: Array, iterations: int) -> Array:
    """Train as `blocks`, with the sparse kernels of solutions/a2/staff/fast.py in place of question 1f."""
    return run.by_batch(dataset, x, iterations, silent, run.in_blocks, sparse_descent)


def fast_one_by_one(dataset: Dataset, x: Array, iterations: int) -> Array:
    """Train as `fast`, from the same draws as the loop."""
    return run.by_batch(dataset, x, iterations, silent, descent=sparse_descent)


def timed(train: Callable[[Dataset, Array, int], Array], dataset: Dataset, x: Array, iterations: int) -> Cost:
    """Return what one iteration takes."""
    np.random.seed(SEED)
    wall, cpu = time.perf_counter(), time.process_time()
    train(dataset, x, iterations)
    return Cost((time.perf_counter() - wall) / iterations, (time.process_time() - cpu) / iterations)


def largest_difference(dataset: Dataset, x: Array) -> float:
    """Return by how much the vectors differ after a few iterations each way from the same draws."""
    trained = []
    for train in (loop, batch, fast_one_by_one):
        np.random.seed(SEED)
        trained.append(train(dataset, x, COMPARED))
    return max(float(np.abs(trained[0] - other).max()) for other in trained[1:])


def times(one: Sequence[Cost], other: Sequence[Cost]) -> str:
    """Return what the two took, in CPU-seconds."""
    return " / ".join(f"{statistics.median(cost.cpu for cost in costs):.3g} s" for costs in (one, other))


def rows(repeats: int = 5) -> list[Row]:
    """Measure one iteration each way."""
    dataset = Dataset(make_corpus(), noise=run.noise)
    np.random.seed(SEED)
    x = run.first_vectors(len(dataset.words), run.DIMENSION)
    apart = largest_difference(dataset, x)
    assert apart <= APART, f"the vectors differ by {apart:.1e}"
    things = [partial(timed, train, dataset, x, TIMED[train.__name__]) for train in (loop, batch, blocks, fast)]
    looped, *others = interleaved(repeats, *things)
    asides = [f"the same draws, vectors within {apart:.0e}", "drawn in blocks", "drawn in blocks"]
    whats = ["`run.py --step batch`", "`run.py --step blocks`", "`--step blocks` with solutions/a2/staff/fast.py"]
    return [
        compare(
            f"word2vec, an iteration: a plain loop ÷ {what}", looped, costs, target, f"{times(looped, costs)}; {aside}"
        )
        for what, costs, target, aside in zip(whats, others, ("≥ 80", "", "≥ 400"), asides, strict=True)
    ]


def training_rows() -> list[Row]:
    """Train on the Lee news with the defaults of run.py, in a few seconds."""
    keep = partial(sampling.keep_probability, t=run.THRESHOLD)
    dataset = Dataset(list(sentences_of(lee_text())), keep, run.noise, run.MIN_COUNT)
    return [
        training_row("`run.py --step batch`", dataset, run.by_batch),
        training_row("fast.py", dataset, partial(run.by_batch, draw=run.in_blocks, descent=sparse_descent)),
    ]


def training_row(what: str, dataset: Dataset, train: Callable[..., Array]) -> Row:
    """Train one way."""
    np.random.seed(run.SEED)
    x = run.first_vectors(len(dataset.words), run.DIMENSION)
    losses: list[float] = []
    with tempfile.TemporaryDirectory() as folder, run.working_in(Path(folder), fresh=True):
        started = time.process_time()
        train(dataset, x, run.ITERATIONS, losses.append)
        seconds = time.process_time() - started
    final = statistics.fmean(losses[-1000:])
    target, aside = "≤ 30 CPU s, loss < 10", f"{seconds:.1f} CPU s, loss {final:.2f}"
    return Row(f"word2vec: {run.ITERATIONS} iterations on the Lee news, {what}", "", target, "", aside)


if __name__ == "__main__":
    print(table([*rows(), *(training_rows() if "--train" in sys.argv else [])]))
