"""Cases of questions 2b to 2e: counts of words."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Cases


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
    ({"V": 7, "size": 1000}, {"V": 4, "size": 38}),
)
"""Counts of words."""
