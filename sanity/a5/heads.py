"""What a head does with queries, keys and values, for the constructions of part 2: these are judged by it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.compare import Array, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers

SLACK, FLOOR = 1e-3, 1e-6
"""What rounding may add to a bound: of the bound, and at all. Answers in single precision need it."""


def orthonormal(rng: np.random.Generator, count: int, d: int) -> Array:
    """Draw vectors of length one that are orthogonal to each other, one a row, (count, d).

    By Gram and Schmidt: the signs of a library's QR are its own, and cases should be the same everywhere.
    """
    rows = np.zeros((0, d))
    while len(rows) < count:
        new = rng.standard_normal(d)
        for _ in range(2):  # the second time takes away what rounding has left
            new = new - rows.T @ (rows @ new)
        if np.linalg.norm(new) > 0.1:  # else too much of it is rounding
            rows = np.vstack([rows, new / np.linalg.norm(new)])
    return rows


def softmax_rows(scores: Array) -> Array:
    """Return the softmax over the last axis."""
    odds = np.exp(scores - scores.max(-1)[..., None])
    total: Array = odds.sum(-1)[..., None]
    return np.asarray(odds / total)


def finite(answers: Answers, name: str, axes: str, like: Any) -> Array:
    """Return an output as an array; raise CheckFailed unless it has the shape of like and is finite."""
    found = shaped(answers, name, axes, np.asarray(like)).astype(np.float64)
    if not np.isfinite(found).all():
        raise CheckFailed(f"{name} is not finite: it holds NaN or infinity", output=name)
    return found


def beyond(found: float, allowed: float) -> bool:
    """Return whether an error is larger than a bound, rounding aside."""
    return found > allowed * (1 + SLACK) + FLOOR
