"""Where questions 1b, 1d and 1e run on the softmax of 1a: a right one takes its place if it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sanity.core.compare import Array

NAME = "softmax"
FAR = np.array([[1000.0, 1001.5, 999.0], [-1000.0, -998.0, -1000.5]])
"""Scores for which a softmax that overflows, or whose rows are not alone, is wrong."""


def stand_in(x: Any, axis: int = -1) -> Array:
    """Return the softmax of x along an axis, by the logarithm of the sum."""
    x = np.asarray(x, dtype=np.float64)
    return np.asarray(np.exp(x - np.logaddexp.reduce(x, axis=axis, keepdims=True)))


@contextmanager
def softmax_stands_in(module: Any) -> Iterator[None]:
    """Let a right softmax take the place of the module's within a block, if that is wrong or not there."""
    before = getattr(module, NAME, None)
    if _is_right(before):
        yield
        return
    setattr(module, NAME, stand_in)
    try:
        yield
    finally:
        if before is None:
            delattr(module, NAME)
        else:
            setattr(module, NAME, before)


def _is_right(softmax: Callable[..., Any] | None) -> bool:
    """Return whether a softmax is right along the axes that other questions use."""
    if softmax is None:
        return False
    with np.errstate(all="ignore"):
        try:
            rows, columns, one = softmax(FAR.copy()), softmax(FAR.copy(), axis=0), softmax(FAR[0].copy())
            return (
                np.allclose(rows, stand_in(FAR))
                and np.allclose(columns, stand_in(FAR, 0))
                and np.allclose(one, stand_in(FAR[0]))
            )
        except Exception:  # whatever it raises, or returns instead of numbers, belongs to question 1a
            return False
