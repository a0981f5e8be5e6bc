"""File names that no submission can abuse, valid on Linux, macOS and Windows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

from pathvalidate import is_valid_filename


def safe_names(names: Sequence[str]) -> list[str]:
    """Return a file name without extension for each name, in order: one component, valid and distinct anywhere.

    A plain name (letters, digits, `.`, `_`, `-`) stays as it is. One that must change, that Windows reserves or
    that differs from another by case alone is cut and ends in `~` and a hash of the original.
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
    """Return name with everything unsafe replaced or cut off. At most 51 characters: 204 bytes in UTF-8."""
    plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name)).strip(".-")[:50].rstrip(".") or "unnamed"
    # Windows keeps names such as `con` for devices, whatever follows the first dot.
    return plain if is_valid_filename(plain.split(".")[0], "universal", fs_encoding="utf-8") else f"_{plain}"


def _folded(name: str) -> str:
    """Return what a file system that ignores case may take name for."""
    return unicodedata.normalize("NFC", name.casefold())
