"""A trainee as its runner sees it: a process in the sandbox, what it says, and what it may use."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import Self

from graders.sandbox.captured_output import CapturedOutput
from graders.sandbox.folders import sizes
from graders.sandbox.inside.protocol import Judged, Order, Said, decode_said, frame
from graders.sandbox.inside.wire import LENGTH, body_length
from graders.sandbox.zygote import Zygote
from graders.training.job import TrainingLimits

LOOK_SECONDS = 0.25
"""How often a waiting runner looks at what the trainee uses."""
DYING_SECONDS = 2.0
MAX_THREADS = 512
MAX_FILES = 1000
"""In its folder: of many more it takes seconds to see how large they are. Checkpoints are two."""
MEGABYTE = 2**20


class LimitExceeded(Exception):
    """The trainee uses more than it may; the message is one line."""

    def __init__(self, message: str, memory: bool = False) -> None:
        super().__init__(message)
        self.memory = memory


def taken_mb(folder: Path, most: int) -> int:
    """Return how many MB a folder takes; most, if it is more or cannot be told: hidden, too deep, or too many files."""
    try:
        found = list(islice(sizes(folder), MAX_FILES + 1))
    except (OSError, RecursionError):
        return most
    return most if len(found) > MAX_FILES else min(most, sum(found) // MEGABYTE)


def unnamed_mb(process: Path) -> int:
    """Return how many MB the files take that a process has open and has removed; 0 if it has just ended.

    Each of its threads may have a table of open files to itself.
    """
    removed: dict[tuple[int, int], int] = {}
    for thread in _listed(process / "task"):
        for descriptor in _listed(thread / "fd"):
            with suppress(OSError):
                status = descriptor.stat()
                if S_ISREG(status.st_mode) and status.st_nlink == 0:
                    removed[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(removed.values()) // MEGABYTE


def _listed(folder: Path) -> list[Path]:
    """Return what is in a folder; nothing if it has just gone."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


class Disconnected(Exception):
    """The trainee has ended, or closed its end of the wire and lives on."""

    def __init__(self, alive: bool) -> None:
        super().__init__()
        self.alive = alive


@dataclass(frozen=True)
class Used:
    """What a trainee came to."""

    status: int
    """As os.wait gives it."""
    cpu_seconds: float

    @property
    def cause(self) -> str:
        """How it ended, if nobody ended it."""
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            return f"died: signal {number}, {signal.strsignal(number) or 'unknown'}"
        return "ended its process"


class TrainerProcess:
    """A running trainee. Use as a context manager: it is ended with all that it started."""

    def __init__(
        self,
        zygote: Zygote,
        folder: Path,
        limits: TrainingLimits,
        cpu_seconds: float,
        order: Order,
        cores: Collection[int],
    ) -> None:
        self._zygote, self._limits, self.cpu_limit = zygote, limits, cpu_seconds
        self._worker = zygote.fork_in(folder, cpu_seconds)
        with suppress(ProcessLookupError):  # it has just ended, as will be heard
            os.sched_setaffinity(self._worker.pid, cores)
        self._channel = self._worker.channel
        self._got = bytearray()
        self._printed = CapturedOutput()
        self._next_look = 0.0
        self.used: Used | None = None
        self.say(order)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def say(self, message: Order | Judged) -> None:
        """Send a message, a small one; if the trainee does not take it, that shows when it is next heard."""
        self._channel.setblocking(False)
        with suppress(OSError):
            self._channel.send(frame(message))

    def hear(self, until: float) -> Said | None:
        """Return what it says next, or None if it says nothing until then, by the monotonic clock.

        Raises WireError for what it may not say, Overstepped for what it may not use, Gone if it has ended.
        """
        self._channel.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._worker.output, selectors.EVENT_READ)
            while True:
                now = time.monotonic()  # before what it says: whoever never stops talking has limits too
                if now >= self._next_look:
                    self._look()
                    self._next_look = time.monotonic() + LOOK_SECONDS
                if now > until:
                    return None
                if said := self._whole():
                    return said
                for key, _ in selector.select(max(0.0, min(until, self._next_look) - now)):
                    if key.fileobj is self._channel:
                        self._receive()
                    elif not self._printed.drain(self._worker.output):
                        selector.unregister(self._worker.output)

    def _receive(self) -> None:
        try:
            chunk = self._channel.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            raise Disconnected(self._outlives(DYING_SECONDS))
        self._got += chunk

    def _outlives(self, seconds: float) -> bool:
        """Return whether it still runs after so long: a process closes what it has open before it has ended."""
        deadline = time.monotonic() + seconds
        while self._state() not in "ZX":
            if time.monotonic() > deadline:
                return True
            time.sleep(0.01)
        return False

    def _state(self) -> str:
        return self._stat()[0]

    def _stat(self) -> list[str]:
        """Return what the system says of its process, from the state on."""
        try:
            return Path(f"/proc/{self._worker.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ["X", *["0"] * 49]

    def _whole(self) -> Said | None:
        """Take the first message off what was received, if it is all there."""
        if len(self._got) < LENGTH.size:
            return None
        end = LENGTH.size + body_length(bytes(self._got[: LENGTH.size]))
        if len(self._got) < end:
            return None
        body = self._got[LENGTH.size : end]
        del self._got[:end]
        return decode_said(body)

    def _look(self) -> None:
        """Raise Overstepped if it uses more than it may."""
        limits, process = self._limits, Path(f"/proc/{self._worker.pid}")
        with suppress(OSError, ValueError, IndexError):  # it has just ended
            resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            if resident > limits.memory_mb * MEGABYTE:
                raise LimitExceeded(f"used more than {limits.memory_mb} MB of memory", memory=True)
            if (process / "task").stat().st_nlink - 2 > MAX_THREADS:
                raise LimitExceeded(f"started more than {MAX_THREADS} threads")
        taken = taken_mb(self._worker.folder, limits.folder_mb) + unnamed_mb(process)
        if taken >= limits.folder_mb:
            raise LimitExceeded(f"wrote more than {limits.folder_mb} MB or {MAX_FILES} files, or hid them")

    def cpu_seconds(self) -> float:
        """Return the processor time that it has used so far."""
        if self.used:
            return self.used.cpu_seconds
        fields = self._stat()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def printed(self) -> str:
        """The start and the end of what it printed, made safe to show."""
        return self._printed.text(self._zygote.scratch)

    def end(self) -> Used:
        """End it, if that has not happened; return what it came to. Raise SandboxError if the sandbox is dead."""
        if self.used is None:
            self._printed.drain(self._worker.output)
            self.used = Used(0, self.cpu_seconds())
            reaped = self._zygote.reap(self._worker)
            self.used = Used(reaped["status"], reaped["cpu"])
        return self.used
