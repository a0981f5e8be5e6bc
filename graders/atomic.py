"""Writes files atomically."""

from __future__ import annotations

import secrets
from pathlib import Path


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
