"""The time that counts against a submission. A busy machine costs it nothing, and more threads gain it nothing.

Wall time alone would take points from those who are graded while the machine is busy. Processor time alone would let a
sleep last for ever. So what counts is wall time without the time that threads were ready to run and waited for a
processor, which Linux tells per thread; and at least the processor time, so that nobody gains by keeping the processors
busy with threads of their own. What the grader's own thread waits, while a submission waits for it, is nobody's time.

Where the kernel does not tell how long threads waited (`why_wall_time`), wall time counts.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sanity.core.errors import GraderFailed, UserError

WALL_STOP = 10
"""Whatever counts, this many times the limit is the end on the wall clock."""
REFRESH = 0.05
"""Seconds for which a trainer's clock repeats its last answer: a trainer may send thousands of messages a second."""
INTERVAL = 1.0
"""Seconds of wall time after which a trainer's clock starts a new sum: long beside the turns of a busy processor."""


class MachineBusy(GraderFailed, UserError):
    """The wall clock ended what had time left; the message is one line. It says nothing about the submission."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(
            f"the machine was too busy: {what} got less than {seconds:g} s of time in {WALL_STOP * seconds:g} s; run "
            "the same command again, with fewer --jobs or when less else is running"
        )


class ThreadTimes(NamedTuple):
    """Seconds of a thread's life."""

    running: float = 0.0
    waiting: float = 0.0
    """Ready to run, until it got a processor. A wait that goes on is not yet included."""


NOTHING = ThreadTimes()


def thread_times(folder: str, known: ThreadTimes = NOTHING) -> ThreadTimes:
    """Return the times of a thread, by its folder in /proc; `known` if it has ended or the kernel does not tell."""
    with suppress(OSError, ValueError):
        file = os.open(f"{folder}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            running, waiting, _ = os.read(file, 100).split()
        finally:
            os.close(file)
        return ThreadTimes(int(running) / 1e9, int(waiting) / 1e9)
    return known


def why_wall_time() -> str:
    """Return "", or why only wall time can count on this machine."""
    if thread_times("/proc/thread-self").running:
        return ""
    return "the kernel does not tell how long threads wait for a processor (CONFIG_SCHED_INFO)"


def processor_seconds(pid: int, known: float = 0.0) -> float:
    """Return the processor time of a process with all threads that it had; `known` if it has ended."""
    with suppress(OSError):
        return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) does
    return known


class WorkerClock:
    """Measures the requests to a worker, which its main thread answers."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._main, self._own = NOTHING, NOTHING
        self.cpu = 0.0
        """Seconds of processor time of all threads, when last read."""
        self._own_folder = ""
        self.restart()

    def restart(self) -> None:
        """Measure from now on, as seen by the calling thread."""
        self._own_folder = f"/proc/self/task/{threading.get_native_id()}"
        self._began, self._used = time.monotonic(), 0.0
        self._read()
        self._waited_before, self._cpu_before = self._waited, self.cpu

    def _read(self) -> None:
        self._main = thread_times(f"/proc/{self._pid}/task/{self._pid}", self._main)
        self._own = thread_times(self._own_folder, self._own)
        self.cpu = processor_seconds(self._pid, self.cpu)

    @property
    def _waited(self) -> float:
        return self._main.waiting + self._own.waiting

    @property
    def wall(self) -> float:
        """Seconds by the wall clock."""
        return time.monotonic() - self._began

    @property
    def seconds(self) -> float:
        """Seconds that count: wall time without waiting for a processor, or all its processor time if that is more."""
        self._read()
        return max(self.wall - (self._waited - self._waited_before), self.cpu - self._cpu_before)


class TrainerClock:
    """Measures a trainer from now on: all its threads, which work for each other.

    A thread that waits for a processor makes the others wait for it, asleep: so the waits of all threads are taken off.
    That may be too much, for they overlap. At least the processor time of its main thread counts, which has a part in
    all that the others do, and the processor time of all its threads divided by the processors that it may use.
    """

    def __init__(self, pid: int, processors: int) -> None:
        self._pid, self._processors = pid, processors
        self._own_folder = f"/proc/self/task/{threading.get_native_id()}"
        self._waits: dict[str, float] = {}
        self._waited, self._main = 0.0, NOTHING
        self.cpu = 0.0
        """Seconds of processor time of all threads, when last read."""
        self._began, self._next_read = time.monotonic(), 0.0
        self._counted = self._shown = 0.0
        self._since = self._read()

    @property
    def wall(self) -> float:
        """Seconds by the wall clock."""
        return time.monotonic() - self._began

    @property
    def seconds(self) -> float:
        """Seconds that count."""
        if self.wall >= self._next_read:
            now = self._read()
            wall, waited, main, all_threads = (new - old for new, old in zip(now, self._since, strict=True))
            counted = self._counted + max(wall - waited, main, all_threads)
            self._shown = max(self._shown, counted)
            if wall >= INTERVAL:  # or waits of a busy hour would pay for a sleep
                self._counted, self._since = counted, now
            self._next_read = self.wall + REFRESH
        return self._shown

    def _read(self) -> tuple[float, float, float, float]:
        """Return wall time, what threads have waited, the main thread's time, and all threads' by processor."""
        folders = [self._own_folder]
        with suppress(OSError):  # it has ended
            folders += map(str, Path(f"/proc/{self._pid}/task").iterdir())
        for folder in folders:
            before = self._waits.get(folder, 0.0)
            waiting = self._waits[folder] = thread_times(folder, ThreadTimes(waiting=before)).waiting
            self._waited += waiting - before if waiting >= before else waiting  # less: a new thread of this number
        self._main = thread_times(f"/proc/{self._pid}/task/{self._pid}", self._main)
        self.cpu = processor_seconds(self._pid, self.cpu)
        return self.wall, self._waited, self._main.running, self.cpu / self._processors
