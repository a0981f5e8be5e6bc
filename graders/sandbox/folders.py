"""Folders that submissions run in: laid out, measured, removed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from graders.sandbox.isolation import SandboxError


def lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder; raise SandboxError, and leave none, if that fails."""
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        remove(folder)
        raise SandboxError(f"{folder}: cannot lay out a submission: {error.strerror}") from None


def remove(folder: Path) -> None:
    """Remove a folder, even if a submission locked it or nested it deeper than Python's own recursion goes."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for command in ("chmod", "-R", "u+rwX"), ("rm", "-rf"):
            subprocess.run([*command, folder], stderr=subprocess.DEVNULL, check=False)


BLOCK = 4096
"""Bytes that a file or folder counts for at least, so that their number is limited too."""


def sizes(folder: Path) -> Iterator[int]:
    """Yield the bytes on disk of all that a folder holds; raise OSError for a folder that cannot be listed."""
    gone = (FileNotFoundError, NotADirectoryError)  # while we looked

    def refuse(error: OSError) -> None:
        if not isinstance(error, gone):
            raise error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        for name in (*folders, *files):
            with suppress(*gone):
                yield max(Path(parent, name).lstat().st_blocks * 512, BLOCK)
