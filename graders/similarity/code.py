"""The code of a submission as text, whatever its bytes are. Nothing is parsed as Python, and nothing is run."""

from __future__ import annotations

import codecs
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sanity.core.manifest import WRITTEN
from sanity.core.notebook import NotebookError, cells_of

MOST_CHARACTERS = 300_000
"""Of a submission. That of the largest assignment has 50,000; what follows is not compared, and a note says so."""


@dataclass(frozen=True)
class File:
    """A file, with lines that end in a newline."""

    name: str
    text: str


def code_of(files: Mapping[str, bytes]) -> tuple[tuple[File, ...], tuple[str, ...]]:
    """Return the code in a submission's files, sorted by name, and notes on what is not compared.

    Of a notebook these are its cells with code, each below a comment with its number.
    """
    found, notes, left = [], list[str](), MOST_CHARACTERS
    for name, content in sorted(files.items()):
        if name == WRITTEN:
            continue
        try:
            text = _cells(name, content) if name.endswith(".ipynb") else decoded(content)
        except NotebookError as error:
            notes.append(f"not compared: {error}")
            continue
        if len(text) > left:
            notes.append(f"{name}: only the first {left:,} of {len(text):,} characters are compared")
            text = text[:left]
        left -= len(text)
        found.append(File(name, text))
    return tuple(found), tuple(notes)


def decoded(content: bytes) -> str:
    r"""Return the text of a Python file, in the encoding that it declares; bytes that are none of it are replaced.

    >>> decoded(b"# coding: latin-1\r\nx = '\xe9'"), decoded(b"\xff\xfex\0"), decoded(b"\xef\xbb\xbf\x80")
    ("# coding: latin-1\nx = 'é'", 'x', '�')
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = importlib.util.decode_source(content)
        except Exception:  # the declared encoding may be anything, such as rot13, and its codec may raise anything
            text = content.decode("utf-8-sig", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _cells(name: str, content: bytes) -> str:
    cells = cells_of(Path(name), content)
    parts = (f"# Cell {number}\n{cell.text.rstrip()}\n" for number, cell in enumerate(cells, start=1))
    return decoded("\n".join(parts).encode("utf-8", "replace"))
