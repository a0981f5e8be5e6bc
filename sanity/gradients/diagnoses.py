"""Diagnosis of wrong gradients: each is compared with what well-known mistakes make of the right one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.core.explain import explain

Array = NDArray[np.float64]

# A mistake reproduces the wrong numbers up to the error of measuring; by chance nothing comes as near.
RTOL = 1e-4
SCALE = 1e-6
"""Of the largest entry: what counts as zero."""

MAX_FACTOR = 20
"""Whole factors up to this are named; others are likelier to be a coincidence."""


def explain_gradient(
    name: str,
    claimed: Array,
    right: Array,
    axes: str,
    *,
    words: Sequence[str] = (),
    rows: Sequence[int] = (),
    others: Mapping[str, Any] | None = None,
) -> str:
    """Return the diagnosis of the first mistake that turns right into claimed, or "" if none does.

    Args:
        name: what the diagnosis calls the gradient, such as "the gradient of W".
        claimed: the wrong gradient.
        right: the right one, finite.
        axes: the names of right's axes, separated by spaces.
        words: the word of each row (axis 0).
        rows: the rows that the loss looked up, in order, with repeats.
        others: the right gradients with respect to the other arguments, by name.

    >>> right = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> explain_gradient("the gradient of W", -right, right, "word D")
    'the gradient of W has the wrong sign'
    >>> explain_gradient("the gradient of W", right * [[1], [0]], right, "word D", words=["a", "cat"])
    'nothing was added to row 1 ("cat") of the gradient of W'
    """
    for other, gradient in (others or {}).items():
        if _equal(claimed, np.asarray(gradient)):
            return f"{name} is that of {other}"
    if _equal(claimed, right.T):
        return f"{name} is transposed"
    if claimed.shape != right.shape:
        return explain(name, claimed, right, axes, {})
    wrong = ~_near(claimed, right)
    for diagnosis, holds in _mistakes(name, claimed, right, wrong, words, rows):
        if holds:
            return diagnosis
    return explain(name, claimed, right, axes, {})


def blame(values_right: bool, gradients_right: bool) -> str:
    """Return which of two sides that disagree is wrong, a function's values or their gradients; "" if unclear."""
    if values_right and not gradients_right:
        return "the values are right: the mistake is in the gradients"
    if gradients_right and not values_right:
        return "the gradients are right: the mistake is in the values whose slope they should be"
    return ""


def row_text(row: int, words: Sequence[str]) -> str:
    """Spell a row with its word, if it has one.

    >>> row_text(1, ["a", "cat"])
    'row 1 ("cat")'
    """
    return f'row {row} ("{words[row]}")' if row < len(words) else f"row {row}"


def _mistakes(
    name: str, claimed: Array, right: Array, wrong: NDArray[np.bool_], words: Sequence[str], rows: Sequence[int]
) -> Iterator[tuple[str, bool]]:
    """Mistakes that keep the shape, surest first: the diagnosis of each, and whether it fits."""
    bad = np.flatnonzero(wrong.reshape(len(right), -1).any(axis=1)).tolist() if right.ndim else []
    where = ", ".join(row_text(row, words) for row in bad)
    times = np.array([list(rows).count(row) for row in bad])
    repeated = bool(bad) and bool((times > 1).all())
    again = f"repeated rows must be added each time, but `grad[rows] += …` adds them once: see {where}"
    # Where a row is drawn k times, and each time for the same reason, only 1/k of it is there.
    yield again, repeated and _equal((claimed[bad].T * times).T, right[bad])
    yield f"{name} is zero everywhere: was it computed, and returned in this place?", not claimed.any()
    yield from _multiples(name, "is", "has", claimed, right)
    if 0 < len(bad) < len(right):
        yield f"nothing was added to {where} of {name}", not claimed[bad].any()
        be, have = ("is", "has") if len(bad) == 1 else ("are", "have")
        yield from _multiples(f"only {where} of {name}", be, have, claimed[bad], right[bad])
    yield again, repeated


def _multiples(subject: str, be: str, have: str, claimed: Array, right: Array) -> Iterator[tuple[str, bool]]:
    """Mistakes that multiply: by -1, or by another factor."""
    yield f"{subject} {have} the wrong sign", _equal(claimed, -right)
    big = np.abs(right) > SCALE * np.abs(right).max(initial=0)
    if big.sum() < 2:
        return  # one number is a multiple of any other
    ratio = float(np.median(claimed[big] / right[big]))
    if ratio == 0 or not _equal(claimed, ratio * right):
        return
    turned = f" and {have} the wrong sign" if ratio < 0 else ""
    times, part = round(abs(ratio)), round(1 / abs(ratio))
    if 2 <= times <= MAX_FACTOR and np.isclose(abs(ratio), times, RTOL):
        yield f"{subject} {be} {times} times too large{turned}: is something added or multiplied twice?", True
    if 2 <= part <= MAX_FACTOR and np.isclose(abs(ratio), 1 / part, RTOL):
        yield f"{subject} {be} {part} times too small{turned}: is a factor of {part} missing?", True
    yield f"{subject} {be} off by a constant factor{turned}: is a factor missing?", True


def _equal(got: Array, mistaken: Array) -> bool:
    return got.shape == mistaken.shape and bool(_near(got, mistaken).all())


def _near(got: Array, want: Array) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = np.isclose(got, want, RTOL, SCALE * float(np.abs(want).max(initial=0)))
    return near
