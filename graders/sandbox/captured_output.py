"""Captures the output of a worker: the start and the end of it, however long it is."""

from __future__ import annotations

import os
import re
from pathlib import Path

from graders.text.sanitize import clean_text

MAX_PRINTED = 8_000
"""Bytes that are kept from the start, and from the end, of a submission's output."""


class CapturedOutput:
    """The start and the end of a worker's standard output."""

    def __init__(self) -> None:
        self._head, self._tail = bytearray(), bytearray()

    def drain(self, output: int) -> bool:
        """Read the available bytes of a non-blocking descriptor; return False at its end."""
        for _ in range(16):  # then back to the caller, which reads messages too: a flood of output must not starve it
            try:
                chunk = os.read(output, 65536)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            room = MAX_PRINTED - len(self._head)
            self._head += chunk[:room]
            self._tail = (self._tail + chunk[room:])[-MAX_PRINTED:]
        return True

    def text(self, scratch: Path) -> str:
        """Return the output, sanitized, without the paths of the workers' folders in `scratch`."""
        gap = b"\n[...]\n" if len(self._tail) == MAX_PRINTED else b""
        text = bytes(self._head + gap + self._tail).decode(errors="replace")
        text = re.sub(rf"{re.escape(str(scratch))}/w\d+/?", "", text)
        return clean_text(text, limit=len(text))
