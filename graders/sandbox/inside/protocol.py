"""The messages between a runner and a trainer: frames as in `wire.py`, with plain data of known types only.

What a trainer reports about itself (loss, speed, reason of its end, attention) is only displayed. Points depend on its
answers alone, one text for each sentence, which the runner scores.
"""

from __future__ import annotations

import math
import select
import socket
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from graders.sandbox.inside.wire import LENGTH, MAX_FRAME, WireError, body_length
from sanity.core.calling import MAX_TEXT, SubmissionError

MAX_ANSWER = 10_000
"""Characters in one answer."""
MAX_NUMBER = 1e12
"""Larger losses and speeds are not displayed."""
MAX_VERSIONS = 100
MAX_READ = 64
"""Words or characters of one attention map, across and down."""
MAPS = 3
"""Attention maps of a trained model."""

Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Short = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Tokens = Annotated[list[Short], msgspec.Meta(max_length=MAX_READ)]


class Order(msgspec.Struct, frozen=True, tag=True):
    """To the trainer, as the first message: its one task."""

    program: str
    """The module that knows the task, such as `graders.sandbox.inside.translation`."""
    step: Literal["train", "answer"]
    """Train, or answer the test sentences with the best model that training has saved."""
    code: str
    """Folder with the submission laid over the handout; read-only."""
    modules: list[str]
    """The submission's own files in it."""
    data: str
    """Folder with the data; read-only."""
    device: str
    """cpu, cuda, or auto: cuda if there is a GPU."""
    threads: int
    settings: dict[str, Any]
    """Arguments of the program, from `Task.settings`."""


class DevScore(msgspec.Struct, frozen=True, tag=True):
    """To the trainer: the score of its answers for dev, and whether it may stop."""

    score: float
    enough: bool


class TimeUp(msgspec.Struct, frozen=True, tag=True):
    """To the trainer: the budget is used up. It may answer dev once more, with what it has learnt, and then ends."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """From the trainer, before it imports the submission."""

    device: Short
    versions: dict[Short, Short]


class Progress(msgspec.Struct, frozen=True, tag=True):
    """From the trainer, every few seconds. Loss and perplexity are None where they are not finite."""

    update: Count
    epoch: Count = 0
    loss: float | None = None
    perplexity: float | None = None
    words_per_second: float | None = None


class Answers(msgspec.Struct, frozen=True, tag=True):
    """From the trainer: one answer for each sentence of dev, or of the test."""

    update: Count
    texts: list[str]


class Attention(msgspec.Struct, frozen=True, tag=True):
    """From the trainer, after its answers for the test: what the model attended to as it gave one of them."""

    source: Tokens
    """The words or characters that were read."""
    target: Tokens
    """What read them: words of the answer, or heads."""
    weights: list[list[float]]
    """(target, source), from 0 to 1."""


class Finished(msgspec.Struct, frozen=True, tag=True):
    """From the trainer, as the last message: it ends normally."""

    how: Literal["converged", "diverged", "answered", "incomparable"]
    """Incomparable: the reference cannot tell which of the trained weights is which of its own."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """From the trainer, as the last message: the submission raised an exception."""

    raised: SubmissionError


TrainerMessage = Ready | Progress | Answers | Attention | Finished | Failed
RunnerMessage = Order | DevScore | TimeUp
Received = TypeVar("Received", bound=RunnerMessage)

_TRAINER_MESSAGES: msgspec.msgpack.Decoder[TrainerMessage] = msgspec.msgpack.Decoder(TrainerMessage)


def frame(message: TrainerMessage | RunnerMessage) -> bytes:
    """Return the frame of a message; raise WireError if it is too large."""
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_FRAME:
        raise WireError(f"a message of more than {MAX_FRAME} bytes")
    return LENGTH.pack(len(body)) + body


def decode_message(body: bytes | bytearray) -> TrainerMessage:
    """Decode a trainer's message; raise WireError for unknown types, wrong fields and oversized texts."""
    try:
        message = _TRAINER_MESSAGES.decode(body)
    except Exception:  # nothing that these bytes do to a parser may be the grader's failure
        raise WireError("a malformed frame") from None
    if isinstance(message, Progress):
        return msgspec.structs.replace(
            message,
            loss=finite(message.loss),
            perplexity=finite(message.perplexity),
            words_per_second=finite(message.words_per_second),
        )
    if isinstance(message, Answers) and max(map(len, message.texts), default=0) > MAX_ANSWER:
        raise WireError(f"an answer of more than {MAX_ANSWER} characters")
    if isinstance(message, Attention):
        if [len(message.source)] * len(message.target) != [len(row) for row in message.weights]:
            raise WireError("attention weights that are not (target, source)")
        if not all(0 <= weight <= 1 for row in message.weights for weight in row):
            raise WireError("an attention weight that is not from 0 to 1")
    if isinstance(message, Ready) and len(message.versions) > MAX_VERSIONS:
        raise WireError("too many versions")
    if isinstance(message, Failed):
        raised = message.raised
        if max(map(len, (raised.type, raised.text, raised.file, raised.trace))) > MAX_TEXT:
            raise WireError(f"an error text of more than {MAX_TEXT} characters")
    return message


def finite(value: float | None) -> float | None:
    """Return a number that can be displayed; None for NaN, infinity and absurdly large values.

    >>> finite(2.5), finite(float("nan")), finite(1e300)
    (2.5, None, None)
    """
    return value if value is not None and math.isfinite(value) and abs(value) < MAX_NUMBER else None


class Channel:
    """The trainer's end of the connection to its runner."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._time_up = False

    def send(self, message: TrainerMessage) -> None:
        """Send a message; block while the runner is busy."""
        self._channel.sendall(frame(message))

    def receive(self, kind: type[Received]) -> Received:
        """Wait for a message of this type; raise EOFError if the runner has hung up."""
        head = self._channel.recv(LENGTH.size, socket.MSG_WAITALL)
        if len(head) < LENGTH.size:
            raise EOFError("the runner has hung up")
        return msgspec.msgpack.decode(self._channel.recv(body_length(head), socket.MSG_WAITALL), type=kind)

    def validate(self, update: int, texts: list[str]) -> DevScore:
        """Send the answers for dev; return their score."""
        self.send(Answers(update, texts))
        while isinstance(reply := self.receive(DevScore | TimeUp), TimeUp):  # type: ignore[arg-type]
            self._time_up = True
        return reply

    def time_is_up(self) -> bool:
        """Return whether the runner has said that the budget is used up. Does not block."""
        if not self._time_up and select.select([self._channel], [], [], 0)[0]:
            self.receive(TimeUp)
            self._time_up = True
        return self._time_up
