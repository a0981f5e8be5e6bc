"""Escapes text for spreadsheet cells, and takes it back."""

from __future__ import annotations

import re

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What may start a formula; some spreadsheets take the full-width signs, too."""


def escape_formula(text: str) -> str:
    """Return a cell's text with a leading apostrophe if a spreadsheet would evaluate it as a formula.

    Text that begins with an apostrophe gets one, too, so that `unescape_formula` returns any text as it was.

    >>> escape_formula("=1+1"), escape_formula("'ada"), escape_formula("ada")
    ("'=1+1", "''ada", 'ada')
    """
    return f"'{text}" if text.startswith(("'", *_FORMULA_STARTS)) else text


def unescape_formula(cell: str) -> str:
    """Return the text of a cell that `escape_formula` may have written.

    >>> unescape_formula("'=1+1"), unescape_formula("''ada"), unescape_formula("'ada")
    ('=1+1', "'ada", "'ada")
    """
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(("'", *_FORMULA_STARTS)) else cell


def defuse(cell: str) -> str:
    """Return a cell of another program's sheet, with a leading apostrophe if a spreadsheet would evaluate its text.

    Numbers stay, and so does a lone sign, which platforms write for nothing.

    >>> defuse("=1+1"), defuse("-1,5"), defuse("-")
    ("'=1+1", '-1,5', '-')
    """
    evaluated = cell.startswith(_FORMULA_STARTS) and not re.fullmatch(r"[+-]?[\d.,]*%?", cell)
    return f"'{cell}" if evaluated else cell
