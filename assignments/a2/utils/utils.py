"""Small helpers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def normalizeRows(x: Array) -> Array:
    """Return x, (N, D), with every row scaled to length one; rows of zeros stay zero."""
    length = np.sqrt((x**2).sum(axis=1, keepdims=True))
    return x / np.where(length == 0, 1, length)


def softmax(x: Array) -> Array:
    """Return softmax along the last axis of x, (V,) or (N, V): the exponentials, scaled to sum to one."""
    # The largest number is taken off first, which changes nothing but keeps exp() from overflowing.
    unscaled = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return unscaled / np.sum(unscaled, axis=-1, keepdims=True)
