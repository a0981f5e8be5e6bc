"""The runner accepts known messages with fields of known types from a trainer, and nothing else."""

from __future__ import annotations

import math
import re
import socket
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.sandbox.inside.protocol import (
    MAX_ANSWER,
    Answers,
    Attention,
    Channel,
    DevScore,
    Failed,
    Finished,
    Order,
    Progress,
    Ready,
    TrainerMessage,
    decode_message,
    finite,
    frame,
)
from graders.sandbox.inside.wire import LENGTH, WireError
from sanity.core.calling import SubmissionError

MESSAGES: list[TrainerMessage] = [
    Ready("cpu", {"torch": "2"}),
    Progress(3),
    Progress(3, 1, 2.5, 12.0, 300.0),
    Answers(7, ["one", ""]),
    Attention(["ein", "Satz"], ["</s>"], [[0.25, 0.75]]),
    Attention([], [], []),
    Finished("converged"),
    Failed(SubmissionError("ValueError", "no", "nmt_model.py", 3, "trace")),
]


def packed(**message: Any) -> bytes:
    return msgspec.msgpack.encode(message)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_survives_its_frame(message: TrainerMessage) -> None:
    sent = frame(message)
    assert LENGTH.unpack(sent[:4]) == (len(sent) - 4,)
    assert decode_message(sent[4:]) == message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        packed(type="DevScore", score=100.0, enough=True),
        packed(type="Order"),
        packed(type="Progress", update=-1),
        packed(type="Progress", update=2**40),
        packed(type="Progress", update="7"),
        packed(type="Progress", update=1, loss="low"),
        packed(type="Answers", update=1, texts="text"),
        packed(type="Answers", update=1, texts=[b"bytes"]),
        packed(type="Attention", source=["a"] * 65, target=["b"], weights=[[0.5] * 65]),
        packed(type="Attention", source=["x" * 10_000], target=["b"], weights=[[1.0]]),
        packed(type="Attention", source=["a"], target=["b"], weights=[["1"]]),
        packed(type="Finished", how="reached"),
        packed(type="Ready", device="x" * 10_000, versions={}),
        packed(type="Ready", device="cpu", versions=[]),
        b"\x91" * 10_000,
    ],
)
def test_nothing_else_is_accepted(body: bytes) -> None:
    with pytest.raises(WireError, match=r"^a malformed frame$"):
        decode_message(body)


def test_long_texts_are_refused() -> None:
    assert decode_message(packed(type="Answers", update=1, texts=["x" * MAX_ANSWER]))
    with pytest.raises(WireError, match="an answer of more than 10000 characters"):
        decode_message(packed(type="Answers", update=1, texts=["", "x" * (MAX_ANSWER + 1)]))
    raised = {"type": "E", "text": "x" * 5000, "file": "", "line": 1, "trace": ""}
    with pytest.raises(WireError, match="an error text of more than 2000 characters"):
        decode_message(packed(type="Failed", raised=raised))
    with pytest.raises(WireError, match="too many versions"):
        decode_message(packed(type="Ready", device="cpu", versions={str(n): "1" for n in range(101)}))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([[0.5, 0.5]], "attention weights that are not (target, source)"),
        ([[0.5], [0.5, 0.5]], "attention weights that are not (target, source)"),
        ([[0.5, 0.5], [1.0, math.nan]], "an attention weight that is not from 0 to 1"),
        ([[0.5, 0.5], [1.5, -0.5]], "an attention weight that is not from 0 to 1"),
    ],
)
def test_attention_that_cannot_be_drawn_is_refused(weights: list[list[float]], message: str) -> None:
    with pytest.raises(WireError, match=re.escape(message)):
        decode_message(packed(type="Attention", source=["a", "b"], target=["c", "d"], weights=weights))


def test_too_large_a_message_is_not_sent() -> None:
    with pytest.raises(WireError, match=r"^a message of more than 4194304 bytes$"):
        frame(Answers(1, ["x" * 10_000] * 1000))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error_of_ours(body: bytes) -> None:
    try:
        decode_message(body)
    except WireError as error:
        assert "\n" not in str(error)


@given(st.floats(allow_nan=True, allow_infinity=True) | st.none())
def test_numbers_to_show_are_finite(value: float | None) -> None:
    message = decode_message(packed(type="Progress", update=1, loss=value, perplexity=value, words_per_second=value))
    assert isinstance(message, Progress)
    assert message.loss == message.perplexity == message.words_per_second == finite(value)
    assert message.loss is None or math.isfinite(message.loss)


def test_a_trainer_receives_messages_and_notices_a_hang_up() -> None:
    ours, theirs = socket.socketpair()
    channel = Channel(theirs)
    order = Order("program", "train", "code", ["utils.py"], "data", "cpu", 1, {"hyperparameters": {"lr": 0.1}})
    ours.sendall(frame(order))
    assert channel.receive(Order) == order
    ours.sendall(frame(DevScore(33.5, False)))
    assert channel.validate(5, ["a"]) == DevScore(33.5, False)
    assert decode_message(ours.recv(1000)[4:]) == Answers(5, ["a"])
    ours.close()
    with pytest.raises(EOFError, match="the runner has hung up"):
        channel.receive(DevScore)
