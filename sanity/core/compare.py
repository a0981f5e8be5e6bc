"""Comparing an output with the right one: type, shape, NaN and values, in that order."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.core.difference import difference
from sanity.core.errors import CheckFailed
from sanity.core.explain import axis_names, explain
from sanity.core.values import NOT_A_TENSOR, Unsupported, describe, size_text, sizes_text

Array = NDArray[Any]

# Correct float32 solutions differ by the order of their sums: up to about 1e-6 of the largest term here, where
# sums have under a hundred terms of size one. A wrong formula differs by far more than a thousandth of that size.
RTOL_32, ATOL_32 = 1e-4, 2e-5
# Where both sides computed in float64 only rounding at 1e-15 remains.
RTOL_64, ATOL_64 = 1e-8, 1e-9

NOT_FINITE = "a softmax over nothing but minus infinity gives NaN, and so does zero times infinity"
"""The hint where an output is not finite."""


def same(
    got: Mapping[str, Any], want: Mapping[str, Any], axes: Mapping[str, str], *, only: tuple[str, ...] = ()
) -> None:
    """Raise CheckFailed at the first output that differs.

    Args:
        got: the submission's outputs by name.
        want: the right ones, arrays.
        axes: the names of each output's axes, such as `{"enc_hiddens": "b src_len 2h"}`.
        only: the outputs to compare; all of axes if empty.
    """
    for name in only or axes:
        same_array(name, got[name], want[name], axes[name], others={k: v for k, v in want.items() if k != name})


def same_array(name: str, got: Any, want: Any, axes: str, *, others: Mapping[str, Any] | None = None) -> None:
    """Raise CheckFailed, with the diagnosis if one fits, unless got is an array equal to want within tolerance.

    Args:
        name: the output's name, for messages.
        got: the submission's output.
        want: the right one.
        axes: the names of want's axes, see `explain`; or several of them, as "n m|n|", for want with two, one or none.
        others: the other right outputs of the same call, by name.
    """
    want = np.asarray(want)
    axes = next((names for names in axes.split("|") if len(names.split()) == want.ndim), axes)
    got = as_array(name, got, want)
    if got.shape != want.shape:
        raise CheckFailed(
            f"{name} has shape {shape_text(got, axes)}, expected {shape_text(want, axes)}",
            diagnosis=explain(name, got, want, axes, others or {}),
            output=name,
        )
    wrong = ~close(got, want)
    differs = difference(name, got, want, wrong, axis_names(axes)) if wrong.any() else None
    if np.isnan(got).any():
        said = f"{name} holds {int(np.isnan(got).sum())} NaN, the first at {index_text(np.isnan(got), axes)}"
        raise CheckFailed(said, hint=NOT_FINITE, output=name, difference=differs)
    if wrong.any():
        said = f"{int(wrong.sum())} of {wrong.size} values are wrong, the first at {index_text(wrong, axes)}"
        raise CheckFailed(
            f"{name} has the right shape {shape_text(want, axes)} but {said}" if want.ndim else f"{name} is wrong",
            diagnosis=explain(name, got, want, axes, others or {}),
            detail=values_text(got, want, wrong),
            output=name,
            difference=differs,
        )


def as_array(name: str, got: Any, want: Array) -> Array:
    """Return got as an array of the kind of want, or raise CheckFailed saying what it is instead."""
    if isinstance(got, list) and any(isinstance(item, np.ndarray) and item.ndim for item in got):
        said = f"{name} is a list of {size_text(len(got))} arrays, expected one array"
        hint = "torch.stack() makes one tensor of a list of tensors, np.stack() one array of a list of arrays"
        raise CheckFailed(said, hint=hint, output=name)
    array = got
    if isinstance(got, list | bool | int | float):
        with suppress(ValueError):  # lists of unequal lengths are no array
            array = np.asarray(got)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        forgotten = ": did you forget `return`?" if got is None else ""
        wanted = "a tensor" if isinstance(got, Unsupported) and got.type == NOT_A_TENSOR else "an array"
        raise CheckFailed(f"{name} is {describe(got)}, expected {wanted}{forgotten}", output=name)
    if want.dtype.kind == "f" and array.dtype.kind != "f":
        raise CheckFailed(f"{name} holds {array.dtype}, expected floating-point numbers", output=name)
    return array


def shaped(answers: Mapping[str, Any], name: str, axes: str, like: Array) -> Array:
    """Return an output as an array; raise CheckFailed unless it has the shape of like."""
    found = as_array(name, answers[name], like)
    if found.shape != like.shape:
        same_array(name, found, np.zeros_like(like), axes)
    return found


def number(answers: Mapping[str, Any], name: str) -> Array:
    """Return an output that is one number as an array of shape (); shape (1,) is accepted, too.

    >>> number({"loss": np.array([2.5])}, "loss")
    array(2.5)
    """
    array = as_array(name, answers[name], np.zeros((), np.int64))  # a sum over nothing may be the integer 0
    if array.shape not in ((), (1,)):
        diagnosis = f"{name} is not summed up to one number"
        raise CheckFailed(
            f"{name} has shape {sizes_text(array.shape)}, expected a number", diagnosis=diagnosis, output=name
        )
    return array.astype(np.float64).reshape(())


def same_number(got: Mapping[str, Any], want: Mapping[str, Any], name: str) -> None:
    """Raise CheckFailed, with the diagnosis if one fits, unless an output is the right number."""
    mine, right = number(got, name), number(want, name)
    if np.isnan(mine):
        raise CheckFailed(f"{name} is NaN", output=name)
    if not close(mine, right):
        values = "got {}, expected {}".format(*told_apart(mine, right))
        raise CheckFailed(f"{name} is wrong", diagnosis=explain(name, mine, right, "", {}), detail=values, output=name)


def equal(name: str, got: Any, want: Any, said: str, *, diagnosis: str = "", hint: str = "") -> None:
    """Raise CheckFailed with the message said unless two arrays that a property makes equal are equal."""
    want = np.asarray(want)
    try:
        same_array(name, got, want, " ".join(f"axis{i}" for i in range(want.ndim)))
    except CheckFailed as problem:
        raise CheckFailed(said, diagnosis=diagnosis, hint=hint, detail=problem.detail, output=name) from None


def close(got: Array, want: Array) -> NDArray[np.bool_]:
    """Return where two arrays of one shape agree; equal infinities agree, NaN never does."""
    double = got.dtype == np.float64 and want.dtype == np.float64
    rtol, atol = (RTOL_64, ATOL_64) if double else (RTOL_32, ATOL_32)
    got, want = got.astype(np.float64), want.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(got - want) <= atol + rtol * np.abs(want)
    agree: NDArray[np.bool_] = (near & np.isfinite(got) & np.isfinite(want)) | (got == want)
    return agree


def agrees(got: Any, want: Array) -> bool:
    """Return whether got is an array of want's shape and values."""
    return isinstance(got, np.ndarray) and got.shape == want.shape and bool(close(got, want).all())


def shape_text(array: Array, axes: str) -> str:
    """Spell a shape with its axes' names, if there are as many.

    >>> shape_text(np.zeros((2, 3)), "b src_len")
    '(b=2, src_len=3)'
    >>> shape_text(np.zeros((2, 3, 1)), "b src_len")
    '(2, 3, 1)'
    """
    names = axis_names(axes)
    if len(names) != array.ndim:
        return sizes_text(array.shape)
    return "(" + ", ".join(f"{name}={size_text(size)}" for name, size in zip(names, array.shape, strict=True)) + ")"


def index_text(mask: Array, axes: str) -> str:
    """Spell the index of the first true entry of mask, with the axes' names if there are as many.

    >>> index_text(np.array([[False, False], [False, True]]), "b src_len")
    '[b=1, src_len=1]'
    """
    index, names = np.argwhere(mask)[0].tolist(), axis_names(axes)
    if len(names) != mask.ndim:
        return str(index)
    return "[" + ", ".join(f"{name}={i}" for name, i in zip(names, index, strict=True)) + "]"


def values_text(got: Array, want: Array, wrong: Array) -> str:
    """Spell the first wrong value and the largest finite difference; wrong marks the wrong entries."""
    mine, right = got[wrong].astype(np.float64), want[wrong].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(mine - right)
    finite = difference[np.isfinite(difference)]
    largest = f"; largest difference {finite.max():.4g}" if finite.size else ""
    return "got {} there, expected {}".format(*told_apart(mine[0], right[0])) + largest


def told_apart(a: Any, b: Any) -> tuple[str, str]:
    """Spell two different numbers with as many digits as show the difference.

    >>> told_apart(0.5, 0.25)
    ('0.5', '0.25')
    >>> told_apart(0.00643016, 0.006430160004)
    ('0.00643016', '0.006430160004')
    """
    spelt = [(f"{a:.{digits}g}", f"{b:.{digits}g}") for digits in (6, 10, 17)]
    return next((both for both in spelt if both[0] != both[1]), spelt[-1])
