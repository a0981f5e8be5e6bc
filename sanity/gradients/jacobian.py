"""Derivatives of arrays by arrays, by central differences: for functions that are smooth, and small arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sanity.core.compare import Array

STEP = 1e-5
"""Central differences err by step² times the third derivative, here about 1, and by rounding / step: 1e-11 or so."""


def numeric_jacobian(f: Callable[[Array], Array], x: Array) -> Array:
    """Return the derivative of f at x by central differences; its shape is that of f(x) followed by that of x.

    >>> numeric_jacobian(lambda x: x[:2] * x[2], np.array([1.0, 2.0, 3.0])).round(6)
    array([[3., 0., 1.],
           [0., 3., 2.]])
    """
    columns = []
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = STEP
        columns.append((f(x + step) - f(x - step)) / (2 * STEP))
    slopes = np.stack(columns, axis=-1)
    return slopes.reshape(slopes.shape[:-1] + x.shape)
