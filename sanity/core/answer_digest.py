"""Digests of wrong answers: equal for submissions that made the same mistake, so that one comment fits them all.

Two programs with one mistake differ in the last bits of their numbers. So an array counts by its shape, its kind and a
few sums, to three digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

_OFF_TIES = 1 + 2.718e-5
"""Numbers are multiplied by this: round ones, such as 1.125, would lie where rounding goes one way or the other."""
_NOISE = 1e-6
"""What is smaller is zero, but for rounding."""


def answer_digest(answers: Sequence[Any]) -> str:
    """Return 12 hexadecimal digits for plain values, as `values.plain` makes them.

    >>> answer_digest([np.float32([1, 2])]) == answer_digest([np.float32([1, 2.0000002])])
    True
    >>> answer_digest([np.float32([1, 2])]) == answer_digest([np.float32([2, 1])])
    False
    """
    return sha256(json.dumps([_sketch(value) for value in answers]).encode()).hexdigest()[:12]


def _sketch(value: Any) -> Any:
    """Return what counts of a value, as JSON."""
    if isinstance(value, np.ndarray):
        return [value.dtype.kind, list(value.shape), _sums(value.astype(np.float64).ravel())]
    if isinstance(value, float):
        return _rounded(value)
    if isinstance(value, Mapping):
        return {key: _sketch(part) for key, part in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_sketch(part) for part in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _sums(values: NDArray[np.float64]) -> list[str]:
    """Return sums of all numbers relative to the largest: plain, by place, absolute; and where some are not finite."""
    finite, places = np.isfinite(values), np.arange(values.size)
    kept = np.where(finite, values, 0.0)
    scale = float(np.abs(kept).max(initial=0.0))
    parts = kept / scale if scale > _NOISE else np.zeros_like(kept)
    sums = [parts.sum(), (parts * np.cos(places)).sum(), np.abs(parts).sum(), (~finite * (places + 1)).sum()]
    spread = max(values.size, 1) ** 0.5
    return [_rounded(scale), *(f"{round(float(total) / spread * _OFF_TIES, 3) + 0.0:.3f}" for total in sums)]


def _rounded(value: float) -> str:
    return "0" if abs(value) < _NOISE else f"{value * _OFF_TIES:.3g}"
