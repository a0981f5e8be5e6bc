"""A time limit for code that may hang: by signals of timers, or where there are none, as on Windows, by a thread."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

WALL = 2.0
"""A sleep ends after this many times the limit, and a loop after the limit in processor time, on a busy machine too."""
AGAIN = 0.5
"""Seconds until the next try, for code that caught the exception."""
LEAST = 0.001
"""Seconds of the shortest limit: a timer that is set to 0 never ends."""


class TookTooLong(BaseException):
    """The time limit is over. Not an Exception, so that `except Exception` does not catch it."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise TookTooLong in the block after so many seconds of processor time, or WALL times as many on the clock.

    None is no limit. While the block of an inner limit runs, the outer one rests. Code that does not come back to
    Python, such as a loop inside of numpy, is not stopped before it does.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    stopped_by = _by_signals if hasattr(signal, "setitimer") else _by_a_thread
    with stopped_by(max(seconds, LEAST)):
        yield


@contextmanager
def _by_signals(seconds: float) -> Iterator[None]:
    over, last = False, 0.0

    def stop(number: int, frame: object) -> None:
        nonlocal last
        if not over and time.monotonic() - last > AGAIN / 2:  # not twice, by both timers at once
            last = time.monotonic()
            raise TookTooLong(f"it took more than {seconds:g} s")

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, seconds), signal.ITIMER_REAL: (signal.SIGALRM, WALL * seconds)}
    outer = {timer: signal.setitimer(timer, 0)[0] for timer in timers}
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
        for timer, left in outer.items():
            if left:
                signal.setitimer(timer, left, AGAIN)


class _Alarm:
    """Raises TookTooLong in the thread that made it, from another one, which ends with `stop`."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.target = seconds, threading.get_ident()
        self.over, self.resting, self.lock = threading.Event(), False, threading.Lock()
        self.began = _clocks()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def left(self) -> float:
        """Seconds until the time may be over."""
        processor, wall = (now - began for now, began in zip(_clocks(), self.began, strict=True))
        return min(self.seconds - processor, WALL * self.seconds - wall)

    def rest(self) -> None:
        """Let no time pass until `go_on`."""
        self.resting, self.rested = True, _clocks()

    def go_on(self) -> None:
        """Count again."""
        began, rested, now = self.began, self.rested, _clocks()
        self.began = (began[0] + now[0] - rested[0], began[1] + now[1] - rested[1])
        self.resting = False

    def stop(self) -> None:
        """Raise nothing any more."""
        with self.lock:
            self.over.set()
            _raise_in(self.target, None)  # what was raised late

    def _watch(self) -> None:
        pause = self.left
        while not self.over.wait(max(pause, LEAST)):
            pause = AGAIN if self.resting else self.left
            if pause <= 0:
                with self.lock:
                    if not self.over.is_set():
                        _raise_in(self.target, TookTooLong)
                pause = AGAIN


def _clocks() -> tuple[float, float]:
    return time.process_time(), time.monotonic()


_ALARM: ContextVar[_Alarm | None] = ContextVar("alarm", default=None)
"""The alarm of the block around."""


@contextmanager
def _by_a_thread(seconds: float) -> Iterator[None]:
    outer = _ALARM.get()
    if outer:
        outer.rest()
    alarm = _Alarm(seconds)
    token = _ALARM.set(alarm)
    try:
        try:
            yield
        except TookTooLong as error:
            error.args = error.args or (f"it took more than {seconds:g} s",)
            raise
        finally:  # as above
            alarm.over.set()
    finally:
        alarm.stop()
        _ALARM.reset(token)
        if outer:
            outer.go_on()


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Raise an exception in a thread, when it next runs a line of Python; None takes one back that is still to come."""
    import ctypes  # not needed where there are timers

    raised = ctypes.py_object(kind) if kind else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
