"""A time limit for code that may hang, by signals of a timer. Without them, as on Windows, there is no limit."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

WALL = 2.0
"""A sleep ends after this many times the limit, and a loop after the limit in processor time, on a busy machine too."""
AGAIN = 0.5
"""Seconds until the next signal, for code that caught the exception."""


class TookTooLong(BaseException):
    """The time limit is over. Not an Exception, so that `except Exception` does not catch it."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise TookTooLong in the block after so many seconds of processor time, or WALL times as many on the clock.

    None is no limit. Limits do not nest: an inner one takes the place of the outer one.
    """
    if seconds is None or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    over = False

    def stop(number: int, frame: object) -> None:
        if not over:
            raise TookTooLong(f"it took more than {seconds:g} s")

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, seconds), signal.ITIMER_REAL: (signal.SIGALRM, WALL * seconds)}
    handlers = {number: signal.signal(number, stop) for number, _ in timers.values()}
    try:
        for timer, (_, limit) in timers.items():
            signal.setitimer(timer, limit, AGAIN)
        try:
            yield
        finally:  # a signal that comes here ends the inner block only: the timers are stopped in any case
            over = True
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: not one of Python's
