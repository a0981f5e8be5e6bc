"""What a runner and a trainee say to each other: frames as in `wire.py`, with plain data of known types only.

What a trainee says of itself (losses, speeds, how it ended) is only ever shown. What counts are its answers, which the
runner scores: one text for each sentence that it was given.
"""

from __future__ import annotations

import math
import socket
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from graders.sandbox.inside.wire import LENGTH, MAX_FRAME, WireError, body_length
from sanity.core.calling import MAX_TEXT, SubmissionError

MAX_ANSWER = 10_000
"""Characters in one answer."""

Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Short = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


class Order(msgspec.Struct, frozen=True, tag=True):
    """To a trainee, first: what to do, until it ends."""

    program: str
    """The module that knows the task, such as `graders.sandbox.inside.translation`."""
    step: Literal["train", "answer"]
    """Train, or answer the sentences of the test with the best that training has left."""
    code: str
    """The folder with the submission, laid over the handout. Read-only, as the next."""
    data: str
    device: str
    """cpu, cuda, or auto for cuda where there is one."""
    threads: int
    settings: dict[str, Any]
    """The task's own."""


class Judged(msgspec.Struct, frozen=True, tag=True):
    """To a trainee: how good its answers for dev are, and whether that is enough."""

    score: float
    enough: bool


class Ready(msgspec.Struct, frozen=True, tag=True):
    """From a trainee, before it imports the submission."""

    device: Short
    versions: dict[Short, Short]


class Progress(msgspec.Struct, frozen=True, tag=True):
    """From a trainee, now and then. Loss and perplexity are None where they are not finite."""

    update: Count
    epoch: Count = 0
    loss: float | None = None
    perplexity: float | None = None
    words_per_second: float | None = None


class Answers(msgspec.Struct, frozen=True, tag=True):
    """From a trainee: an answer for each sentence of dev, or of the test."""

    update: Count
    texts: list[str]


class Finished(msgspec.Struct, frozen=True, tag=True):
    """From a trainee: it ends as it should."""

    how: Literal["converged", "diverged", "answered"]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """From a trainee: what the submission raised."""

    raised: SubmissionError


Said = Ready | Progress | Answers | Finished | Failed
Message = TypeVar("Message", Order, Judged)

_SAID: msgspec.msgpack.Decoder[Said] = msgspec.msgpack.Decoder(Said)


def frame(message: Said | Order | Judged) -> bytes:
    """Return the frame of a message; raise WireError if it is too large."""
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_FRAME:
        raise WireError(f"a message of {len(body)} bytes, more than {MAX_FRAME}")
    return LENGTH.pack(len(body)) + body


def decode_said(body: bytes | bytearray) -> Said:
    """Return what a trainee said; raise WireError for anything that is not what it may say."""
    try:
        said = _SAID.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError) as error:
        raise WireError(f"a malformed frame: {type(error).__name__}") from None
    if isinstance(said, Progress):
        return msgspec.structs.replace(
            said,
            loss=finite(said.loss),
            perplexity=finite(said.perplexity),
            words_per_second=finite(said.words_per_second),
        )
    if isinstance(said, Answers) and max(map(len, said.texts), default=0) > MAX_ANSWER:
        raise WireError(f"an answer of more than {MAX_ANSWER} characters")
    if isinstance(said, Ready) and len(said.versions) > 100:
        raise WireError("too many versions")
    if isinstance(said, Failed):
        raised = said.raised
        if max(map(len, (raised.type, raised.text, raised.file, raised.trace))) > MAX_TEXT:
            raise WireError(f"an error text of more than {MAX_TEXT} characters")
    return said


def finite(value: float | None) -> float | None:
    """Return the number, or None for what cannot be shown: NaN, an infinity, or more than anybody means."""
    return value if value is not None and math.isfinite(value) and abs(value) < 1e12 else None


class Talk:
    """The trainee's end of the wire."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def say(self, message: Said) -> None:
        """Send a message; wait while the runner is busy."""
        self._channel.sendall(frame(message))

    def hear(self, kind: type[Message]) -> Message:
        """Wait for a message of this kind; raise EOFError if the runner has hung up."""
        head = self._channel.recv(LENGTH.size, socket.MSG_WAITALL)
        if len(head) < LENGTH.size:
            raise EOFError("the runner has hung up")
        return msgspec.msgpack.decode(self._channel.recv(body_length(head), socket.MSG_WAITALL), type=kind)

    def judged(self, update: int, texts: list[str]) -> Judged:
        """Send the answers for dev; return how good they are."""
        self.say(Answers(update, texts))
        return self.hear(Judged)
