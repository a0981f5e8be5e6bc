"""Cases of assignment 2. All numbers are float64: these are numpy's, and the gradients are compared with slopes.

Sizes differ from each other (D is less than V), and numbers are random, so that a transposition or a wrong row shows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.core.case import Cases

Array = NDArray[Any]

DRAWS = 400
"""Length of a recorded stream of negative samples, after which it begins again."""


def few(family: Cases) -> Cases:
    """Return a family with fewer cases, for properties that measure slopes, with some hundred calls each."""
    return replace(family, corners=family.corners[:2], drawn=1)


def make_numbers(*, seed: int, n: int, m: int, large: int) -> dict[str, Any]:
    """Make numbers for the sigmoid: an array (n,), or (n, m) if m is not 0, or one number if both are 0.

    If large is 1 they go up to 1000 in size.
    """
    rng = np.random.default_rng(seed)
    shape = (n, m) if m else (n,)
    x = rng.uniform(-3, 3, shape) * (10.0 ** rng.uniform(0, 2.5, shape) if large else 1.0)
    if large and x.size > 1:
        x.flat[0], x.flat[-1] = 1000.0, -1000.0
    return {"x": x if n else float(rng.uniform(-3, 3))}


NUMBERS = Cases(
    make_numbers,
    {"n": (0, 6), "m": (0, 4), "large": (0, 0)},
    "x of shape ({n}, {m}), where 0 stands for none",
    ({"n": 5}, {"n": 4, "m": 3}, {"n": 0}),
)
"""Numbers of ordinary size."""

LARGE = Cases(
    make_numbers,
    {"n": (2, 6), "m": (0, 0), "large": (1, 1)},
    "{n} numbers between -1000 and 1000",
    ({"n": 6},),
    drawn=2,
)
"""Numbers of up to 1000 in size, both signs."""


def make_pair(*, seed: int, V: int, D: int, K: int, repeats: int, default: int) -> dict[str, Any]:
    """Make a centre vector, an outside word, all outside vectors and a stream of negative samples.

    Args:
        seed: of everything random.
        V: words.
        D: numbers in a vector.
        K: negative samples.
        repeats: 1 if few words are drawn, each of them often; the stream then holds the outside word often, too.
        default: 1 to leave K to the function, whose default is 10.
    """
    rng = np.random.default_rng(seed)
    outside = int(rng.integers(V))
    drawable = rng.choice([word for word in range(V) if word != outside], size=min(2, V - 1), replace=False)
    among = [outside, *map(int, drawable)] if repeats else list(range(V))
    stream = [int(word) for word in rng.choice(among, size=DRAWS)]
    # Never all of them the outside word, or a right answer would reject for ever.
    stream[0] = int(drawable[0])
    return {
        "seed": seed,
        "V": V,
        "centerWordVec": 0.8 * rng.standard_normal(D),
        "outsideWordIdx": outside,
        "outsideVectors": 0.8 * rng.standard_normal((V, D)),
        "stream": stream,
        "K": 10 if default else K,
        "default": bool(default),
        "samples": "K left out, so 10" if default else f"K = {K}",
    }


PAIR_SIZES = {"V": (3, 8), "D": (2, 5), "K": (1, 6), "repeats": (0, 1), "default": (0, 1)}
PAIRS = Cases(
    make_pair,
    {**PAIR_SIZES, "K": (1, 1), "repeats": (0, 0), "default": (0, 0)},
    "V = {V} words, D = {D}",
    ({"V": 7, "D": 3}, {"V": 4, "D": 5}),
)
"""One pair of words, for the softmax over all words."""

DRAWN_PAIRS = Cases(
    make_pair,
    PAIR_SIZES,
    "V = {V} words, D = {D}, {samples}",
    ({"V": 9, "D": 3, "K": 4}, {"V": 6, "D": 4, "K": 5, "repeats": 1}, {"V": 12, "D": 2, "default": 1}),
)
"""One pair of words and negative samples; repeated ones among them, and K left out."""


def make_window(*, seed: int, V: int, D: int, reach: int, words: int) -> dict[str, Any]:
    """Make a window: a centre word, some outside words (with repeats), and vectors for all words.

    word2Ind is in no order, so that indices are looked up and not guessed.
    """
    rng = np.random.default_rng(seed)
    indices = [int(i) for i in rng.permutation(V)]
    names = [f"w{i}" for i in range(V)]
    outside = [names[i] for i in rng.integers(V, size=words)]
    if words > 1:
        outside[-1] = outside[0]  # a word that stands there twice
    return {
        "seed": seed,
        "currentCenterWord": names[int(rng.integers(V))],
        "windowSize": reach,
        "outsideWords": outside,
        "word2Ind": dict(zip(names, indices, strict=True)),
        "centerWordVectors": 0.8 * rng.standard_normal((V, D)),
        "outsideVectors": 0.8 * rng.standard_normal((V, D)),
    }


WINDOWS = Cases(
    make_window,
    {"V": (3, 7), "D": (2, 4), "reach": (3, 3), "words": (0, 6)},
    "V = {V} words, D = {D}, a window with {words} outside words",
    ({"V": 6, "D": 3, "words": 4}, {"V": 5, "D": 2, "words": 1}, {"V": 4, "D": 3, "words": 6}),
)
"""Windows that reach three words to either side; at the end of a sentence fewer words are there."""


def make_descent(*, seed: int, n: int, m: int, iterations: int, processed: int) -> dict[str, Any]:
    """Make a bowl to run down: its bottom, curvature, where to start, and the step."""
    rng = np.random.default_rng(seed)
    shape = (n, m) if m else (n,)
    return {
        "x0": rng.standard_normal(shape),
        "bottom": rng.standard_normal(shape),
        "curvature": rng.uniform(0.5, 2, shape),
        "step": float(rng.uniform(0.05, 0.3)),
        "iterations": iterations,
        "processed": bool(processed),
    }


DESCENTS = Cases(
    make_descent,
    {"n": (1, 4), "m": (0, 3), "iterations": (1, 6), "processed": (0, 1)},
    "parameters of shape ({n}, {m}), {iterations} iterations",
    ({"n": 3, "iterations": 4}, {"n": 4, "m": 3, "iterations": 3, "processed": 1}, {"n": 2, "iterations": 25}),
)
"""Bowls to run down."""


def make_batch(*, seed: int, V: int, D: int, P: int, K: int) -> dict[str, Any]:
    """Make pairs of words with their negative samples, words among them that are in several pairs."""
    rng = np.random.default_rng(seed)
    return {
        "seed": seed,
        "centers": rng.integers((V + 1) // 2, size=P),
        "outsides": rng.integers(V, size=P),
        "negatives": rng.integers(V, size=(P, K)),
        "centerWordVectors": 0.8 * rng.standard_normal((V, D)),
        "outsideVectors": 0.8 * rng.standard_normal((V, D)),
    }


BATCHES = Cases(
    make_batch,
    {"V": (3, 12), "D": (2, 4), "P": (1, 8), "K": (1, 5)},
    "{P} pairs of V = {V} words, D = {D}, K = {K}",
    ({"V": 7, "D": 3, "P": 8, "K": 4}, {"V": 20, "D": 4, "P": 3, "K": 2}),
)
"""Batches of pairs."""


def make_frequencies(*, seed: int, n: int, rare: int) -> dict[str, Any]:
    """Make parts of a corpus, 1e-5 to 1, and a threshold; n = 0 for one number."""
    rng = np.random.default_rng(seed)
    z = 10.0 ** rng.uniform(-5, 0, n or 1)
    return {"z": z if n else float(z[0]), "t": 10.0 ** -(3 + rare)}


FREQUENCIES = Cases(
    make_frequencies,
    {"n": (0, 8), "rare": (0, 2)},
    "{n} words, t = 1e-3 / 10^{rare}",
    ({"n": 8}, {"n": 6, "rare": 2}, {"n": 0}),
)
"""How frequent words are; a single one is a number, not an array."""


def make_counts(*, seed: int, V: int, flat: int, size: int) -> dict[str, Any]:
    """Make counts of words, from ten to some hundreds and in no order, and a distribution to draw from.

    The counts grow by a half from one to the next, so that the best tree is neither a chain nor balanced.
    """
    rng = np.random.default_rng(seed)
    counts = np.full(V, 7) if flat else rng.permutation(np.rint(10 * 1.5 ** np.arange(V)).astype(np.int64))
    probabilities = 0.8 * rng.dirichlet(np.ones(V)) + 0.2 / V  # none near 1, so that draws differ
    if V > 2:
        probabilities[int(rng.integers(V))] = 0.0
    return {
        "seed": seed,
        "counts": counts,
        "power": 0.75 if seed % 2 else float(rng.uniform(0.2, 1)),
        "probabilities": probabilities / probabilities.sum(),
        "size": size,
    }


COUNTS = Cases(
    make_counts,
    {"V": (2, 9), "flat": (0, 1), "size": (20, 500)},
    "the counts of V = {V} words",
    ({"V": 7, "size": 1000}, {"V": 4, "size": 37}),
)
"""Counts of words."""


def make_leaf(*, seed: int, V: int, D: int) -> dict[str, Any]:
    """Make a binary tree with V leaves, the path and code of each, and vectors for the inner nodes.

    `path` and `code` are those of one word, `paths` and `codes` those of all.
    """
    rng = np.random.default_rng(seed)
    codes = [""]
    while len(codes) < V:
        leaf = codes.pop(int(rng.integers(len(codes))))
        codes += [leaf + "0", leaf + "1"]
    inner = sorted({code[:i] for code in codes for i in range(len(code))})
    number = dict(zip(inner, map(int, rng.permutation(V - 1)), strict=True))
    paths = [np.array([number[code[:i]] for i in range(len(code))], dtype=np.int64) for code in codes]
    bits = [np.array([int(bit) for bit in code], dtype=np.int64) for code in codes]
    word = int(rng.integers(V))
    return {
        "seed": seed,
        "centerWordVec": 0.8 * rng.standard_normal(D),
        "nodeVectors": 0.8 * rng.standard_normal((V - 1, D)),
        "path": paths[word],
        "code": bits[word],
        "paths": paths,
        "codes": bits,
    }


LEAVES = Cases(
    make_leaf,
    {"V": (3, 8), "D": (2, 4)},
    "a tree of V = {V} words, D = {D}",
    ({"V": 7, "D": 3}, {"V": 4, "D": 2}),
)
"""A word in a binary tree. Its inner nodes are numbered in no order."""


def make_distributions(*, seed: int, V: int, zeros: int) -> dict[str, Any]:
    """Make two distributions p and q over V outcomes, p with zeros in it if zeros is 1, and a third over three."""
    rng = np.random.default_rng(seed)
    p, q, r = rng.dirichlet(np.ones(V)), rng.dirichlet(np.ones(V)), rng.dirichlet(np.ones(3))
    if zeros:
        p[rng.permutation(V)[: V // 2]] = 0.0
        p /= p.sum()
    return {"p": p, "q": q, "r": r, "base": 2.0}


DISTRIBUTIONS = Cases(
    make_distributions,
    {"V": (2, 7), "zeros": (0, 1)},
    "distributions over {V} outcomes",
    ({"V": 6}, {"V": 5, "zeros": 1}),
)
"""Distributions, with impossible outcomes among them."""


def make_scores(*, seed: int, N: int, V: int, large: int) -> dict[str, Any]:
    """Make scores (V,), or (N, V) if N is not 0; up to thousands if large is 1."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, V) if N else (V,))
    return {"x": x * 1000 if large else x, "shift": float(rng.uniform(2, 5))}


SCORES = Cases(
    make_scores,
    {"N": (0, 4), "V": (2, 6), "large": (0, 1)},
    "scores of shape ({N}, {V}), where 0 stands for none",
    ({"V": 5}, {"N": 3, "V": 4}, {"N": 2, "V": 3, "large": 1}),
)
"""Scores for a softmax."""


def make_classes(*, seed: int, D: int, points: int) -> dict[str, Any]:
    """Make the weights of a softmax over two classes, and points to classify."""
    rng = np.random.default_rng(seed)
    return {
        "W": rng.standard_normal((2, D)),
        "b": rng.standard_normal(2),
        "points": rng.standard_normal((points, D)),
    }


CLASSES = Cases(
    make_classes,
    {"D": (1, 5), "points": (6, 6)},
    "two classes, D = {D}",
    ({"D": 4}, {"D": 3}),
)
"""Softmax over two classes."""


def make_linear(*, seed: int, n: int, m: int, soft: int) -> dict[str, Any]:
    """Make a matrix (n, m), vectors of its sizes, and a true distribution over n: one-hot, or any if soft is 1."""
    rng = np.random.default_rng(seed)
    y = rng.dirichlet(np.ones(n)) if soft else np.eye(n)[int(rng.integers(n))]
    return {
        "W": rng.standard_normal((n, m)),
        "x": rng.standard_normal(m),
        "delta": rng.standard_normal(n),
        "logits": 2 * rng.standard_normal(n),
        "y": y,
    }


LINEAR = Cases(
    make_linear,
    {"n": (2, 5), "m": (2, 5), "soft": (0, 1)},
    "W of shape ({n}, {m})",
    ({"n": 4, "m": 3}, {"n": 2, "m": 5, "soft": 1}),
    drawn=2,
)
"""A matrix and vectors to multiply."""
