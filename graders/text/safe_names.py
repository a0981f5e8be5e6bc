"""Safe file names for submissions, valid on Linux, macOS and Windows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

from pathvalidate import is_valid_filename


def safe_names(names: Sequence[str]) -> list[str]:
    """Return a file name without extension for each name, in order: one path component, valid and distinct.

    A plain name (letters, digits, `.`, `_`, `-`) is not changed. Any other name, a name that Windows reserves, and
    names that differ only in case are shortened and end in `~` and a hash of the original.

    >>> safe_names(["ada", "../x"])
    ['ada', '_x~fbf350fe1f9f11bf']
    """
    plain = [_plain(name) for name in names]
    uses = Counter(_folded(name) for name in plain)
    seen: Counter[str] = Counter()
    safe = []
    for name, candidate in zip(names, plain, strict=True):
        if candidate != name or uses[_folded(candidate)] > 1:
            original = f"{seen[name]} {name}".encode("utf-8", "backslashreplace")
            candidate = f"{candidate}~{sha256(original).hexdigest()[:16]}"
            seen[name] += 1
        safe.append(candidate)
    return safe


def _plain(name: str) -> str:
    """Return name with unsafe characters replaced or removed: at most 51 characters, 204 bytes in UTF-8."""
    plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name)).strip(".-")[:50].rstrip(".") or "unnamed"
    # Windows reserves names such as `con` for devices, with any extension.
    return plain if is_valid_filename(plain.split(".")[0], "universal", fs_encoding="utf-8") else f"_{plain}"


def _folded(name: str) -> str:
    """Return a form that is equal for names that a case-insensitive file system cannot tell apart."""
    return unicodedata.normalize("NFC", name.casefold())
