"""How a process of a submission ended, or whether it has only closed its connection."""

from __future__ import annotations

import signal
import time
from pathlib import Path

EXIT_SECONDS = 2.0
"""Between the closing of its connection and the end of a process that exits."""

CRASHES = ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGKILL", "SIGSEGV", "SIGSYS", "SIGXCPU")
"""The signals that end a process for what it did. Of the others it sent itself one, which may be to tell something."""


def signal_text(number: int) -> str:
    """Spell the signal that a process died of, for messages, if it is one of those that crashes end in.

    >>> signal_text(11), signal_text(44)
    (': signal 11, Segmentation fault', ' of a signal')
    """
    known = number in {getattr(signal, name, 0) for name in CRASHES}
    return f": signal {number}, {signal.strsignal(number)}" if known else " of a signal"


def state_of(pid: int) -> str:
    """Return the letter for a process's state: Z for one that has ended, X for one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def survives(pid: int, seconds: float = EXIT_SECONDS) -> bool:
    """Return whether the process is still alive after this time. An exiting process closes its files first."""
    deadline = time.monotonic() + seconds
    while state_of(pid) not in "ZX":
        if time.monotonic() > deadline:
            return True
        time.sleep(0.01)
    return False
