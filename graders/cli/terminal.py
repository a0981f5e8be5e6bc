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
    if stream is None:  # closed, as in `trivium grade … >&-`
        return
    encoding = stream.encoding or "utf-8"
    try:
        print(str(text).encode(encoding, "replace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # otherwise the flush at exit fails too


def error(text: object) -> None:
    """Print a line on standard error."""
    if sys.stderr is not None:
        echo(text, sys.stderr)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is open and a terminal."""
    return stream is not None and stream.isatty()
