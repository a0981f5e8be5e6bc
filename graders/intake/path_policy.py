"""The rules for the paths in a submission, folder or archive; applied before any file is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

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
    members: int = 20_000
    """Files and folders, junk in an archive's directory among them: each takes about a kilobyte of memory there."""
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
GRADEBOOK = "gradebook.sqlite"
"""A folder with this file is our own output."""

_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])( *\..*)?", re.IGNORECASE | re.DOTALL)
_DRIVE = re.compile("[A-Za-z]:")
_Place = TypeVar("_Place")


def validate_paths(
    found: Iterable[tuple[str, _Place]], limits: IntakeLimits
) -> tuple[dict[str, _Place], dict[str, str]]:
    r"""Return the files that can be taken, by path, and a sentence for each that cannot: it is left out.

    Paths are relative; that of a folder ends in a slash. A backslash is a slash, as some Windows tools write it.
    Junk, hidden folders and our own output are skipped. Raises IntakeError for a path that leads out of the submission,
    and for too many paths.

    >>> validate_paths([("a4/", 1), ("a4\\utils.py", 2), ("a4/.DS_Store", 3), ("a4/aux.py", 4)], LIMITS)
    ({'a4/utils.py': 2}, {'a4/aux.py': 'the name aux.py is reserved by Windows; rename it and hand in again'})
    """
    files: dict[str, _Place] = {}
    left_out: dict[str, str] = {}
    seen: dict[str, str] = {}
    count = 0
    for raw, place in found:
        path = raw.replace("\\", "/")
        _refuse_unsafe(path)
        if is_hidden(path):
            continue
        if (count := count + 1) > limits.members:
            raise IntakeError(
                f"contains more than {limits.members:,} files and folders; hand in only the files asked for"
            )
        if problem := _unportable(path, limits):
            left_out[path] = problem
        elif not path.endswith("/"):
            twin = seen.setdefault(same_name(path), path)
            if path in files or twin != path:
                left_out |= {name: _twins(twin, path) for name in (twin, path)}
            files[path] = place
    output = tuple(f"{PurePosixPath(path).parent}/" for path in files if path.endswith(f"/{GRADEBOOK}"))
    taken = {path: place for path, place in sorted(files.items(), key=lambda item: item[0]) if path not in left_out}
    return {path: place for path, place in taken.items() if not path.startswith(output)}, left_out


def is_hidden(path: str) -> bool:
    """Return whether a path is junk, or lies in a hidden folder."""
    folders = path.split("/")[:-1]
    return is_junk(path.removesuffix("/")) or any(part.startswith(".") for part in folders)


def _refuse_unsafe(path: str) -> None:
    """Raise IntakeError if path could name something outside the submission."""
    parts = path.removesuffix("/").split("/")
    if path.startswith("/") or _DRIVE.match(path):
        problem = "is an absolute path"
    elif ".." in parts:
        problem = "leads out of the submission"
    elif "\0" in path:
        problem = "has a NUL character in its name"
    elif "" in parts or "." in parts:
        problem = "has an empty part in its path"
    else:
        return
    raise IntakeError(f"{shown(path)} {problem}; pack the files again from their own folder")


def _unportable(path: str, limits: IntakeLimits) -> str:
    """Return why a path cannot be taken: it is too deep, or some system cannot store a file with this name; or ""."""
    parts = path.removesuffix("/").split("/")
    if len(parts) > limits.depth:
        return f"{shown(path)} lies more than {limits.depth} folders deep; hand in a flat folder"
    if path.endswith("/"):
        return ""
    for part in parts:
        if len(part) > limits.name_chars:
            problem = f"is longer than {limits.name_chars} characters"
        elif _WINDOWS_DEVICE.fullmatch(part):
            problem = "is reserved by Windows"
        elif part.endswith((".", " ")):
            problem = "ends in a dot or a space"
        else:
            continue
        return f"the name {shown(part)} {problem}; rename it and hand in again"
    return ""


def _twins(first: str, second: str) -> str:
    if first == second:
        return f"contains {shown(first)} twice; hand in only one"
    first, second = sorted((first, second), reverse=True)
    return f"{shown(first)} and {shown(second)} are the same name on some systems; hand in only one"
