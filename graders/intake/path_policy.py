"""The rules for the paths in a submission, folder or archive; applied before any file is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sanity.core.errors import UserError
from sanity.core.file_names import is_junk, same_name, shown
from sanity.core.selection import MAX_SOURCE_BYTES


class IntakeError(UserError):
    """This submission cannot be read. The message is one line for staff, who must act: never a silent zero."""


@dataclass(frozen=True)
class IntakeLimits:
    """Size limits of a submission. Honest work stays far below each of them."""

    file_bytes: int = MAX_SOURCE_BYTES
    """One source file."""
    notebook_bytes: int = 10_000_000
    """One notebook, including the plots in its outputs."""
    total_bytes: int = 20_000_000
    """All files of a submission, so that a class fits into memory."""
    archive_bytes: int = 100_000_000
    """An archive, which is read into memory. One with a trained model, packed by mistake, fits."""
    ratio: int = 200
    """Unpacked bytes per byte of the archive. Source code has about 4, a zip bomb close to deflate's 1,032."""
    members: int = 1_000
    """Files and folders, without junk. Ten are usual; a checkout with data has a few hundred."""
    records: int = 20_000
    """Entries in an archive's directory, including junk: each takes about a kilobyte of memory."""
    depth: int = 20
    """Nested folders; far below Python's recursion limit and the system's longest path."""
    name_chars: int = 200
    """Characters in one file or folder name. File systems allow 255 bytes."""

    def bytes_of(self, name: str) -> int:
        """Return the size limit, in bytes, of the file with this name.

        >>> LIMITS.bytes_of("a1.ipynb"), LIMITS.bytes_of("utils.py")
        (10000000, 1000000)
        """
        return self.notebook_bytes if name.endswith(".ipynb") else self.file_bytes


LIMITS = IntakeLimits()

_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])( *\..*)?", re.IGNORECASE | re.DOTALL)


def validate_paths(paths: Iterable[str], limits: IntakeLimits) -> tuple[str, ...]:
    """Return the files among paths, sorted and without junk.

    Paths are relative, with slashes; that of a folder ends in a slash. Nothing is repaired: raises IntakeError for a
    path outside the submission, for one that is too long or too deep, for two equal names, and for too many paths.

    >>> validate_paths(["a4/", "a4/utils.py", "a4/.DS_Store"], LIMITS)
    ('a4/utils.py',)
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
            raise IntakeError(
                f"contains more than {limits.members:,} files and folders; hand in only the files asked for"
            )
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
    """Raise IntakeError if path is too deep, or if some system cannot store a file with this name."""
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
        return f"contains {shown(first)} twice; hand in only one"
    return f"{shown(first)} and {shown(second)} are the same name on some systems; hand in only one"
