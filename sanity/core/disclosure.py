"""What messages may say of an exception: its kind, its file and its line.

All three are the submission's to choose: compile() and code.replace() take any file and line, and a class may be raised
that says something. On a hidden case they could say what the case holds. So a file is only named if it is the
submission's, a line only if the file has it, and on hidden cases the kind is one of a few, and one of several helper
modules is "a module of yours".
"""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path

from sanity.core.notebook import cells_of

KINDS = frozenset(
    [
        *("AssertionError", "AttributeError", "EOFError", "FileNotFoundError", "ImportError", "IndentationError"),
        *("IndexError", "KeyError", "KeyboardInterrupt", "MemoryError", "ModuleNotFoundError", "NameError"),
        *("NotImplementedError", "OSError", "OverflowError", "PermissionError", "RecursionError", "RuntimeError"),
        *("StopIteration", "SyntaxError", "SystemExit", "TabError", "TypeError", "UnboundLocalError", "UnicodeError"),
        *("ValueError", "ZeroDivisionError"),
    ]
)
"""The kinds of exceptions that a message on a hidden case may name; any other is the one of them that it is a kind of.

They are what honest mistakes raise. Python has about seventy."""
MAX_LINE = 9_999
"""Later lines are not named. No honest file is half as long; a megabyte of them could number half a million inputs."""


def kind_text(type_name: str, hidden: bool) -> str:
    """Name the kind of an exception.

    >>> kind_text("ValueError", True), kind_text("BlockingIOError", True), kind_text("BlockingIOError", False)
    ('ValueError', 'OSError', 'BlockingIOError')
    >>> kind_text("GivesFullMarks", False), kind_text("UserWarning", True)
    ('an exception', 'an exception')
    """
    found = getattr(builtins, type_name, None)
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        return "an exception"
    names = (kind.__name__ for kind in found.__mro__)
    return next((name for name in names if not hidden or name in KINDS), "an exception")


def place_text(place: str, line: int, files: Mapping[str, bytes], named: Collection[str] | None = None) -> str:
    """Spell where something was raised, as far as it is in the submission; "" if it is not.

    Args:
        place: a file, or a cell as in "words.ipynb, cell 3".
        line: the number of a line there.
        files: the submission's files, contents by name.
        named: the files that may be named; None for all of them. If there is only one other, it may be named, too.

    >>> place_text("utils.py", 2, {"utils.py": b"a\\nb"}), place_text("utils.py", 424242004, {"utils.py": b"a\\nb"})
    ('utils.py, line 2', 'utils.py')
    >>> place_text("b.py", 1, {"a.py": b"", "b.py": b"", "utils.py": b""}, named=["utils.py"])
    'a module of yours, line 1'
    """
    file, cell = _parts(place)
    if file not in files:
        return ""
    source = source_of(place, files)
    said = f"{file}, cell {cell}" if cell and source is not None else file
    if named is not None and file not in named and len(files.keys() - set(named)) > 1:
        said = "a module of yours"
    return f"{said}, line {line}" if source is not None and 0 < line <= min(source.count("\n") + 1, MAX_LINE) else said


def source_of(place: str, files: Mapping[str, bytes]) -> str | None:
    """Return the text of a file of the submission, or of the cell of a notebook, that a place names; None for another.

    A file that cannot be read has none.
    """
    file, cell = _parts(place)
    if file not in files:
        return None
    if file.endswith(".ipynb"):
        texts = _cell_texts(file, files[file])
        return texts[cell - 1] if 0 < cell <= len(texts) else None
    return None if cell else files[file].decode(errors="replace")


@lru_cache(4)
def _cell_texts(file: str, content: bytes) -> tuple[str, ...]:
    try:
        return tuple(cell.text for cell in cells_of(Path(file), content))
    except Exception:  # whatever is wrong with a submission's bytes: it is not this message that says so
        return ()


def _parts(place: str) -> tuple[str, int]:
    """Return the file of a place, and the number of its cell or 0.

    >>> _parts("words.ipynb, cell 3"), _parts("utils.py"), _parts("utils.py, cell 03")
    (('words.ipynb', 3), ('utils.py', 0), ('utils.py, cell 03', 0))
    """
    file, _, cell = place.partition(", cell ")
    number = int(cell) if cell.isdecimal() and len(cell) < 6 else 0
    return (file, number) if cell == str(number) else (place, 0)
