"""Creates, measures and removes the folders that submissions run in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from graders.sandbox.isolation import SandboxError


def lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, contents by name, into a new folder; remove it and raise SandboxError if that fails."""
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        remove(folder)
        raise SandboxError(f"{folder}: cannot write a submission's files: {error.strerror}") from None


def remove(folder: Path) -> None:
    """Remove a folder, even if a submission made it unreadable or nested it beyond Python's recursion limit."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for command in ("chmod", "-R", "u+rwX"), ("rm", "-rf"):
            subprocess.run([*command, folder], stderr=subprocess.DEVNULL, check=False)


MIN_BYTES = 4096
"""Bytes that each file or folder counts for at least, so that a size limit also limits their number."""


def sizes(folder: Path) -> Iterator[int]:
    """Yield the bytes on disk of each file and folder in `folder`; raise OSError if one cannot be listed."""
    removed = (FileNotFoundError, NotADirectoryError)  # by the submission, while we list its folder

    def refuse(error: OSError) -> None:
        if not isinstance(error, removed):
            raise error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        for name in (*folders, *files):
            with suppress(*removed):
                yield max(Path(parent, name).lstat().st_blocks * 512, MIN_BYTES)
