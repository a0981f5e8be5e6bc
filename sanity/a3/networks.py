"""Cases of question 2e: embeddings, weights and features."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Cases


def make_network(*, seed: int, V: int, E: int, F: int, H: int, C: int, B: int) -> dict[str, Any]:
    """Make embeddings, weights and features, some of which are in a row twice. About half of the hidden units are on.

    All sizes differ, so that each parameter is known by its shape.
    """
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(np.float32)

    features = rng.integers(V, size=(B, F))
    features[:, -1] = features[:, 0]
    return {
        "embeddings": normal(V, E),
        "W": normal(F * E, H) / np.float32(np.sqrt(F * E)),
        "b": normal(H) / 2,
        "U": normal(H, C),
        "c": normal(C),
        "features": features,
        "p": 0.25,
        "stand_in": False,
        "seed": seed,
    }


SIZES = {"V": (14, 17), "E": (4, 6), "F": (5, 6), "H": (9, 12), "C": (3, 3), "B": (2, 4)}
WORDS = "V = {V}, E = {E}, F = {F}, H = {H}, C = {C}, B = {B}"
NETWORKS = Cases(
    make_network,
    SIZES,
    WORDS,
    ({"V": 18, "E": 7, "F": 6, "H": 11, "C": 2, "B": 4}, {"V": 15, "E": 5, "F": 7, "H": 13, "C": 4, "B": 3}),
    drawn=2,
)
"""Networks of any sizes."""
ONE = Cases(make_network, SIZES, WORDS, ({"V": 18, "E": 7, "F": 6, "H": 11, "C": 3, "B": 4},), drawn=1)
"""Fewer of the same, for what one case shows."""
SINGLE = Cases(make_network, {**SIZES, "B": (1, 1)}, WORDS, drawn=1)
"""A minibatch of one partial parse."""
LARGE = Cases(
    make_network,
    {"V": (20, 20), "E": (10, 10), "F": (9, 9), "H": (50, 60), "C": (3, 3), "B": (2, 2)},
    WORDS,
    drawn=1,
)
"""Networks with weights enough to see how they are distributed."""
