"""Naming the slip: wrong values are compared with what well-known mistakes would have given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Slips reproduce the wrong values up to rounding; anything looser would name slips by chance.
RTOL, ATOL = 1e-3, 1e-4


def explain(got: Array, want: Array, axes: str, others: Mapping[str, Any]) -> str:
    """Return the sentence of the first slip that turns want into got, or "" if none does.

    Args:
        got: the wrong array.
        want: the right one.
        axes: the names of want's axes, separated by spaces.
        others: the other right outputs of the same call, by name.
    """
    names = axes.split()
    if len(names) != want.ndim or want.size == 0:
        return ""
    got, want = got.astype(np.float64), want.astype(np.float64)
    if _equal(got, want):
        return "" if np.array_equal(got, want) else "it is almost right: is it rounded, or in lower precision?"
    for name, other in others.items():
        if isinstance(other, np.ndarray) and other.any() and _equal(got, other):
            return f"this is what {name} should be"
    families = _of_other_shape if got.shape != want.shape else _of_same_shape
    with np.errstate(all="ignore"):
        return next((sentence for sentence, holds in families(got, want, names) if holds), "")


Slip = tuple[str, bool]
"""A sentence, and whether it is what happened. Made one after the other: the first that holds is said."""


def _equal(got: Array, slipped: Array) -> bool:
    return got.shape == slipped.shape and bool(np.allclose(got, slipped, RTOL, ATOL))


def _of_other_shape(got: Array, want: Array, names: list[str]) -> Iterator[Slip]:
    """Slips that show in the shape."""
    for order in permutations(range(want.ndim)):
        if order != tuple(range(want.ndim)):
            said = f"the axes are in the order ({', '.join(names[i] for i in order)}), not ({', '.join(names)})"
            yield said, _equal(got, want.transpose(order))
    squeezed = [name for name, size in zip(names, want.shape, strict=True) if size == 1]
    if got.ndim < want.ndim:
        yield (
            f"the axis {', '.join(squeezed)} of size one was squeezed away; name the axis that squeeze() removes",
            bool(squeezed) and got.shape == _without_ones(want.shape),
        )
    if got.ndim > want.ndim:
        said = "there is an axis of size one too many: squeeze it away, by its number"
        yield said, _without_ones(got.shape) == _without_ones(want.shape)
    for axis, name in enumerate(names[:-1]):
        yield f"{name} and {names[axis + 1]} are joined into one axis", _equal(got, _merged(want, axis))
    for axis, name in enumerate(names):
        for which, index in (("first", 0), ("last", -1)):
            said = f"it is only the {which} of {name}"
            yield said, want.shape[axis] > 1 and _equal(got, want.take(index, axis))
        if got.ndim == want.ndim:
            yield (
                f"one too few along {name}",
                got.shape == _resized(want.shape, axis, -1),
            )
            yield (
                f"one too many along {name}",
                got.shape == _resized(want.shape, axis, 1),
            )


def _merged(array: Array, axis: int) -> Array:
    """Join an axis and the next one into one."""
    return array.reshape(*array.shape[:axis], -1, *array.shape[axis + 2 :])


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _resized(shape: tuple[int, ...], axis: int, by: int) -> tuple[int, ...]:
    return (*shape[:axis], shape[axis] + by, *shape[axis + 1 :])


def _of_same_shape(got: Array, want: Array, names: list[str]) -> Iterator[Slip]:
    """Slips that keep the shape, surest first."""
    masked = np.isinf(want)
    padding = masked if masked.any() else want == 0
    right = np.isclose(got, want, RTOL, ATOL)
    yield "it is zero everywhere", bool((got == 0).all())
    if masked.any():
        yield (
            "the padding is not masked: it should be minus infinity there",
            bool(right[~masked].all() and np.isfinite(got[masked]).all()),
        )
        yield (
            "the mask is upside down: words are masked and padding is not",
            bool(np.isinf(got[~masked]).all() and np.isfinite(got[masked]).all()),
        )
    if padding.any() and not padding.all():
        where = "the padding" if masked.any() else "what should be zero"
        yield f"only {where} is wrong", bool(right[~padding].all())
    yield "the sign is flipped", _equal(got, -want)
    yield from _along_axes(got, want, names)
    yield "tanh is missing", _equal(np.tanh(got), want)
    yield "tanh was taken twice", _equal(got, np.tanh(want))
    yield "it is off by a constant factor", _proportional(got, want)
    yield "it is off by a constant", want.size > 2 and bool(np.ptp(got - want) < ATOL)
    yield (
        "the right numbers in the wrong places: a view or reshape where a permute or transpose was needed",
        _equal(np.sort(got, axis=None), np.sort(want, axis=None)),
    )


def _along_axes(got: Array, want: Array, names: list[str]) -> Iterator[Slip]:
    """Slips along one axis: halves, direction, shifts, steps, repeats."""
    for axis, name in enumerate(names):
        size = want.shape[axis]
        if size < 2:
            continue
        if size % 2 == 0:
            said = f"the two halves of {name} are swapped"
            yield said, _equal(got, np.roll(want, size // 2, axis))
        if "+" in name:
            said = f"the parts of {name} are joined in another order"
            yield said, any(_equal(got, np.roll(want, by, axis)) for by in range(1, size))
        yield f"{name} runs backwards", _equal(got, np.flip(want, axis))
        for by in (1, -1):
            moved = _inner(want, axis, -by)
            varied = bool(np.ptp(moved) > ATOL)  # zeros, moved by one, are zeros still
            yield f"it is off by one along {name}", varied and _equal(_inner(got, axis, by), moved)
        if name_is_step(name):
            wrong = np.array([not _equal(got.take(i, axis), want.take(i, axis)) for i in range(size)])
            first = int(wrong.argmax())
            said = f"it goes wrong at {name}={first} and stays wrong: is everything carried from step to step?"
            yield said, first > 0 and bool(wrong[first:].all())
        yield (
            f"it is the same for every {name}",
            bool(np.ptp(got, axis=axis).max() < ATOL < np.ptp(want, axis=axis).max()),
        )


def name_is_step(name: str) -> bool:
    """Return whether an axis counts steps in time, along which a state is carried."""
    return name.startswith("tgt_len")


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
