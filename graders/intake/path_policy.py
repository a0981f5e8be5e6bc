"""Which names a submission may hold: the rules that folders and archives share, before anything is read."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote


class IntakeError(ValueError):
    """This submission cannot be read. One line, for staff to act on: never a silent zero."""


@dataclass(frozen=True)
class Limits:
    """How much a submission may hold. Honest work stays far below each number."""

    file_bytes: int = 1_000_000
    """One source file. A long one has 50 kB; compiling a megabyte already takes seconds."""
    notebook_bytes: int = 10_000_000
    """One notebook, with the plots that its outputs hold."""
    total_bytes: int = 20_000_000
    """All files taken, so that a class of them can wait in memory."""
    archive_bytes: int = 100_000_000
    """An archive as handed in, held in memory while it is read: a trained model packed by mistake fits."""
    ratio: int = 200
    """Bytes unpacked for a byte of the archive. Source code gives about 4, a bomb close to deflate's 1,032."""
    members: int = 1_000
    """Files and folders, junk not counted. Ten are usual; a checkout with its data has a few hundred."""
    records: int = 20_000
    """Entries in an archive's directory, junk counted: parsing takes about a kilobyte of memory for each."""
    depth: int = 20
    """Folders inside folders, far from Python's recursion limit and the system's longest path."""
    name_chars: int = 200
    """One file or folder name. File systems end at 255 bytes."""

    def bytes_of(self, name: str) -> int:
        """Return how many bytes the file called name may have."""
        return self.notebook_bytes if name.endswith(".ipynb") else self.file_bytes


LIMITS = Limits()

# Left by systems, editors and tools. Matched in lower case against every part of a path.
_JUNK = re.compile(
    "|".join(
        fnmatch.translate(pattern)
        for pattern in (
            *("__macosx", "._*", ".ds_store", "thumbs.db", "desktop.ini"),
            *("__pycache__", "*.pyc", "*.pyo", "venv", ".venv", ".tox", ".*_cache", ".hypothesis"),
            *(".ipynb_checkpoints", ".git", ".svn", ".hg", ".idea", ".vscode", "*~", ".*.swp"),
        )
    )
)
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])( *\..*)?", re.IGNORECASE | re.DOTALL)


def shown(text: str, keep: str = "/", most: int = 100) -> str:
    """Return text fit for one line of a report: at most `most` printable characters, different for different text.

    Control characters, %, backslashes and slashes (unless in keep) become %XX.
    """
    escaped = "".join(
        char
        if char in keep or (char.isprintable() and char not in "%/\\")
        else quote(char, safe="", errors="surrogatepass")
        for char in text
    )
    if len(escaped) <= most:
        return escaped
    mark = hashlib.sha256(escaped.encode()).hexdigest()[:8]
    return f"{escaped[: most - len(mark) - 1]}~{mark}"


def listed(names: Iterable[str], most: int = 3) -> str:
    """Return names in one line, fit to show: "a, b, c and 4 more"."""
    names = sorted(names)
    line = ", ".join(map(shown, names[:most]))
    return f"{line} and {len(names) - most} more" if len(names) > most else line


def same_name(path: str) -> str:
    """Return what two paths share if some file system takes them for one: case and Unicode form folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def is_junk(path: str) -> bool:
    """Return whether some part of path was left by a system or a tool and is no part of the work."""
    return any(_JUNK.match(part.lower()) for part in path.split("/"))


def validate_paths(paths: Iterable[str], limits: Limits) -> tuple[str, ...]:
    """Return the files among paths, sorted and without junk.

    paths are relative and separated by slashes; a folder ends in one. Nothing is repaired: raises IntakeError
    for a path that leaves the submission or is too long or deep, for two of the same name, for too many.
    """
    seen: dict[str, str] = {}
    for path in paths:
        _refuse_unsafe(path)
        if is_junk(path.removesuffix("/")):
            continue
        _refuse_unportable(path, limits)
        key = same_name(path.removesuffix("/"))
        if key in seen:
            raise IntakeError(_twins(seen[key], path))
        seen[key] = path
        if len(seen) > limits.members:
            raise IntakeError(f"holds more than {limits.members:,} files and folders; hand in only the files asked for")
    return tuple(sorted(path for path in seen.values() if not path.endswith("/")))


def _refuse_unsafe(path: str) -> None:
    """Raise IntakeError if path could name something outside the submission."""
    parts = path.removesuffix("/").split("/")
    if path.startswith("/") or re.match("[A-Za-z]:", path):
        problem = "is an absolute path"
    elif ".." in parts:
        problem = "leads out of the submission"
    elif "\\" in path:
        problem = "has a backslash in its name"
    elif "\0" in path:
        problem = "has a NUL character in its name"
    elif "" in parts or "." in parts:
        problem = "has an empty part in its path"
    else:
        return
    raise IntakeError(f"{shown(path)} {problem}; pack the files again from their own folder")


def _refuse_unportable(path: str, limits: Limits) -> None:
    """Raise IntakeError if path is too deep, or some system could not store it under this name."""
    parts = path.removesuffix("/").split("/")
    if len(parts) > limits.depth:
        raise IntakeError(f"{shown(path)} lies more than {limits.depth} folders deep; hand in a flat folder")
    for part in parts:
        if len(part) > limits.name_chars:
            problem = f"is longer than {limits.name_chars} characters"
        elif _WINDOWS_DEVICE.fullmatch(part):
            problem = "is reserved by Windows"
        elif part.endswith((".", " ")):
            problem = "ends in a dot or a space"
        else:
            continue
        raise IntakeError(f"the name {shown(part)} {problem}; rename it and hand in again")


def _twins(first: str, second: str) -> str:
    if first == second:
        return f"holds {shown(first)} twice; hand in one"
    return f"{shown(first)} and {shown(second)} are one name on some systems; hand in one"
