"""What a session sends to a worker, and what it receives: many calls in one frame, their answers, a frame in parts."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from graders.sandbox.inside.wire import LENGTH, MAX_FRAME, body_length, calls_of
from sanity.core.case import Case
from sanity.core.probe import Answers, Probe

Key = tuple[str, str]
"""A probe's name and a case's digest."""


@dataclass(frozen=True)
class Calls:
    """Calls of probes, encoded once to be sent together."""

    asked: tuple[tuple[Probe, str], ...]
    """Each probe, with the digest of its case."""
    encoded: msgspec.Raw

    @classmethod
    def of(cls, asked: Sequence[tuple[Probe, Case]]) -> Calls | None:
        """Encode calls; None if they do not fit into a frame."""
        encoded = calls_of([(probe.name, case.values) for probe, case in asked])
        if len(encoded) > MAX_FRAME // 2:
            return None
        return cls(tuple((probe, case.digest) for probe, case in asked), encoded)


@dataclass(frozen=True)
class Replies:
    """What a submission answered to `Calls`."""

    digest: bytes
    """Of all its answers as they were sent: whoever has the same has answered the same, bit for bit."""
    answers: Mapping[Key, Answers]
    """By probe name and case digest, without calls that raised; empty if the digest was one of those known."""


class IncomingFrame:
    """A frame that is being received."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._expected = LENGTH.size  # first the length, then that many bytes more

    @property
    def complete(self) -> bool:
        """Whether all of it is here."""
        return len(self._received) == self._expected

    @property
    def body(self) -> bytearray:
        """What was received after the length."""
        return self._received[LENGTH.size :]

    def receive(self, channel: socket.socket) -> bool:
        """Receive what there is of the frame, no more; return whether that is anything.

        Raises EOFError at the end of the connection, WireError if the frame is too large.
        """
        before = len(self._received)
        with suppress(BlockingIOError):
            while not self.complete:
                chunk = channel.recv(self._expected - len(self._received))
                if not chunk:
                    raise EOFError
                self._received += chunk
                if self.complete and self._expected == LENGTH.size:
                    self._expected += body_length(bytes(self._received))
        return len(self._received) > before
