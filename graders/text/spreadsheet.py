"""Text in spreadsheet cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


# What makes a spreadsheet take a cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def escape_formula(text: str) -> str:
    """Return a cell's text so that no spreadsheet runs it as a formula: with an apostrophe before it if need be."""
    return f"'{text}" if text.startswith(_FORMULA) else text
