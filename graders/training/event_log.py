"""The event log of a training, events.jsonl: a killed run resumes from it, and the result is computed from it alone.

It is written outside the sandbox, one JSON line per event. Crash consistency: lines are only ever appended, each by one
write; when the log is opened, an incomplete or unreadable line and everything after it are cut off. So an event is
either in the log or never happened.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path
from typing import Self

import msgspec

from graders.records.training import StopReason
from graders.sandbox.inside.protocol import Attention
from sanity.core.errors import UserError

PATIENCE = 30.0
"""Seconds to wait until the processes of a killed run have exited."""


class EventLogError(UserError):
    """The folder of a training is in use by another run."""


class Began(msgspec.Struct, frozen=True, tag=True):
    """The first event."""

    key: str
    """Hash of everything that the result depends on; a log with another key belongs to another training."""


class Prepared(msgspec.Struct, frozen=True, tag=True):
    """A trainer process is ready."""

    device: str
    versions: dict[str, str]


class Progressed(msgspec.Struct, frozen=True, tag=True):
    """A trainer reported its progress."""

    update: int
    seconds: float
    """Seconds of the budget used so far, over all runs."""
    loss: float | None
    perplexity: float | None
    words_per_second: float | None


class Scored(msgspec.Struct, frozen=True, tag=True):
    """Answers for dev were scored."""

    update: int
    seconds: float
    cpu_seconds: float
    score: float


class Stopped(msgspec.Struct, frozen=True, tag=True):
    """Training ended; only the test is left."""

    stop_reason: StopReason
    message: str
    seconds: float
    cpu_seconds: float
    detail: str = ""
    """For staff: the submission's error message and traceback."""


class ReferenceAnswered(msgspec.Struct, frozen=True, tag=True):
    """The reference's answers for the test with the same weights; None if they do not fit.

    They are not comparable if the model is another one than the reference's, so that nobody can tell which weight is
    which.
    """

    texts: list[str] | None
    comparable: bool = True


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The submission's answers for the test; None, with the reason, if there are none."""

    texts: list[str] | None
    reason: str = ""
    attention: list[Attention] = []


Event = Began | Prepared | Progressed | Scored | Stopped | ReferenceAnswered | Answered


class EventLog:
    """The open event log of a folder, locked against other runs. Use as a context manager.

    `lock` is a descriptor for the sandbox to inherit: if this process is killed, the folder stays locked until the
    last process of the sandbox has exited.
    """

    def __init__(self, folder: Path, key: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self._key = folder / "events.jsonl", key
        self.lock = _locked(folder)
        try:
            self.events, size = _read(self.path)
            self.fresh = not self.events or self.events[0] != Began(key)
            """Whether there is no event of this training yet; then call `begin`."""
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            if not self.fresh:
                os.ftruncate(self._file, size)
        except BaseException:
            os.close(self.lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._file)
        os.close(self.lock)

    def begin(self) -> None:
        """Delete the events of another training and start this one. The folder must be clean by now."""
        os.ftruncate(self._file, 0)
        self.events = []
        self.add(Began(self._key))

    def add(self, event: Event) -> None:
        """Append an event, which survives a kill of this process. Raises OSError if it cannot be written in full."""
        line = msgspec.json.encode(event) + b"\n"
        end = os.fstat(self._file).st_size
        if os.write(self._file, line) != len(line):
            os.ftruncate(self._file, end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        self.events.append(event)


def _locked(folder: Path) -> int:
    """Lock a folder; wait for the processes of a killed run."""
    lock = os.open(folder / "lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                advice = "wait for it, or choose another folder with -o"
                raise EventLogError(f"{folder}: another training is running in this folder; {advice}") from None
            time.sleep(0.05)


def _read(path: Path) -> tuple[list[Event], int]:
    """Return the events of a file and their size in bytes; anything after them is damaged."""
    events: list[Event] = []
    size = 0
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    for line in content.splitlines(keepends=True):
        try:
            event: Event = msgspec.json.decode(line, type=Event)
        except msgspec.MsgspecError:
            break
        if not line.endswith(b"\n"):
            break
        events.append(event)
        size += len(line)
    return events, size
