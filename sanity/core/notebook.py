"""The cells of an .ipynb, or of the .py file that it was saved as, without what Python cannot run: magics, shell lines.

Outputs saved in a notebook are never looked at.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import decode_source
from pathlib import Path
from typing import Any

MAX_BYTES = 10_000_000
"""A notebook with its plots is rarely above a megabyte or two."""
MAX_MAGICS = 100
"""In one cell: the cell is parsed again for each."""

MARK = re.compile(r"# ?%%|# In ?\[[ \d]*\]:")
"""The start of a cell in a .py file: as editors and jupytext write it, or as nbconvert does."""
MAGIC = re.compile(r"\s*([%!?]|(pip3?|conda) |[\w.]+\?\??\s*$|[\w, ]+=\s*[%!])")
"""A line that IPython takes and Python does not. Only asked of lines at which Python stopped reading."""
CELL_MAGIC = re.compile(r"\s*%%(?!(time|timeit|capture|prun)\b)\w+")
"""The start of a cell in another language; those excepted run Python."""


class NotebookError(ValueError):
    """A file is not a notebook; the message is one line."""


@dataclass(frozen=True)
class Cell:
    """Some lines of code."""

    name: str
    """What tracebacks call it: the path of a .py file; "PATH, cell 3" for the third cell with code of a notebook."""
    text: str
    """As long as all lines of a .py file before its end, so that line numbers are those of the file."""


def read_cells(path: Path) -> list[Cell]:
    """Return the cells with code of a notebook, format 3 or 4, or of a .py file.

    Raise NotebookError, or SyntaxError for a .py file that is not text.
    """
    with path.open("rb") as file:
        return cells_of(path, file.read(MAX_BYTES + 1))


def cells_of(path: Path, content: bytes) -> list[Cell]:
    """Return the cells with code of a file with this content; raise as `read_cells` does."""
    if len(content) > MAX_BYTES:
        raise NotebookError(f"{path.name} has more than {MAX_BYTES:,} bytes: clear its outputs and save it again")
    if path.suffix == ".py":
        return list(_cells_of_python(path, _decoded(path, content)))
    try:
        notebook = json.loads(content)
    except RecursionError:
        raise NotebookError(f"{path.name} is not a notebook: its JSON nests too deeply") from None
    except Exception as error:  # not Unicode, not JSON, or whatever else bytes may do to a parser
        raise NotebookError(f"{path.name} is not a notebook: not valid JSON: {error}") from None
    sources = [source for source in _sources(path.name, notebook) if source is not None]
    return [Cell(f"{path}, cell {number}", source) for number, source in enumerate(sources, start=1)]


def _decoded(path: Path, content: bytes) -> str:
    """Return the text of a .py file; raise SyntaxError, in which Python may not name the file, if it is none."""
    try:
        if b"\0" not in content:
            return decode_source(content)
        problem = "null bytes"
    except Exception as error:  # an encoding may be declared that is none of text, such as rot13
        problem = f"the codec can't decode it: {error}"
    raise SyntaxError(problem, (str(path), 1, 0, ""))


def _cells_of_python(path: Path, text: str) -> Iterator[Cell]:
    lines = text.split("\n")
    marks = [number for number, line in enumerate(lines) if MARK.match(line)]
    for start, end in zip([0, *marks], [*marks, len(lines)], strict=True):
        yield Cell(str(path), "\n" * start + "\n".join(lines[start:end]))


def _sources(name: str, notebook: Any) -> Iterator[str | None]:
    """Return the code of each cell of a notebook, None for text; raise NotebookError if its form is another."""
    if not isinstance(notebook, dict):
        raise NotebookError(f"{name} is not a notebook: it holds {type(notebook).__name__}, expected an object")
    sheets = notebook.get("worksheets", [notebook])  # format 3 had worksheets
    for sheet in sheets if isinstance(sheets, list) else [None]:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(cells, list):
            raise NotebookError(f"{name} is not a notebook: it has no list of cells")
        for number, cell in enumerate(cells, start=1):
            if not isinstance(cell, dict):
                raise NotebookError(f"{name} is not a notebook: item {number} of its cells is not a cell")
            if cell.get("cell_type") != "code":
                yield None
                continue
            source = cell.get("source", cell.get("input"))  # `input` in format 3
            parts = [source] if isinstance(source, str) else source
            if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
                raise NotebookError(f"{name} is not a notebook: the source of item {number} of its cells is not text")
            yield "".join(parts)


def parse(cell: Cell, note: Callable[[int, str], None]) -> ast.Module:
    """Return the syntax of a cell without magics, each of which is noted with its line; raise SyntaxError."""
    lines = cell.text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if CELL_MAGIC.match(lines[first]):
        note(first + 1, f"skipped the cell, which is not Python: {lines[first].strip()}")
        return ast.Module([], [])
    for _ in range(MAX_MAGICS):
        try:
            return ast.parse("\n".join(lines), cell.name)
        except SyntaxError as error:
            index = (error.lineno or 0) - 1
            if not (0 <= index < len(lines) and MAGIC.match(lines[index])):
                raise
        note(index + 1, f"skipped {lines[index].strip()}")
        _blank(lines, index)
    raise SyntaxError(f"more than {MAX_MAGICS} magics", (cell.name, 1, 0, ""))


def _blank(lines: list[str], index: int) -> None:
    """Replace a magic, and the lines that it goes on in, by a statement that does nothing in its place."""
    nothing = lines[index][: len(lines[index]) - len(lines[index].lstrip())] + "pass"
    goes_on = True
    while goes_on and index < len(lines):
        goes_on = lines[index].rstrip().endswith("\\")
        lines[index] = nothing
        index += 1
