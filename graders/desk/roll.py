"""The submissions in the order of the desk, under names that a page may show.

With `--blind` neither an address nor the order says who it is: both follow from a key that lies beside the gradebook,
so that they are the same tomorrow.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from graders.records.result import Result
from graders.text.sanitize import clean_name, encodable

KEY = "desk-key"
"""The file of the key, in the folder of the gradebook."""
LENGTH = 32
"""Bytes of the key."""
FEWEST_LETTERS = 5
"""Shorter names are not blacked out: too much else would be."""
BLACK = "▒▒▒▒"


def key_in(out: Path) -> bytes:
    """Return the key of a folder, which is made at the first call, for its owner's eyes only."""
    path, scratch = out / KEY, out / f".{secrets.token_hex(16)}.tmp"
    if not path.is_file() or path.stat().st_size < LENGTH:  # a full disk has left an empty one
        try:
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_hex(LENGTH // 2).encode())
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)
    return path.read_bytes()


class Roll:
    """Who is marked, in which order, and what each is called."""

    def __init__(self, names: Iterable[str], key: bytes, blind: bool) -> None:
        self._codes = {name: hmac.digest(key, encodable(name).encode(), "sha256").hex()[:12] for name in names}
        self._names = {code: name for name, code in self._codes.items()}
        self._blind = blind
        self.names = tuple(sorted(self._codes, key=self._codes.__getitem__ if blind else None))
        """In the order of the desk."""

    def code(self, name: str) -> str:
        """Return what stands for a name in an address."""
        return self._codes[name]

    def name(self, code: str) -> str | None:
        """Return the name that a code stands for; None if there is none."""
        return self._names.get(code)

    def label(self, name: str) -> str:
        """Return what a page calls a submission."""
        if not self._blind:
            return clean_name(name)
        code = self._codes.get(name)
        return f"submission {code[:6]}" if code else "a submission"


def blacked_out(text: str, result: Result) -> str:
    """Return text without what is known of a submission's name and of its students' names and numbers.

    Nicknames and short names remain: only their author knows that they are names.
    """
    known = {result.submission, result.submission.rpartition(".")[0]}
    for student in result.students:
        known |= {student.name, student.email, student.email.partition("@")[0], student.id, student.canvas_id}
    patterns = [pattern for name in known for pattern in _patterns(name)]
    if not patterns:
        return text
    return re.sub("|".join(sorted(patterns, key=len, reverse=True)), BLACK, text, flags=re.IGNORECASE)


def _patterns(name: str) -> Iterable[str]:
    """Yield a pattern for a name as it is, and one for "Lovelace, Ada"; nothing for a short one."""
    words = re.findall(r"\w+", name.replace("_", " "))
    if sum(map(len, words)) >= FEWEST_LETTERS:
        for order in (words, words[::-1]):
            yield r"[ ,._@-]{0,2}".join(map(re.escape, order))
