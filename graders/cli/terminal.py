"""Printing for commands: unencodable characters and a closed pipe never stop a command."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def echo(text: object = "", stream: TextIO | None = None) -> None:
    """Print a line on standard output, or another stream.

    Characters that the stream's encoding lacks are replaced. After a closed pipe, as in `trivium grade … | head`, the
    rest of the output is discarded.
    """
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    try:
        print(str(text).encode(encoding, "replace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # otherwise the flush at exit fails too


def error(text: object) -> None:
    """Print a line on standard error."""
    echo(text, sys.stderr)
