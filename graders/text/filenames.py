"""Writing files that a reader only ever sees whole, under names that no submission can abuse."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

# Device names on Windows, with any extension.
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\.|$)", re.IGNORECASE)


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
    return f"_{plain}" if _RESERVED.match(plain) else plain


def _folded(name: str) -> str:
    """Return what a file system that ignores case may take name for."""
    return unicodedata.normalize("NFC", name.casefold())
