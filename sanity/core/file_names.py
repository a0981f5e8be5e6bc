"""File names as they may stand in one line of a report, and when two of them are one."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote


def shown(text: str, keep: str = "/", most: int = 100) -> str:
    """Return text fit for one line of a report: at most `most` printable characters, different for different text.

    Control characters, %, backslashes and slashes (unless in keep) become %XX.
    """
    escaped = "".join(
        char
        if char in keep or (char.isprintable() and char not in "%/\\")
        else quote(char, safe="", errors="surrogatepass")
        for char in text
    )
    if len(escaped) <= most:
        return escaped
    mark = hashlib.sha256(escaped.encode()).hexdigest()[:8]
    return f"{escaped[: most - len(mark) - 1]}~{mark}"


def listed(names: Iterable[str], most: int = 3) -> str:
    """Return names in one line, fit to show: "a, b, c and 4 more"."""
    names = sorted(names)
    line = ", ".join(map(shown, names[:most]))
    return f"{line} and {len(names) - most} more" if len(names) > most else line


def same_name(path: str) -> str:
    """Return what two paths share if some file system takes them for one: case and Unicode form folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


# Left by systems, editors and tools. Matched in lower case against every part of a path.
_JUNK = re.compile(
    "|".join(
        fnmatch.translate(pattern)
        for pattern in (
            *("__macosx", "._*", ".ds_store", "thumbs.db", "desktop.ini"),
            *("__pycache__", "*.pyc", "*.pyo", "venv", ".venv", ".tox", ".*_cache", ".hypothesis"),
            *(".ipynb_checkpoints", ".git", ".svn", ".hg", ".idea", ".vscode", "*~", ".*.swp"),
        )
    )
)


def is_junk(path: str) -> bool:
    """Return whether some part of path was left by a system or a tool and is no part of the work."""
    return any(_JUNK.match(part.lower()) for part in path.split("/"))
