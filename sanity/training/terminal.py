"""The terminal: Ctrl-C during the imports and after them, and letters that its encoding lacks.

This module imports next to nothing, so that run.py can import it before anything that takes long.
"""

from __future__ import annotations

import os
import signal
import sys


def exit_at_once(*_: object) -> None:
    """Exit at Ctrl-C during the imports: KeyboardInterrupt in one would print a traceback, or be lost."""
    os.write(2, b"run.py: stopped\n")
    os._exit(130)


def during_imports() -> None:
    """Make Ctrl-C exit at once; where it is ignored, as under nohup, it still is."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, exit_at_once)


def after_imports() -> None:
    """Make Ctrl-C raise KeyboardInterrupt again, if `during_imports` has changed that."""
    if signal.getsignal(signal.SIGINT) is exit_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def replace_unprintable() -> None:
    """Print a question mark for a letter that the terminal's encoding lacks, as a Windows console's may."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
