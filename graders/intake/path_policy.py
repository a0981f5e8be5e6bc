"""Which names a submission may hold: the rules that folders and archives share, before anything is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sanity.core.errors import UserError
from sanity.core.file_names import is_junk, same_name, shown


class IntakeError(UserError):
    """This submission cannot be read. One line, for staff to act on: never a silent zero."""


@dataclass(frozen=True)
class IntakeLimits:
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


LIMITS = IntakeLimits()

_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])( *\..*)?", re.IGNORECASE | re.DOTALL)


def validate_paths(paths: Iterable[str], limits: IntakeLimits) -> tuple[str, ...]:
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


def _refuse_unportable(path: str, limits: IntakeLimits) -> None:
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
