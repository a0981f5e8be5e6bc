"""Escapes text for spreadsheet cells."""

from __future__ import annotations

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")


def escape_formula(text: str) -> str:
    """Return a cell's text with a leading apostrophe if a spreadsheet would evaluate it as a formula.

    Text that begins with an apostrophe gets one more, so that `unescape_formula` gives every text back.

    >>> escape_formula("=1+1"), escape_formula("ada"), escape_formula("'ada")
    ("'=1+1", 'ada', "''ada")
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def unescape_formula(cell: str) -> str:
    """Return the text of a cell that `escape_formula` has written.

    >>> unescape_formula("'=1+1"), unescape_formula("''ada"), unescape_formula("'ada")
    ('=1+1', "'ada", "'ada")
    """
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell
