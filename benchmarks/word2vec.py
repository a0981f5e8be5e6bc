"""Training word2vec: the batch step of assignment 2 against a plain loop over windows.

Run from the repository's root: `python -m benchmarks.word2vec`; with --train, 40,000 iterations on the Lee news too.
Times are CPU-seconds of this process. Both ways draw the same windows and negative samples from the same random
numbers, and must end at the same vectors: what Dataset draws at once for a batch is what it draws one by one.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Cost, Row, compare, interleaved, table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "assignments" / "a2"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions" / "a2"))
import run

import sampling
from utils.data import Dataset, lee_text, sentences_of
from word2vec import getNegativeSamples, skipgram

Array = NDArray[np.float64]

WORDS, TOKENS, SENTENCE, SEED = 20_000, 1_000_000, 20, 0
TIMED = {"loop": 2, "batch": 200}  # iterations in one round
COMPARED = 5  # iterations
TARGET = "≥ 80, drawn at once ≥ 400"


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


def batch(dataset: Dataset, x: Array, iterations: int) -> Array:
    """Train as `run.py --step batch` does."""
    return run.by_batch(dataset, x, iterations, lambda loss: None)


def timed(train: Callable[[Dataset, Array, int], Array], dataset: Dataset, x: Array, iterations: int) -> Cost:
    """Return what one iteration takes."""
    np.random.seed(SEED)
    wall, cpu = time.perf_counter(), time.process_time()
    train(dataset, x, iterations)
    return Cost((time.perf_counter() - wall) / iterations, (time.process_time() - cpu) / iterations)


def rows(repeats: int = 5) -> list[Row]:
    """Measure one iteration each way."""
    dataset = Dataset(make_corpus(), noise=run.noise)
    np.random.seed(SEED)
    x = run.first_vectors(len(dataset.words), run.DIMENSION)
    trained = []
    for train in (loop, batch):
        np.random.seed(SEED)
        trained.append(train(dataset, x, COMPARED))
    apart = float(np.abs(trained[0] - trained[1]).max())
    assert apart <= 1e-12, f"the vectors differ by {apart:.1e}"
    things = [partial(timed, train, dataset, x, TIMED[train.__name__]) for train in (loop, batch)]
    looped, batched = interleaved(repeats, *things)
    seconds = " / ".join(f"{statistics.median(cost.cpu for cost in costs):.3g}" for costs in (looped, batched))
    aside = f"{seconds} CPU s, {len(dataset.words)} words, vectors within {apart:.0e}"
    return [compare("word2vec: a plain loop ÷ a batch, of the same draws", looped, batched, TARGET, aside)]


def training_row() -> Row:
    """Train on the Lee news with the defaults of run.py, for half a minute or so."""
    keep = partial(sampling.keep_probability, t=run.THRESHOLD)
    dataset = Dataset(list(sentences_of(lee_text())), keep, run.noise, run.MIN_COUNT)
    np.random.seed(run.SEED)
    x = run.first_vectors(len(dataset.words), run.DIMENSION)
    losses: list[float] = []
    with tempfile.TemporaryDirectory() as folder, run.working_in(Path(folder), fresh=True):
        started = time.process_time()
        run.by_batch(dataset, x, run.ITERATIONS, losses.append)
        seconds = time.process_time() - started
    final = statistics.fmean(losses[-1000:])
    return Row("word2vec on the Lee news", "", "≤ 30 CPU s, loss < 10", "", f"{seconds:.1f} CPU s, loss {final:.2f}")


if __name__ == "__main__":
    print(table([*rows(), *([training_row()] if "--train" in sys.argv else [])]))
