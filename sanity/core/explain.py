"""Diagnosis by comparison: a wrong array is compared with what well-known mistakes make of the right one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# A mistake reproduces the wrong values up to rounding; looser tolerances would name mistakes by chance.
RTOL, ATOL = 1e-3, 1e-4

STEPS = ">"
"""At the end of an axis's name: along this axis a state is carried from entry to entry."""


def axis_names(axes: str) -> list[str]:
    """Return the names of axes, without marks.

    >>> axis_names("tgt_len> b h")
    ['tgt_len', 'b', 'h']
    """
    return [name.removesuffix(STEPS) for name in axes.split()]


def explain(name: str, got: Array, want: Array, axes: str, others: Mapping[str, Any]) -> str:
    """Return the diagnosis of the first mistake that turns want into got, or "" if none does.

    Args:
        name: the output's name, for the diagnosis.
        got: the wrong array.
        want: the right one.
        axes: the names of want's axes, separated by spaces. "2h" has two halves, "e+h" has parts, and "tgt_len>" is
            an axis along which a state is carried.
        others: the other right outputs of the same call, by name.

    >>> want = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> explain("h_0", want.T, want, "b h", {})
    'the axes of h_0 are in the order (h, b), not (b, h)'
    >>> explain("h_0", 2 * want, want, "b h", {})
    'h_0 is off by a constant factor'
    """
    if len(axes.split()) != want.ndim or want.size == 0:
        return ""
    got, want = got.astype(np.float64), want.astype(np.float64)
    if _equal(got, want):
        return "" if np.array_equal(got, want) else f"{name} is almost right: is it rounded, or in lower precision?"
    for other, values in others.items():
        if isinstance(values, np.ndarray) and values.any() and _equal(got, values):
            return f"{name} holds what {other} should be"
    families = _of_other_shape if got.shape != want.shape else _of_same_shape
    with np.errstate(all="ignore"):
        return next((diagnosis for diagnosis, holds in families(name, got, want, axes) if holds), "")


Candidate = tuple[str, bool]
"""A diagnosis, and whether it fits. They are made one after the other: the first that fits is returned."""


def _equal(got: Array, mistaken: Array) -> bool:
    return got.shape == mistaken.shape and bool(np.allclose(got, mistaken, RTOL, ATOL))


def _of_other_shape(name: str, got: Array, want: Array, axes: str) -> Iterator[Candidate]:
    """Mistakes that show in the shape."""
    names = axis_names(axes)
    for order in permutations(range(want.ndim)):
        if order != tuple(range(want.ndim)):
            mine, right = ", ".join(names[i] for i in order), ", ".join(names)
            yield f"the axes of {name} are in the order ({mine}), not ({right})", _equal(got, want.transpose(order))
    squeezed = [axis for axis, size in zip(names, want.shape, strict=True) if size == 1]
    if got.ndim < want.ndim:
        yield (
            f"{name} lost its axis {', '.join(squeezed)} of size one: give squeeze() the axis that it should remove",
            bool(squeezed) and got.shape == _without_ones(want.shape),
        )
    if got.ndim > want.ndim:
        said = f"{name} has an axis of size one too many: squeeze it away, by its number"
        yield said, _without_ones(got.shape) == _without_ones(want.shape)
    for axis, along in enumerate(names[:-1]):
        yield f"the axes {along} and {names[axis + 1]} of {name} are joined into one", _equal(got, _merged(want, axis))
    for axis, along in enumerate(names):
        for which, index in (("first", 0), ("last", -1)):
            said = f"{name} holds only the {which} entry along {along}"
            yield said, want.shape[axis] > 1 and _equal(got, want.take(index, axis))
        if got.ndim == want.ndim:
            yield f"{name} has one entry too few along {along}", got.shape == _resized(want.shape, axis, -1)
            yield f"{name} has one entry too many along {along}", got.shape == _resized(want.shape, axis, 1)


def _merged(array: Array, axis: int) -> Array:
    """Join an axis and the next one into one."""
    return array.reshape(*array.shape[:axis], -1, *array.shape[axis + 2 :])


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _resized(shape: tuple[int, ...], axis: int, by: int) -> tuple[int, ...]:
    return (*shape[:axis], shape[axis] + by, *shape[axis + 1 :])


def _of_same_shape(name: str, got: Array, want: Array, axes: str) -> Iterator[Candidate]:
    """Mistakes that keep the shape, surest first."""
    masked = np.isinf(want)
    hidden = masked if masked.any() else want == 0
    right = np.isclose(got, want, RTOL, ATOL)
    telling = np.abs(want) > 10 * ATOL  # minus zero is zero: only other numbers tell a sign, or that there is none
    yield f"{name} is zero everywhere", telling.sum() > 2 and bool((got == 0).all())
    if masked.any():
        yield (
            f"{name} is not masked: it should be minus infinity where the mask says so",
            bool(right[~masked].all() and np.isfinite(got[masked]).all()),
        )
        yield (
            f"the mask of {name} is inverted: it is minus infinity where it should not be, and only there",
            bool(np.isinf(got[~masked]).all() and np.isfinite(got[masked]).all()),
        )
    if hidden.any() and (~hidden).sum() > 1:
        where = "minus infinity" if masked.any() else "zero"
        yield f"{name} is wrong only where it should be {where}", bool(right[~hidden].all())
    yield f"the sign of {name} is flipped", bool(telling.any()) and _equal(got, -want)
    yield from _along_axes(name, got, want, axes)
    yield f"a tanh is missing in {name}", _equal(np.tanh(got), want)
    yield f"{name} went through tanh twice", _equal(got, np.tanh(want))
    yield f"{name} is off by a constant factor", _proportional(got, want)
    yield f"{name} is off by a constant", want.size > 2 and bool(np.ptp(got - want) < ATOL)
    yield (
        f"{name} has the right numbers in the wrong places: a view or reshape stands where a permute is needed",
        _equal(np.sort(got, axis=None), np.sort(want, axis=None)),
    )


def _along_axes(name: str, got: Array, want: Array, axes: str) -> Iterator[Candidate]:
    """Mistakes along one axis: halves, direction, shifts, steps, repeats."""
    for axis, along in enumerate(axis_names(axes)):
        size = want.shape[axis]
        if size < 2:
            continue
        if size % 2 == 0:
            said = f"the two halves of {name} along {along} are swapped"
            yield said, _equal(got, np.roll(want, size // 2, axis))
        if "+" in along:
            said = f"the parts {along} of {name} are joined in another order"
            yield said, any(_equal(got, np.roll(want, by, axis)) for by in range(1, size))
        yield f"{name} runs backwards along {along}", _equal(got, np.flip(want, axis))
        for by in (1, -1):
            moved = _inner(want, axis, -by)
            varied = bool(np.ptp(moved) > ATOL)  # zeros, moved by one, are zeros still
            yield f"{name} is off by one along {along}", varied and _equal(_inner(got, axis, by), moved)
        if axes.split()[axis].endswith(STEPS):
            wrong = np.array([not _equal(got.take(i, axis), want.take(i, axis)) for i in range(size)])
            first = int(wrong.argmax())
            said = f"{name} goes wrong at {along}={first} and stays wrong: is everything carried from step to step?"
            yield said, first > 0 and bool(wrong[first:].all())
        yield (
            f"{name} is the same for every {along}",
            bool(got.any() and np.ptp(got, axis=axis).max() < ATOL < np.ptp(want, axis=axis).max()),
        )


def _inner(array: Array, axis: int, by: int) -> Array:
    """Drop the first (by = 1) or last (by = -1) entry along axis."""
    return array.take(range(1, array.shape[axis]) if by == 1 else range(array.shape[axis] - 1), axis)


def _proportional(got: Array, want: Array) -> bool:
    """Return whether got = k want for a k other than 0 and 1, over at least three values that are not tiny."""
    big = np.abs(want) > 10 * ATOL
    if big.sum() < 3 or not np.isfinite(want).all():
        return False
    ratio = float(np.median(got[big] / want[big]))
    return abs(ratio) > ATOL and abs(ratio - 1) > RTOL and _equal(got, ratio * want)
