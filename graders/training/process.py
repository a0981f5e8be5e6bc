"""The runner's handle of a trainer process in the sandbox: its messages, its output and its limits."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import Self

from graders.sandbox.alive import signal_text, survives
from graders.sandbox.captured_output import CapturedOutput
from graders.sandbox.clock import WALL_STOP, TrainerClock
from graders.sandbox.folders import sizes
from graders.sandbox.inside.protocol import Order, RunnerMessage, TrainerMessage, decode_message, frame
from graders.sandbox.inside.wire import LENGTH, body_length
from graders.sandbox.zygote import Zygote
from graders.training.job import TrainingLimits

POLL_SECONDS = 0.25
"""How often the runner checks the trainer's limits."""
MAX_THREADS = 512
MAX_FILES = 1000
"""Files in the working folder; measuring many more takes seconds. A training has two checkpoints."""
MEGABYTE = 2**20


class LimitExceeded(Exception):
    """The trainer exceeded a limit; the message is one line."""

    def __init__(self, message: str, memory: bool = False) -> None:
        super().__init__(message)
        self.memory = memory


def folder_mb(folder: Path, most: int) -> int:
    """Return the size of a folder in MB, at most `most`.

    Also returns `most` if the folder cannot be measured: unreadable, nested too deeply, or with too many files.
    """
    try:
        found = list(islice(sizes(folder), MAX_FILES + 1))
    except (OSError, RecursionError):
        return most
    return most if len(found) > MAX_FILES else min(most, sum(found) // MEGABYTE)


def deleted_open_mb(process: Path) -> int:
    """Return the size in MB of the deleted files that a process still has open; 0 if it has just exited.

    `process` is its folder in /proc. Threads are listed too: after unshare(CLONE_FILES) each has its own open files.
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
    """Return the entries of a folder; none if it no longer exists."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


class Disconnected(Exception):
    """The trainer closed its connection: it exited, or it is still alive and broke the protocol."""

    def __init__(self, alive: bool) -> None:
        super().__init__()
        self.alive = alive


@dataclass(frozen=True)
class ProcessUsage:
    """Exit status and resource usage of a finished trainer process."""

    status: int
    """Wait status, as from os.wait."""
    cpu_seconds: float

    @property
    def cause(self) -> str:
        """How the process ended, in words; for one that the runner did not kill."""
        if os.WIFSIGNALED(self.status):
            return f"died{signal_text(os.WTERMSIG(self.status))}"
        return "ended its process"


class TrainerProcess:
    """A running trainer, which is expected to end within so many seconds of its clock.

    Use as a context manager, which ends it together with its descendants.
    """

    def __init__(
        self,
        zygote: Zygote,
        folder: Path,
        limits: TrainingLimits,
        seconds: float,
        order: Order,
        cores: Collection[int],
    ) -> None:
        self._zygote, self._limits = zygote, limits
        self._worker = zygote.fork_in(folder, WALL_STOP * seconds * limits.threads)
        self.clock = TrainerClock(self._worker.pid, limits.threads)
        with suppress(ProcessLookupError):  # it has just exited: the next `receive` reports that
            os.sched_setaffinity(self._worker.pid, cores)
        self._channel = self._worker.channel
        self._buffer = bytearray()
        self._printed = CapturedOutput()
        self._next_check = 0.0
        self.usage: ProcessUsage | None = None
        self.send(order)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def send(self, message: RunnerMessage) -> None:
        """Send a small message without blocking. A dead peer is detected by the next `receive`."""
        self._channel.setblocking(False)
        with suppress(OSError):
            self._channel.send(frame(message))

    def receive(self, seconds: float) -> TrainerMessage | None:
        """Return the next message, or None if there is none within so many seconds of wall time.

        Raises WireError for a malformed message, LimitExceeded, and Disconnected.
        """
        until = time.monotonic() + seconds
        self._channel.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._worker.output, selectors.EVENT_READ)
            while True:
                now = time.monotonic()
                if now >= self._next_check:  # before any message is read: a flood of messages must not evade limits
                    self._check_limits()
                    self._next_check = time.monotonic() + POLL_SECONDS
                if now > until:
                    return None
                if said := self._next_message():
                    return said
                for key, _ in selector.select(max(0.0, min(until, self._next_check) - now)):
                    if key.fileobj is self._channel:
                        self._read_channel()
                    elif not self._printed.drain(self._worker.output):
                        selector.unregister(self._worker.output)

    def _read_channel(self) -> None:
        try:
            chunk = self._channel.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            raise Disconnected(survives(self._worker.pid))
        self._buffer += chunk

    def _stat(self) -> list[str]:
        """Return the fields of /proc/PID/stat from the state on; those of a dead process if it is gone."""
        try:
            return Path(f"/proc/{self._worker.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ["X", *["0"] * 49]

    def _next_message(self) -> TrainerMessage | None:
        """Remove the first complete message from the buffer and return it; None if there is none yet."""
        if len(self._buffer) < LENGTH.size:
            return None
        end = LENGTH.size + body_length(bytes(self._buffer[: LENGTH.size]))
        if len(self._buffer) < end:
            return None
        body = self._buffer[LENGTH.size : end]
        del self._buffer[:end]
        return decode_message(body)

    def _check_limits(self) -> None:
        """Raise LimitExceeded if the trainer uses too much memory, disk or too many threads."""
        limits, process = self._limits, Path(f"/proc/{self._worker.pid}")
        with suppress(OSError, ValueError, IndexError):  # it has just exited
            resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            if resident > limits.memory_mb * MEGABYTE:
                raise LimitExceeded(f"used more than {limits.memory_mb} MB of memory", memory=True)
            if (process / "task").stat().st_nlink - 2 > MAX_THREADS:
                raise LimitExceeded(f"started more than {MAX_THREADS} threads")
        disk = folder_mb(self._worker.folder, limits.folder_mb) + deleted_open_mb(process)
        if disk >= limits.folder_mb:
            raise LimitExceeded(f"wrote more than {limits.folder_mb} MB or {MAX_FILES} files, or hid them")

    def cpu_seconds(self) -> float:
        """Return the processor time used so far."""
        if self.usage:
            return self.usage.cpu_seconds
        fields = self._stat()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def printed(self) -> str:
        """The start and the end of its output, sanitized."""
        return self._printed.text(self._zygote.scratch)

    def end(self) -> ProcessUsage:
        """Kill the trainer if it still runs; return its usage. Raise SandboxError if the zygote is dead."""
        if self.usage is None:
            self._printed.drain(self._worker.output)
            self.usage = ProcessUsage(0, self.cpu_seconds())
            reaped = self._zygote.reap(self._worker)
            self.usage = ProcessUsage(reaped["status"], reaped["cpu"])
        return self.usage
