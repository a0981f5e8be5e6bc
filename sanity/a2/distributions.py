"""Cases of questions 2g and 2h: distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Cases


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
ROUNDING = 1e-9
"""What rounding may do to a sum of a few logarithms."""
