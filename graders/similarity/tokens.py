"""Source code without what a copy changes first: names, comments, strings and space, as copydetect filters it.

copydetect's `filter_code` gives the same text. Ours also gives the place of each character in the source: copydetect's
offsets are wrong after the name of a class, and after line ends of Windows, so that other lines would be marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pygments.lexers.python import PythonLexer
    from pygments.token import _TokenType

_STRING = "S"
_AS_WRITTEN = "as written"


@dataclass(frozen=True, eq=False)
class Filtered:
    """A text as it is compared."""

    text: str
    """V for a variable, F for a function, O for a class, S for a string; keywords, operators and numbers as written."""
    starts: NDArray[np.int32]
    """For each character of `text`, the index in the source at which what it stands for begins."""
    ends: NDArray[np.int32]
    """And the index after its end."""


def filter_source(source: str) -> Filtered:
    """Return Python code as it is compared. Code that is no valid Python is filtered, too: nothing is parsed or run.

    >>> filter_source("def area(width):  # of a square\\n    return width ** 2").text
    'defF(V):returnV**2'
    """
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for index, kind, value in _lexer().get_tokens_unprocessed(source):
        part = _symbol(kind)
        if part == _STRING:
            part = '"' if value in ("'", '"') else _STRING
        elif part == _AS_WRITTEN:
            part = value
        elif not part:
            continue
        parts.append(part)
        if len(part) == len(value):
            starts.extend(range(index, index + len(value)))
            ends.extend(range(index + 1, index + len(value) + 1))
        else:
            starts.append(index)
            ends.append(index + len(value))
    return Filtered("".join(parts), np.array(starts, dtype=np.int32), np.array(ends, dtype=np.int32))


@cache
def _symbol(kind: _TokenType) -> str:
    """Return what stands for tokens of a kind; "" if they do not count."""
    from pygments.token import Comment, Literal, Name, Text

    if kind in (Name, Name.Variable, Name.Attribute):
        return "V"
    if kind is Comment.Preproc or kind is Comment.Hashbang:
        return "P"
    if kind in Text or kind in Comment:
        return ""
    symbols = {Name.Function: "F", Name.Class: "O", Literal.String: _STRING}
    return next((symbol for above, symbol in symbols.items() if kind in above), _AS_WRITTEN)


@cache
def _lexer() -> PythonLexer:
    from pygments.lexers.python import PythonLexer

    return PythonLexer()
