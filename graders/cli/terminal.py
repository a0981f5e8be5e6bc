"""Printing for commands: unencodable characters and a closed pipe never stop a command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress


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


def progress_bar(transient: bool = False) -> Progress:
    """Return a bar on standard error. Its text is shown as it is: a folder may be called [red]."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=transient)
