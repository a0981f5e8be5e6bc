"""What a worker prints: its start and its end are kept, whatever the length."""

from __future__ import annotations

import os
import re
from pathlib import Path

from graders.text.sanitize import clean_text

MAX_PRINTED = 8_000
"""Bytes of output kept from each end of what a submission prints."""


class CapturedOutput:
    """The start and the end of what was read from a worker's standard output."""

    def __init__(self) -> None:
        self._head, self._tail = bytearray(), bytearray()

    def drain(self, output: int) -> bool:
        """Read what there is at a non-blocking descriptor; return False once it is closed."""
        for _ in range(16):  # then look at the protocol again: a flood must not starve it
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
        """Return it, made safe to show, without the paths of workers' folders in scratch."""
        gap = b"\n[...]\n" if len(self._tail) == MAX_PRINTED else b""
        text = bytes(self._head + gap + self._tail).decode(errors="replace")
        text = re.sub(rf"{re.escape(str(scratch))}/w\d+/?", "", text)
        return clean_text(text, limit=len(text))
