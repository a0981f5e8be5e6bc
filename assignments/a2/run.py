"""Train word vectors: `python run.py` on the Lee news, `python run.py --help` for the rest.

Training uses your own answers: the loss of 1c and the window of 1d (or with --step batch the whole batch of 1f), the
descent of 1e, and 2a to 2c for what is read and drawn. It leaves in the output folder word_vectors.npz, the plot
word_vectors.png and, every 5000 iterations, a checkpoint; `--resume` goes on from the last one.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import sampling
import sgd
from batch import batchLossAndGradient
from utils.data import TABLE_SIZE, DataError, Dataset, read_text, sentences_of
from utils.utils import normalizeRows
from word2vec import negSamplingLossAndGradient, skipgram

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Batch = tuple[Indices, Indices, Indices]
"""Centre words, outside words and negative samples, as batchLossAndGradient takes them."""
Tell = Callable[[float], None]
"""Is told the loss of each iteration."""
Draw = Callable[[Dataset, int], Iterator[Batch]]
Descend = Callable[[Indices, Indices, Indices, float], float]
Descent = Callable[[Array], Descend]

# What the defaults are for: a text of some 50,000 words, in a few minutes by windows and in seconds by batches.
DIMENSION = 10
WINDOW = 5
NEGATIVES = 10
WINDOWS = 50  # in a batch
BLOCK = 50  # batches that are drawn at once with --step blocks
ITERATIONS = 40_000
STEP = 0.3
THRESHOLD = 1e-5  # of thinning out; a text of millions of words wants 1e-3 or so
MIN_COUNT = 2
SEED = 9265

WORDS = "government police people company market australia israel afghanistan taliban test cricket team fire"
"""Plotted by default, where they are in the text."""


def positive(text: str) -> int:
    """Read a whole number above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def seed(text: str) -> int:
    """Read a seed that numpy takes."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**32 - 1}")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = argparse.ArgumentParser(prog="python run.py", description=__doc__.partition("\n")[0])
    top.add_argument("text", nargs="?", type=Path, help="a text file or a folder of .txt files (default: Lee news)")
    top.add_argument(
        "--step",
        choices=("windows", "batch", "blocks"),
        default="windows",
        help="windows: with 1c and 1d; batch: with 1f, the same numbers; blocks: with 1f, other draws, quicker still",
    )
    top.add_argument("--iterations", type=positive, default=ITERATIONS, help=f"default: {ITERATIONS}")
    top.add_argument(
        "--dimension", type=positive, default=DIMENSION, help=f"numbers in a vector (default: {DIMENSION})"
    )
    top.add_argument(
        "--min-count", type=positive, default=MIN_COUNT, help=f"leave out rarer words (default: {MIN_COUNT})"
    )
    top.add_argument("--threshold", type=float, default=THRESHOLD, help=f"of 2a (default: {THRESHOLD})")
    top.add_argument("--seed", type=seed, default=SEED, help=f"default: {SEED}")
    top.add_argument("--words", nargs="+", default=WORDS.split(), help="what to plot")
    top.add_argument("--out", type=Path, default=Path("trained"), help="output folder (default: trained)")
    top.add_argument("--resume", action="store_true", help="go on from the last checkpoint in the output folder")
    return top


def main(argv: Sequence[str]) -> int:
    """Train, save, score and plot; return the exit status."""
    for stream in (sys.stdout, sys.stderr):  # print a question mark for a letter that the terminal's encoding lacks
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    args = parser().parse_args(argv)
    try:
        corpus = list(sentences_of(read_text(args.text)))
        keep = partial(sampling.keep_probability, t=args.threshold)
        dataset = Dataset(corpus, keep, noise, args.min_count)
        np.random.seed(args.seed)
        x0 = first_vectors(len(dataset.words), args.dimension)
        train = {"windows": by_windows, "batch": by_batch, "blocks": partial(by_batch, draw=in_blocks)}[args.step]
        with working_in(args.out, fresh=not args.resume), progress(args.iterations) as tell:
            x = train(dataset, x0, args.iterations, tell)
        report(x, dataset, args.words, args.out)
    except (DataError, NotImplementedError) as error:
        print(f"run.py: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(f"run.py: {error.name} is not installed: pip install {error.name}", file=sys.stderr)
    except OSError as error:
        print(f"run.py: {error.filename or 'the output'}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("run.py: stopped; --resume goes on from the last checkpoint", file=sys.stderr)
    else:
        return 0
    return 2


def noise(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the table of negative samples."""
    return np.asarray(sampling.noise_table(sampling.noise_distribution(counts), TABLE_SIZE))


def first_vectors(words: int, dimension: int) -> Array:
    """Return small random centre vectors above outside vectors of zeros, (2 words, dimension)."""
    centers = (np.random.random_sample((words, dimension)) - 0.5) / dimension
    return np.concatenate((centers, np.zeros((words, dimension))))


def by_windows(dataset: Dataset, x0: Array, iterations: int, tell: Tell) -> Array:
    """Train window by window; return the vectors."""
    loss_and_gradient = partial(negSamplingLossAndGradient, K=NEGATIVES)

    def mean_over_windows(x: Array) -> tuple[float, Array]:
        centers, outsides = np.split(x, 2)
        loss, gradient = 0.0, np.zeros_like(x)
        by_center, by_outside = np.split(gradient, 2)  # views: what is added to them is added to the gradient
        for center, around in [dataset.getRandomContext(WINDOW) for _ in range(WINDOWS)]:
            word2Ind = dataset.tokens()
            one = skipgram(center, WINDOW, around, word2Ind, centers, outsides, dataset, loss_and_gradient)
            loss += float(np.squeeze(one[0])) / WINDOWS
            by_center += one[1] / WINDOWS
            by_outside += one[2] / WINDOWS
        tell(loss)
        return loss, gradient

    return sgd.sgd(mean_over_windows, x0, STEP, iterations, useSaved=True, PRINT_EVERY=iterations + 1)


def by_batch(
    dataset: Dataset, x0: Array, iterations: int, tell: Tell, draw: Draw | None = None, descent: Descent | None = None
) -> Array:
    """Train all windows of an iteration at once; return the vectors: the same as by_windows, but for rounding.

    Args:
        dataset: the corpus.
        x0: where to start.
        iterations: how often.
        tell: is told the loss of each iteration.
        draw: yields batches; one_by_one by default. With in_blocks the vectors are others.
        descent: makes what goes one step downhill for a batch; gradient_descent by default.
    """
    start, x, step = sgd.resume(x0.copy(), STEP)
    batches = (draw or one_by_one)(dataset, iterations - start)
    descend = (descent or gradient_descent)(x)
    for iteration, batch in enumerate(batches, start + 1):
        tell(descend(*batch, step / WINDOWS) / WINDOWS)
        if iteration % sgd.SAVE_PARAMS_EVERY == 0:
            sgd.save_params(iteration, x)
        if iteration % sgd.ANNEAL_EVERY == 0:
            step *= 0.5
    return x


def one_by_one(dataset: Dataset, iterations: int) -> Iterator[Batch]:
    """Draw batches from the same random numbers as by_windows."""
    for _ in range(iterations):
        centers, outsides = dataset.random_pairs(WINDOWS, WINDOW)
        yield centers, outsides, dataset.random_negatives(outsides, NEGATIVES)


def in_blocks(dataset: Dataset, iterations: int) -> Iterator[Batch]:
    """Draw many batches at once, which is quicker, but none beyond the next checkpoint: it keeps the random state."""
    block = math.gcd(BLOCK, sgd.SAVE_PARAMS_EVERY)
    for done in range(0, iterations, block):
        yield from dataset.random_batches(min(block, iterations - done), WINDOWS, WINDOW, NEGATIVES)


def gradient_descent(x: Array) -> Descend:
    """Return a function that goes one step downhill for a batch by question 1f, and returns the summed loss.

    It changes x in place, and only the rows of words that were drawn: that is where the time goes with many words.
    """
    centers_of, outsides_of = np.split(x, 2)
    numbers = x.reshape(-1)
    # subtract.at is quick in one dimension only, so we tell it the place of each number of each row.
    places_of_centers, places_of_outsides = np.split(np.arange(x.size).reshape(x.shape), 2)

    def subtract(places: Indices, values: Array) -> None:
        np.subtract.at(numbers, places.reshape(-1), values.reshape(-1))

    def descend(centers: Indices, outsides: Indices, negatives: Indices, step: float) -> float:
        loss, by_center, by_outside = batchLossAndGradient(centers, outsides, negatives, centers_of, outsides_of)
        indices = np.column_stack((outsides, negatives))
        subtract(places_of_centers.take(centers, axis=0), step * by_center)
        subtract(places_of_outsides.take(indices, axis=0), step * by_outside)
        return float(np.squeeze(loss))

    return descend


@contextlib.contextmanager
def working_in(folder: Path, fresh: bool) -> Iterator[None]:
    """Work in a folder, where sgd() leaves its checkpoints; without old ones if fresh."""
    before = Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        for old in [*Path().glob("saved_params_*.npy"), *Path().glob("saved_state_*.pickle")] if fresh else ():
            old.unlink()
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def progress(iterations: int) -> Iterator[Tell]:
    """Show a bar with the smoothed loss while told the loss of each iteration."""
    from tqdm import tqdm

    smoothed: list[float] = []

    def tell(loss: float) -> None:
        smoothed[:] = [0.99 * smoothed[0] + 0.01 * loss if smoothed else loss]
        bar.update()
        if bar.n % 100 == 0:
            bar.set_postfix(loss=f"{smoothed[0]:.3f}", refresh=False)

    with tqdm(total=iterations, initial=sgd.load_saved_params()[0], unit="it", mininterval=0.5) as bar:
        yield tell
    if smoothed:
        print(f"final loss: {smoothed[0]:.3f}")


def report(x: Array, dataset: Dataset, words: Sequence[str], folder: Path) -> None:
    """Save the vectors of all words, print how they agree with people, and plot some."""
    vectors = np.concatenate(np.split(x, 2), axis=1)  # centre and outside vector, end to end
    np.savez_compressed(folder / "word_vectors.npz", words=np.array(dataset.words), vectors=vectors)
    print(f"saved: {folder / 'word_vectors.npz'}")
    score, pairs = similarity(vectors, dataset.word2Ind)
    print(f"WordSim-353: Spearman correlation {score:.3f} over the {pairs} pairs whose words are in the text")
    known = [word for word in words if word in dataset.word2Ind]
    if len(known) > 1:
        plot(vectors[[dataset.word2Ind[word] for word in known]], known, folder / "word_vectors.png")
        print(f"saved: {folder / 'word_vectors.png'}")
    missing = sorted(set(words) - set(known))
    if missing:
        print(f"not in the text: {', '.join(missing)}")


def similarity(vectors: Array, word2Ind: dict[str, int]) -> tuple[float, int]:
    """Compare cosines with how similar people find pairs of words (WordSim-353, Finkelstein et al. 2002).

    Returns:
        Spearman's rank correlation, NaN for fewer than two pairs, and the number of pairs whose words are known.
    """
    from gensim.test.utils import datapath
    from scipy.stats import spearmanr

    lines = Path(datapath("wordsim353.tsv")).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    known = [(a.lower(), b.lower(), float(s)) for a, b, s in rows if {a.lower(), b.lower()} <= word2Ind.keys()]
    if len(known) < 2:
        return float("nan"), len(known)
    unit = normalizeRows(vectors)
    cosines = [float(unit[word2Ind[a]] @ unit[word2Ind[b]]) for a, b, _ in known]
    return float(spearmanr(cosines, [s for *_, s in known]).statistic), len(known)


def plot(vectors: Array, words: Sequence[str], path: Path) -> None:
    """Draw words in the plane that shows most of how their vectors differ, and save the picture."""
    from matplotlib.figure import Figure

    centred = vectors - vectors.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    figure = Figure(figsize=(8, 6))
    axes = figure.subplots()
    for (x, y), word in zip(u[:, :2] * s[:2], words, strict=True):
        axes.scatter(x, y, color="tab:blue", s=12)
        axes.annotate(word, (x, y), textcoords="offset points", xytext=(4, 4))
    axes.set_xlabel("first principal component")
    axes.set_ylabel("second principal component")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
