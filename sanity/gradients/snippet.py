"""Counterexamples as scripts: cases rounded where they fail all the same, and values spelt as Python."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sanity.case import Case

DIGITS = (1, 2, 4)
"""Decimals to try, the fewest first, before a counterexample is shown with all that its numbers have."""

CUT = "# " + "-" * 78


def simplest(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Return the case with its arrays rounded as much as it still fails, or as it is."""
    for digits in DIGITS:
        rounded = case.having(**{name: _rounded(value, digits) for name, value in case.values.items()})
        if fails(rounded):
            return rounded
    return case


def _rounded(value: Any, digits: int) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.round(value, digits) + 0.0  # -0.0 becomes 0.0
    if isinstance(value, Mapping):
        return {key: _rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item, digits) for item in value]
    return value


def literal(value: Any, indent: int = 0) -> str:
    """Spell a plain value as Python source that gives the same value where numpy is np.

    Args:
        value: an array, number, string or None, or a list or dict of those.
        indent: the column at which the text will stand, for the lines after the first.
    """
    if isinstance(value, np.ndarray):
        return _array(value, indent)
    if isinstance(value, Mapping):
        start = " " * (indent + 4)
        items = [f"{start}{key!r}: {literal(item, indent + 4)},\n" for key, item in value.items()]
        return "{\n" + "".join(items) + " " * indent + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(item, indent) for item in value) + "]"
    return repr(value.item() if isinstance(value, np.generic) else value)


def _array(array: np.ndarray[Any, Any], indent: int) -> str:
    if not array.size or array.dtype == bool:
        return f"np.array({array.tolist()}, dtype={array.dtype.name!r}).reshape({array.shape})"
    start = "np.array("
    text = np.array2string(
        array, separator=", ", threshold=sys.maxsize, floatmode="unique", max_line_width=100, prefix=" " * (indent + 9)
    )
    dtype = "" if array.dtype in (np.float64, np.int64) else f", dtype={array.dtype.name!r}"
    return f"{start}{text}{dtype})"
