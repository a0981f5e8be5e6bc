"""Naming what is wrong with a gradient: it is compared with what well-known slips make of the right one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.core.explain import explain

Array = NDArray[np.float64]

# A slip reproduces the wrong numbers up to the error of measuring; by chance nothing comes as near.
RTOL = 1e-4
SCALE = 1e-6
"""Of the largest entry: what counts as zero."""

MAX_FACTOR = 20
"""Whole factors up to this are named; others are likelier to be a coincidence."""


def explain_gradient(
    claimed: Array,
    right: Array,
    axes: str,
    *,
    words: Sequence[str] = (),
    rows: Sequence[int] = (),
    others: Mapping[str, Any] | None = None,
) -> str:
    """Return the sentence of the first slip that turns right into claimed, or "" if none does.

    Args:
        claimed: the wrong gradient.
        right: the right one, finite.
        axes: the names of right's axes, separated by spaces.
        words: what the rows (axis 0) stand for.
        rows: the rows that the loss looked up, in order, with repeats.
        others: the right gradients with respect to the other arguments, by name.
    """
    for name, other in (others or {}).items():
        if _equal(claimed, np.asarray(other)):
            return f"this is the gradient with respect to {name}"
    if _equal(claimed, right.T):
        return "it is transposed"
    if claimed.shape != right.shape:
        return explain(claimed, right, axes, {})
    wrong = ~_near(claimed, right)
    for sentence, holds in _slips(claimed, right, wrong, words, rows):
        if holds:
            return sentence
    return explain(claimed, right, axes, {})


def blame(values_right: bool, gradients_right: bool) -> str:
    """Return which of two sides that disagree is the wrong one: a function's values, or their gradients."""
    if values_right and not gradients_right:
        return "the values are right: the mistake is in the gradients"
    if gradients_right and not values_right:
        return "the gradients are right: the mistake is in the values whose slope they should be"
    return ""


def row_text(row: int, words: Sequence[str]) -> str:
    """Spell a row with its word, `row 3 ("cat")`."""
    return f'row {row} ("{words[row]}")' if row < len(words) else f"row {row}"


def _slips(
    claimed: Array, right: Array, wrong: NDArray[np.bool_], words: Sequence[str], rows: Sequence[int]
) -> Iterator[tuple[str, bool]]:
    """Slips that keep the shape, surest first; each with whether it is what happened."""
    bad = np.flatnonzero(wrong.reshape(len(right), -1).any(axis=1)).tolist() if right.ndim else []
    names = ", ".join(row_text(row, words) for row in bad)
    times = np.array([list(rows).count(row) for row in bad])
    repeated = bool(bad) and bool((times > 1).all())
    again = f"each repeat must be added, but `grad[rows] += …` adds a row once: see {names}"
    # Where a row is drawn k times, and each time for the same reason, only 1/k of it is there.
    yield again, repeated and _equal((claimed[bad].T * times).T, right[bad])
    yield "it is zero everywhere: was it computed, and returned in this place?", not claimed.any()
    yield from _multiples("it is", claimed, right)
    if 0 < len(bad) < len(right):
        yield f"nothing was added in {names}", not claimed[bad].any()
        yield from _multiples(f"only {names} {'is' if len(bad) == 1 else 'are'} wrong:", claimed[bad], right[bad])
    yield again, repeated


def _multiples(start: str, claimed: Array, right: Array) -> Iterator[tuple[str, bool]]:
    """Slips that multiply: by -1, or by another factor."""
    yield f"{start} of the wrong sign", _equal(claimed, -right)
    big = np.abs(right) > SCALE * np.abs(right).max(initial=0)
    if big.sum() < 2:
        return  # one number is a multiple of any other
    ratio = float(np.median(claimed[big] / right[big]))
    if ratio == 0 or not _equal(claimed, ratio * right):
        return
    turned = " and of the wrong sign" if ratio < 0 else ""
    times, part = round(abs(ratio)), round(1 / abs(ratio))
    if 2 <= times <= MAX_FACTOR and np.isclose(abs(ratio), times, RTOL):
        yield f"{start} {times} times too large{turned}: is something added or multiplied twice?", True
    if 2 <= part <= MAX_FACTOR and np.isclose(abs(ratio), 1 / part, RTOL):
        yield f"{start} {part} times too small{turned}: is a factor of {part} missing?", True
    yield f"{start} off by a constant factor{turned}: is a factor missing?", True


def _equal(got: Array, slipped: Array) -> bool:
    return got.shape == slipped.shape and bool(_near(got, slipped).all())


def _near(got: Array, want: Array) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = np.isclose(got, want, RTOL, SCALE * float(np.abs(want).max(initial=0)))
    return near
