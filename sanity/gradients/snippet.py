"""Counterexamples as scripts: cases are rounded as far as they still fail, and values spelt as Python."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sanity.core.case import Case

DIGITS = (1, 2, 4)
"""Decimals to round a counterexample to, fewest first; if it then holds, it is shown with full precision."""


def simplest(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Return the case with its arrays rounded as much as it still fails, or as it is."""
    for digits in DIGITS:
        rounded = case.having(**{name: _rounded(value, digits) for name, value in case.values.items()})
        if fails(rounded):
            return rounded
    return case


def _rounded(value: Any, digits: int) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and not _is_distribution(value):
        return np.round(value, digits) + 0.0  # -0.0 becomes 0.0
    if isinstance(value, Mapping):
        return {key: _rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item, digits) for item in value]
    return value


def _is_distribution(array: np.ndarray[Any, Any]) -> bool:
    """Return whether an array sums to one, as it would not once rounded; right answers may count on that."""
    return array.ndim == 1 and bool(np.isclose(array.sum(), 1) and (array >= 0).all())


def assign(name: str, value: Any, wrap: str = "") -> str:
    """Spell `name = value`, or `name = wrap(value)`, as a line of Python."""
    start = f"{name} = {wrap}({{}})" if wrap else f"{name} = {{}}"
    return start.format(literal(value, start.index("{"))) + "\n"


def literal(value: Any, column: int = 0) -> str:
    """Spell a plain value as Python source that gives the same value where numpy is np.

    Args:
        value: an array, number, string or None, or a list or dict of those.
        column: where the text will start, so that the rows of arrays are aligned.

    >>> literal([1, np.array([0.5, 2.0], np.float32)])
    "[1, np.array([0.5, 2. ], dtype='float32')]"
    """
    if isinstance(value, np.ndarray):
        return _array(value, column)
    if isinstance(value, Mapping):
        keys = [f"    {key!r}: " for key in value]
        items = [key + literal(item, len(key)) for key, item in zip(keys, value.values(), strict=True)]
        return "{\n" + "".join(f"{item},\n" for item in items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item, column + 1) for item in value) + "]"
    return repr(value.item() if isinstance(value, np.generic) else value)


def _array(array: np.ndarray[Any, Any], column: int) -> str:
    if not array.size or array.dtype == bool:
        return f"np.array({array.tolist()}, dtype={array.dtype.name!r}).reshape({array.shape})"
    start = "np.array("
    text = np.array2string(array, separator=", ", threshold=sys.maxsize, floatmode="unique", max_line_width=100)
    text = text.replace("\n\n", "\n").replace("\n", "\n" + " " * (column + len(start)))
    dtype = "" if array.dtype in (np.float64, np.int64) else f", dtype={array.dtype.name!r}"
    return f"{start}{text}{dtype})"
