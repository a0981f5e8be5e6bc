"""The list of a class's repositories, and where each of them is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from graders.errors import OptionError

SERVERS = ("GITHUB_SERVER_URL", "CI_SERVER_URL")
"""Where the platforms say what OWNER/NAME is relative to."""


@dataclass(frozen=True)
class Repository:
    """A line of the list."""

    name: str
    """What the submission is called."""
    path: str
    """As it is in the list: OWNER/NAME, or a URL."""


def read_repositories(path: Path) -> list[Repository]:
    """Return the repositories of a list; raise OptionError for a line that is none, and for a name that is there twice.

    A line is OWNER/NAME or a URL, with a name before it or not. Empty lines and those that begin with # are none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    found: dict[str, Repository] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or line.lstrip().startswith("#"):
            continue
        place = words[-1].rstrip("/")
        name = words[0] if len(words) == 2 else re.split(r"[/:]", place)[-1].removesuffix(".git")
        if len(words) > 2 or "/" not in place or place.startswith("-") or not re.fullmatch(r"\w[\w.@+-]*", name):
            raise OptionError(f"{path}:{number}: expected OWNER/NAME or a URL, with a name before it or not: {line!r}")
        if name in found:
            raise OptionError(f"{path}:{number}: a second {name}; write another name before the repository")
        found[name] = Repository(name, place)
    if not found:
        raise OptionError(f"{path}: lists no repository")
    return list(found.values())


def url_of(path: str) -> str:
    """Return the URL of a repository: OWNER/NAME is on the server that the platform names, ./NAME is here."""
    if path.startswith((".", "/")):
        return str(Path(path).resolve())
    if "://" in path or "@" in path:
        return path
    if not (place := server()):
        raise OptionError(f"{path}: on which server? Write a URL, or set {' or '.join(SERVERS)}")
    return f"{place.rstrip('/')}/{path.removesuffix('.git')}.git"


def server() -> str:
    """Return the URL of the server that the platform names; "" for none."""
    return next((os.environ[name] for name in SERVERS if os.environ.get(name)), "")
