"""Escapes text for spreadsheet cells."""

from __future__ import annotations

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_formula(text: str) -> str:
    """Return a cell's text with a leading apostrophe if a spreadsheet would evaluate it as a formula.

    >>> escape_formula("=1+1"), escape_formula("ada")
    ("'=1+1", 'ada')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
