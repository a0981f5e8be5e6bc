"""Cases of assignment 1: small corpora, matrices with known singular values, points to draw, and word vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.core.case import Cases

Array = NDArray[Any]

TOKENS = ("<START>", "<END>")
WORDS = ("that", "glitters", "is", "not", "gold", "all", "well", "ends", "Gold", "a", "'t", "10", "über", "the", "end")
"""Not in order, with capitals and what is no letter: sorting must put them where Python does."""


def make_documents(
    *, seed: int, documents: int, longest: int, vocabulary: int, window: int, tokens: int
) -> dict[str, Any]:
    """Make a corpus.

    Args:
        seed: of everything random.
        documents: how many there are; all but one may be empty.
        longest: words of the longest document, special ones not counted.
        vocabulary: how many words there are to choose from.
        window: window_size.
        tokens: 1 for documents between <START> and <END>.
    """
    rng = np.random.default_rng(seed)
    words = [WORDS[i] for i in rng.permutation(len(WORDS))[:vocabulary]]
    lengths = [longest, *rng.integers(0, longest + 1, size=documents - 1)]
    rng.shuffle(lengths)
    corpus = [[words[i] for i in rng.integers(vocabulary, size=length)] for length in lengths]
    if tokens:
        corpus = [[TOKENS[0], *document, TOKENS[1]] for document in corpus]
    return {"corpus": corpus, "window_size": window, "seed": seed}


SIZES = {"documents": (1, 5), "longest": (1, 9), "vocabulary": (1, 9), "window": (1, 5), "tokens": (0, 1)}
CORPUS_WORDS = "{documents} documents of up to {longest} words, window {window}"

DOCUMENTS = Cases(
    make_documents,
    SIZES,
    CORPUS_WORDS,
    (
        {"documents": 1, "longest": 6, "vocabulary": 3, "window": 2},
        {"documents": 3, "longest": 9, "vocabulary": 6, "window": 4, "tokens": 1},
        {"documents": 4, "longest": 5, "vocabulary": 9, "window": 3},
        {"documents": 2, "longest": 4, "vocabulary": 4, "window": 8},
    ),
)
"""Corpora of any sizes, with words that repeat, windows that reach beyond a document, and empty documents."""

TWO_DOCUMENTS = Cases(
    make_documents,
    {**SIZES, "documents": (2, 5), "longest": (2, 9)},
    CORPUS_WORDS,
    ({"documents": 2, "longest": 5, "vocabulary": 4, "window": 2}, {"documents": 4, "longest": 4, "vocabulary": 7}),
)
"""Corpora that can be taken apart."""

LONG_DOCUMENTS = Cases(
    make_documents,
    {**SIZES, "documents": (1, 2), "longest": (9, 14), "window": (4, 4)},
    CORPUS_WORDS,
    ({"longest": 12, "vocabulary": 6},),
    drawn=1,
)
"""Corpora in which a window of three, four or five makes a difference."""

WITH_TOKENS = Cases(
    make_documents,
    {**SIZES, "tokens": (1, 1)},
    CORPUS_WORDS + ", each between <START> and <END>",
    ({"documents": 3, "longest": 4, "vocabulary": 5, "window": 2},),
)


def make_matrix(*, seed: int, k: int, more: int, whole: int, low: int) -> dict[str, Any]:
    """Make a symmetric matrix, (V, V) with V = k + more, whose singular values are each 1.5 times the next.

    So the first k directions are far from the others, and every sound method finds the same.

    Args:
        seed: of everything random.
        k: how many dimensions to keep.
        more: how many words there are beyond k.
        whole: 1 for whole numbers, as counts are.
        low: 1 for a matrix of rank k, which k dimensions lose nothing of.
    """
    rng = np.random.default_rng(seed)
    size = k + more
    singular = 40 * 1.5 ** -np.arange(float(size))
    if low:
        singular[k:] = 0
    # Eigenvalues of either sign, as counts have them: the largest are not always the first singular values.
    values = singular * np.where(np.arange(size) % 2 == rng.integers(2), -1, 1)
    vectors, _ = np.linalg.qr(rng.standard_normal((size, size)))
    matrix: Array = (vectors * values) @ vectors.T
    matrix = (matrix + matrix.T) / 2
    return {"M": np.rint(1000 * matrix).astype(np.int64) if whole else matrix, "k": k, "seed": seed}


MATRIX_SIZES = {"k": (1, 5), "more": (1, 4), "whole": (0, 1), "low": (0, 0)}
MATRIX_WORDS = "V = {k} + {more} words, k = {k}"

MATRICES = Cases(
    make_matrix,
    MATRIX_SIZES,
    MATRIX_WORDS,
    ({"k": 2, "more": 4}, {"k": 3, "more": 3, "whole": 1}, {"k": 6, "more": 1}, {"k": 3, "more": 27}),
)
LOW_RANK = Cases(
    make_matrix, {**MATRIX_SIZES, "whole": (0, 0), "low": (1, 1)}, MATRIX_WORDS + ", rank {k}", ({"k": 3, "more": 4},)
)
TWO_DIMENSIONS = Cases(make_matrix, {**MATRIX_SIZES, "k": (2, 2), "more": (2, 5)}, MATRIX_WORDS, drawn=1)


def make_points(*, seed: int, asked: int, more: int) -> dict[str, Any]:
    """Make points for asked + more words, at least half a unit apart, and choose the words to draw."""
    rng = np.random.default_rng(seed)
    count = asked + more
    names = (*TOKENS, *WORDS)
    words = [names[i] for i in rng.permutation(len(names))[:count]]
    side = count + 1
    cells = rng.choice(side * side, size=count, replace=False)
    points = np.stack([cells // side - count / 2, cells % side - count / 2], axis=1)
    points += rng.uniform(-0.25, 0.25, points.shape)
    return {
        "M_reduced": points,
        "word2ind": {word: index for index, word in enumerate(words)},
        "chosen": [words[i] for i in rng.permutation(count)[:asked]],
    }


POINTS = Cases(
    make_points,
    {"asked": (1, 8), "more": (0, 6)},
    "{asked} words to draw, of {asked} + {more}",
    ({"asked": 1, "more": 3}, {"asked": 5, "more": 4}, {"asked": 3}),
)


def make_vectors(*, seed: int, words: int, size: int, k: int) -> dict[str, Any]:
    """Make word vectors of different lengths, and questions to them.

    Args:
        seed: of everything random.
        words: how many words have vectors.
        size: numbers of each vector.
        k: how many answers are asked for.
    """
    rng = np.random.default_rng(seed)
    names = [f"w{i}" for i in rng.permutation(words)]
    lengths = rng.uniform(0.3, 3, size=(words, 1))
    vectors = rng.standard_normal((words, size))
    vectors *= lengths / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = [names[i] for i in rng.permutation(words)]
    cut = 1 + int(rng.integers(words - 1))
    return {
        "names": names,
        "vectors": vectors.astype(np.float32),
        "k": k,
        "a": order[0],
        "b": order[1],
        "c": order[2],
        "one": order[:cut][:3],
        "other": order[cut:][:2],
        "wanted": [names[i] for i in rng.permutation(words)[: 1 + int(rng.integers(words))]],
        "unknown": ["unheard", "unseen"],
        "seed": seed,
    }


VECTOR_SIZES = {"words": (5, 10), "size": (3, 6), "k": (1, 3)}
VECTOR_WORDS = "{words} words with vectors of {size} numbers, k = {k}"
VECTORS = Cases(
    make_vectors, VECTOR_SIZES, VECTOR_WORDS, ({"words": 12, "size": 4, "k": 3}, {"words": 7, "size": 9, "k": 1})
)


def make_pairs(*, seed: int, pairs: int, size: int) -> dict[str, Any]:
    """Make pairs of vectors in float64, of different lengths, at all angles."""
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.2, 5, size=(2, pairs, 1))
    us, vs = rng.standard_normal((2, pairs, size)) * lengths
    return {"us": us, "vs": vs, "seed": seed}


PAIRS = Cases(make_pairs, {"pairs": (3, 6), "size": (2, 6)}, "vectors of {size} numbers", ({"pairs": 5, "size": 4},))
