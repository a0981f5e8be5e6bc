"""Comparing a gradient with the right one: which entry is wrong, in which word's row, and the diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.core.compare import NOT_FINITE, as_array, index_text, shape_text, values_text
from sanity.core.errors import CheckFailed
from sanity.core.values import sizes_text
from sanity.gradients.diagnoses import explain_gradient, row_text
from sanity.gradients.numeric import ATOL, RTOL, numeric_gradient, numeric_slopes

MAX_ENTRIES = 500
"""Arguments of more entries are measured along a few directions; one would do, see `numeric_slopes`."""
DIRECTIONS = 3

LossAndGradients = Callable[[Mapping[str, Any]], tuple[Any, Mapping[str, Any]]]
"""Maps arguments by name to the loss and to claimed gradients by the same names."""


def same_gradient(
    name: str,
    claimed: Any,
    right: Any,
    axes: str,
    *,
    words: Sequence[str] = (),
    rows: Sequence[int] = (),
    others: Mapping[str, Any] | None = None,
    size: float = 1.0,
) -> None:
    """Raise CheckFailed, with the wrong entry and the diagnosis if one fits, unless a gradient is the right one.

    Args:
        name: the argument that the gradient is with respect to.
        claimed: the submission's gradient.
        right: the reference's, or a measured one: entries that are NaN, at kinks, are left out.
        axes: the names of right's axes, such as "word D".
        words: the word of each row (axis 0).
        rows: the rows that the loss looked up, in order, with repeats.
        others: the right gradients with respect to the other arguments, by name.
        size: of the loss, if that is larger than one: measuring errs in proportion.
    """
    said = f"the gradient of {name}"
    right = np.asarray(right, dtype=np.float64)
    claimed = as_array(said, claimed, right).astype(np.float64)
    known = {"words": words, "rows": rows, "others": others}
    if claimed.shape != right.shape:
        message = f"{said} has shape {shape_text(claimed, axes)}, expected {shape_text(right, axes)}"
        raise CheckFailed(message, diagnosis=_diagnosis_of(said, claimed, right, axes, **known))
    kinks = np.isnan(right)
    if kinks.all() and right.size:
        raise CheckFailed(f"{said} cannot be measured: the loss has a kink or jump in every entry")
    if not np.isfinite(claimed).all():
        where = index_text(~np.isfinite(claimed), axes)
        raise CheckFailed(f"{said} is not finite, first at {where}", hint=NOT_FINITE)
    # At kinks right is NaN, and no difference from NaN is larger than anything.
    wrong = np.abs(claimed - right) > ATOL * max(1.0, abs(size)) + RTOL * np.abs(right)
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0]) if right.ndim else 0
        place = f"{index_text(wrong, axes)}, in {row_text(row, words)}" if words else index_text(wrong, axes)
        left_out = f"; {int(kinks.sum())} left out, at kinks of the loss" if kinks.any() else ""
        raise CheckFailed(
            f"{said} is wrong in {int(wrong.sum())} of {right.size} entries, the first at {place}{left_out}",
            diagnosis=_diagnosis_of(said, claimed, np.where(kinks, claimed, right), axes, **known),
            detail=values_text(claimed, right, wrong),
        )


def _diagnosis_of(said: str, claimed: Any, right: Any, axes: str, **known: Any) -> str:
    with np.errstate(all="ignore"):
        return explain_gradient(said, claimed, right, axes, **known)


def true_gradients(
    loss_and_gradients: LossAndGradients,
    at: Mapping[str, NDArray[Any]],
    axes: Mapping[str, str],
    *,
    words: Sequence[str] = (),
    rows: Mapping[str, Sequence[int]] | None = None,
    seed: int = 0,
) -> None:
    """Raise CheckFailed unless claimed gradients are those measured from the loss: no reference is needed.

    Args:
        loss_and_gradients: see LossAndGradients; called about twice for each entry.
        at: the arguments to differentiate by, float64 arrays by name.
        axes: the names of each argument's axes.
        words: the word of each row of the arguments in rows.
        rows: the rows of some arguments that the loss looked up, in order, with repeats.
        seed: of the directions along which large arguments are measured.
    """
    loss, claimed = loss_and_gradients(at)
    if isinstance(loss, np.ndarray) and loss.dtype == np.float32:
        return  # computed in float32 whatever was given: maybe right, but too coarse to be measured
    size = abs(_number(loss))
    if not np.isfinite(size):
        raise CheckFailed("the loss is not finite", hint=NOT_FINITE)

    def along(name: str) -> Callable[[Any], float]:
        return lambda x: _number(loss_and_gradients({**at, name: x})[0])

    right = {name: numeric_gradient(along(name), x) for name, x in at.items() if x.size <= MAX_ENTRIES}
    for name, x in at.items():
        if name in right:
            others = {other: gradient for other, gradient in right.items() if other != name}
            used, said = ((), ()) if rows is None or name not in rows else (rows[name], words)
            same_gradient(name, claimed[name], right[name], axes[name], words=said, rows=used, others=others, size=size)
        else:
            _same_slopes(name, claimed[name], along(name), x, axes[name], size, seed)


def _same_slopes(
    name: str, claimed: Any, f: Callable[[Any], float], x: NDArray[Any], axes: str, size: float, seed: int
) -> None:
    """Raise CheckFailed unless a gradient has the slopes of f along random directions."""
    said = f"the gradient of {name}"
    claimed = as_array(said, claimed, np.zeros(0)).astype(np.float64)
    if claimed.shape != x.shape:
        message = f"{said} has shape {shape_text(claimed, axes)}, expected {shape_text(x, axes)}"
        raise CheckFailed(message)
    # Of unit length, so that the slopes are of the size of single entries however many there are.
    directions = np.random.default_rng(seed).standard_normal((DIRECTIONS, *x.shape)) / np.sqrt(x.size)
    along = (claimed * directions).reshape(DIRECTIONS, -1).sum(axis=1)
    try:
        same_gradient(name, along, numeric_slopes(f, x, directions), "direction", size=size)
    except CheckFailed as problem:
        raise CheckFailed(
            f"{said} is not the slope of the loss along random directions",
            diagnosis=problem.diagnosis,
            hint=problem.hint,
            detail=problem.detail,
        ) from None


def _number(loss: Any) -> float:
    """Return a loss as a number, whether it came as a float or in an array of one; raise CheckFailed otherwise."""
    array = as_array("the loss", loss, np.zeros(()))
    if array.size != 1:
        raise CheckFailed(f"the loss is an array of shape {sizes_text(array.shape)}, expected one number")
    return float(array.item())
