"""Writes files atomically."""

from __future__ import annotations

import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

STALE_SECONDS = 60.0
"""Age of a scratch file that nobody writes any more."""


def write_atomically(path: Path, data: str | bytes) -> None:
    """Write data (text as UTF-8) to path and create its folder. Readers see the old file or the new one, complete.

    This holds even if the process is killed. Raises OSError as `open` does; then path is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.parent / f".{secrets.token_hex(16)}.tmp"
    try:
        scratch.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
        scratch.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # the scratch file's name helps nobody
    finally:
        scratch.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove the scratch files of processes that were killed while they wrote to a folder."""
    for path in folder.glob(".*.tmp"):
        with suppress(FileNotFoundError):  # its process has just finished it
            if re.fullmatch(r"\.[0-9a-f]{32}\.tmp", path.name) and path.stat().st_mtime < time.time() - STALE_SECONDS:
                path.unlink()
