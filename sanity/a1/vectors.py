"""Cases of questions 2.1 and 2.4 to 2.6: word vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases


def make_vectors(*, seed: int, words: int, size: int, k: int, single: int) -> dict[str, Any]:
    """Make word vectors of different lengths, and questions to them.

    Args:
        seed: of everything random.
        words: how many words have vectors.
        size: numbers of each vector.
        k: how many answers are asked for.
        single: 1 if one word is wanted, and groups are of one word.
    """
    rng = np.random.default_rng(seed)
    names = [f"w{i}" for i in rng.permutation(words)]
    lengths = rng.uniform(0.3, 3, size=(words, 1))
    vectors = rng.standard_normal((words, size))
    vectors *= lengths / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = [names[i] for i in rng.permutation(words)]
    cut = 1 if single else 2 + int(rng.integers(words - 3))
    return {
        "names": names,
        "vectors": vectors.astype(np.float32),
        "k": k,
        "a": order[0],
        "b": order[1],
        "c": order[2],
        "one": order[:cut][:3],
        "other": order[cut:][: 1 if single else 2],
        "wanted": [names[i] for i in rng.permutation(words)[: 1 if single else 2 + int(rng.integers(words - 1))]],
        "unknown": ["unheard", "unseen"],
        "seed": seed,
    }


VECTOR_SIZES = {"words": (5, 10), "size": (3, 6), "k": (2, 3), "single": (0, 0)}
VECTOR_WORDS = "{words} words with vectors of {size} numbers, k = {k}"
VECTORS = Cases(make_vectors, VECTOR_SIZES, VECTOR_WORDS, ({"words": 12, "size": 4, "k": 3}, {"words": 7, "size": 9}))
SINGLE = Cases(
    make_vectors,
    {**VECTOR_SIZES, "k": (1, 1), "single": (1, 1)},
    VECTOR_WORDS + ", one word asked for",
    ({"words": 6},),
    drawn=1,
)
"""Questions to word vectors with one word, or for one."""


# Similarities of float32 vectors, summed in any order, differ by less; wrong ones by more.
NEAR = 2e-5


def keyed(case: Case) -> Any:
    """Return the case's word vectors, as gensim has them."""
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(case.vectors.shape[1])
    vectors.add_vectors(list(case.names), case.vectors.copy())
    return vectors


def with_other_lengths(case: Case) -> Case:
    """Return the case with vectors of the same directions and other lengths."""
    factors = np.random.default_rng(case.seed).uniform(0.2, 5, size=(len(case.vectors), 1))
    return case.having(vectors=(case.vectors * factors).astype(np.float32))
