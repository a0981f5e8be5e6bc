"""The ledger of a training: what happened, line by line, so that a killed run goes on and tells the same story.

It is written outside the sandbox. A line is either there or not: a half-written last one is dropped.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Self

import msgspec

from graders.records.training import StopReason
from sanity.core.errors import UserError

PATIENCE = 30.0
"""Seconds to wait for the processes of a killed run to end."""


class EventLogError(UserError):
    """The folder of a training is in use, or cannot be written."""


class Began(msgspec.Struct, frozen=True, tag=True):
    """The first line."""

    key: str
    """Hash over all that decides the outcome; a ledger with another key is of another training."""


class Prepared(msgspec.Struct, frozen=True, tag=True):
    """A process is ready to train."""

    device: str
    versions: dict[str, str]


class Progressed(msgspec.Struct, frozen=True, tag=True):
    """What the trainee says of an update."""

    update: int
    seconds: float
    """Of the budget, used so far, over all runs."""
    loss: float | None
    perplexity: float | None
    words_per_second: float | None


class Scored(msgspec.Struct, frozen=True, tag=True):
    """What its answers for dev are worth."""

    update: int
    seconds: float
    cpu_seconds: float
    score: float


class Stopped(msgspec.Struct, frozen=True, tag=True):
    """Training has ended, for good."""

    ended: StopReason
    message: str
    seconds: float
    cpu_seconds: float
    detail: str = ""
    """For staff: the submission's own words."""


class ReferenceAnswered(msgspec.Struct, frozen=True, tag=True):
    """What the reference answers for the test with the same weights, or None if they do not fit it."""

    texts: list[str] | None


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The answers for the test, or None if there are none to be had, with the reason."""

    texts: list[str] | None
    reason: str = ""


Event = Began | Prepared | Progressed | Scored | Stopped | ReferenceAnswered | Answered


class EventLog:
    """The open ledger of a folder, which no other run may use meanwhile. Use as a context manager.

    `lock` is a descriptor to be inherited by the sandbox: the lock is free when its last process has ended.
    """

    def __init__(self, folder: Path, key: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self._key = folder / "events.jsonl", key
        self.lock = _locked(folder)
        try:
            self.events, size = _read(self.path)
            self.fresh = not self.events or self.events[0] != Began(key)
            """Whether nothing of this training had been done before."""
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
        """Forget what is written of another training, and begin this one, whose folder must be clean by now."""
        os.ftruncate(self._file, 0)
        self.events = []
        self.add(Began(self._key))

    def add(self, event: Event) -> None:
        """Write an event; it survives this process. Raises OSError as writing does; then there is no such line."""
        line = msgspec.json.encode(event) + b"\n"
        end = os.fstat(self._file).st_size
        if os.write(self._file, line) != len(line):
            os.ftruncate(self._file, end)
            raise OSError(28, os.strerror(28), str(self.path))
        self.events.append(event)


def _locked(folder: Path) -> int:
    """Lock a folder; wait for what a killed run has left to end."""
    lock = os.open(folder / "lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                said = f"{folder}: another training is at work here; wait for it, or name another folder with -o"
                raise EventLogError(said) from None
            time.sleep(0.05)


def _read(path: Path) -> tuple[list[Event], int]:
    """Return the events of a file, and how many bytes they take; what follows them is not whole."""
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
