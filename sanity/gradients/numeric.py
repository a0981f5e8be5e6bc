"""Numeric gradients in float64, by central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Any], Any]
"""A function of one array of floats, returning one number, maybe as an array with a single entry."""

EPS = float(np.finfo(np.float64).eps)

# A central difference errs by step² · |f'''| / 6 and, through rounding, by about EPS · |f| / step. If f and its third
# derivative are of one size, the sum is least near EPS^(1/3) = 6e-6, where either is about 1e-11 of that size.
STEP = EPS ** (1 / 3)

# So a right gradient of a loss of size one differs from the measured one by less than 1e-9, and still by less than
# 1e-6 of it if the loss bends ten thousand times as much. A mistake changes an entry by a good part of its size.
RTOL, ATOL = 1e-5, 1e-7

# Where f bends smoothly, the slopes ahead and behind differ by step · |f''|: a gap beyond GAP of them is looked at
# again with a tenth of the step. Smooth gaps shrink to a tenth; at a kink the gap stays, beside one it vanishes.
# Rounding may make a gap too, of some EPS · |f| / step: those below a thousand times that are let pass.
GAP, ROUNDING = 1e-3, 1e4 * EPS
SMOOTH = (0.03, 0.3)


def numeric_gradient(f: Function, x: Any) -> Array:
    """Measure the gradient of f at x, entry by entry, with central differences.

    Args:
        f: called 2·size + 1 times, with float64 arrays of x's shape, which it may change.
        x: an array or number. Integers are taken as floats.

    Returns:
        An array of x's shape; NaN where f has a kink or jump within a step of x, or is not finite.

    Raises:
        ValueError: f does not return one number.

    >>> numeric_gradient(lambda x: (x**2).sum(), [1.0, 2.0]).round(6)
    array([2., 4.])
    >>> numeric_gradient(lambda x: np.abs(x).sum(), [0.0, 2.0]).round(6)
    array([nan,  1.])
    """
    x = np.asarray(x, dtype=np.float64)
    middle = _value(f, x)
    slopes = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        direction = np.zeros(x.shape)
        direction[index] = 1
        slopes[index] = _slope(f, x, direction, middle)
    return slopes


def numeric_slopes(f: Function, x: Any, directions: Any) -> Array:
    """Measure the slope of f at x along each direction, with which a gradient too large to measure must agree.

    A wrong gradient has the right slope along a random direction with probability zero.

    Args:
        f: called 2n + 1 times.
        x: an array.
        directions: (n, *x.shape).

    Returns:
        The slopes, (n,); NaN as in `numeric_gradient`.

    Raises:
        ValueError: f does not return one number.
    """
    x = np.asarray(x, dtype=np.float64)
    middle = _value(f, x)
    return np.array([_slope(f, x, np.asarray(direction, dtype=np.float64), middle) for direction in directions])


def _slope(f: Function, x: Array, direction: Array, middle: float) -> float:
    """Return the slope of f at x along a direction, where f(x) is middle; NaN at a kink."""
    moving = direction != 0
    if not moving.any():
        return 0.0
    step = STEP * max(1.0, float(np.abs(x[moving]).max())) / float(np.abs(direction).max())
    ahead, behind = _sides(f, x, direction, middle, step)
    gap = abs(ahead - behind)
    if not np.isfinite(gap):
        return np.nan
    if gap > GAP * (abs(ahead) + abs(behind)) + ROUNDING * max(1.0, abs(middle)) / step:
        closer = np.subtract(*_sides(f, x, direction, middle, step / 10))
        if not SMOOTH[0] * gap < abs(closer) < SMOOTH[1] * gap:
            return np.nan
    return (ahead + behind) / 2


def _sides(f: Function, x: Array, direction: Array, middle: float, step: float) -> tuple[float, float]:
    """Return the slopes from x one step ahead, and from one step behind to x."""
    ahead, behind = _value(f, x + step * direction), _value(f, x - step * direction)
    return (ahead - middle) / step, (middle - behind) / step


def _value(f: Function, x: Array) -> float:
    answer = np.asarray(f(x.copy()))
    if answer.size != 1 or answer.dtype.kind not in "fiu":
        raise ValueError(f"f returned {answer.dtype} of shape {answer.shape}, expected one real number")
    return float(answer.item())
