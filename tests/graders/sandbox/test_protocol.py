"""What a runner believes of what a trainee says: known messages of known kinds, and nothing else."""

from __future__ import annotations

import math
import socket
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.sandbox.inside.protocol import (
    MAX_ANSWER,
    Answers,
    Failed,
    Finished,
    Judged,
    Order,
    Progress,
    Ready,
    Said,
    Talk,
    decode_said,
    finite,
    frame,
)
from graders.sandbox.inside.wire import LENGTH, WireError
from sanity.core.calling import SubmissionError

SAID: list[Said] = [
    Ready("cpu", {"torch": "2"}),
    Progress(3),
    Progress(3, 1, 2.5, 12.0, 300.0),
    Answers(7, ["one", ""]),
    Finished("converged"),
    Failed(SubmissionError("ValueError", "no", "nmt_model.py", 3, "trace")),
]


def packed(**message: Any) -> bytes:
    return msgspec.msgpack.encode(message)


@pytest.mark.parametrize("said", SAID)
def test_what_is_said_is_heard(said: Said) -> None:
    sent = frame(said)
    assert LENGTH.unpack(sent[:4]) == (len(sent) - 4,)
    assert decode_said(sent[4:]) == said


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        packed(type="Judged", score=100.0, enough=True),
        packed(type="Order"),
        packed(type="Progress", update=-1),
        packed(type="Progress", update=2**40),
        packed(type="Progress", update="7"),
        packed(type="Progress", update=1, loss="low"),
        packed(type="Answers", update=1, texts="text"),
        packed(type="Answers", update=1, texts=[b"bytes"]),
        packed(type="Finished", how="reached"),
        packed(type="Ready", device="x" * 10_000, versions={}),
        packed(type="Ready", device="cpu", versions=[]),
        b"\x91" * 10_000,
    ],
)
def test_nothing_else_is_believed(body: bytes) -> None:
    with pytest.raises(WireError, match=r"^a malformed frame: \w+$"):
        decode_said(body)


def test_long_texts_are_refused() -> None:
    assert decode_said(packed(type="Answers", update=1, texts=["x" * MAX_ANSWER]))
    with pytest.raises(WireError, match="an answer of more than 10000 characters"):
        decode_said(packed(type="Answers", update=1, texts=["", "x" * (MAX_ANSWER + 1)]))
    raised = {"type": "E", "text": "x" * 5000, "file": "", "line": 1, "trace": ""}
    with pytest.raises(WireError, match="an error text of more than 2000 characters"):
        decode_said(packed(type="Failed", raised=raised))
    with pytest.raises(WireError, match="too many versions"):
        decode_said(packed(type="Ready", device="cpu", versions={str(n): "1" for n in range(101)}))


def test_too_large_a_message_is_not_sent() -> None:
    with pytest.raises(WireError, match=r"^a message of \d+ bytes, more than 4194304$"):
        frame(Answers(1, ["x" * 10_000] * 1000))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error_of_ours(body: bytes) -> None:
    try:
        decode_said(body)
    except WireError as error:
        assert "\n" not in str(error)


@given(st.floats(allow_nan=True, allow_infinity=True) | st.none())
def test_numbers_to_show_are_finite(value: float | None) -> None:
    said = decode_said(packed(type="Progress", update=1, loss=value, perplexity=value, words_per_second=value))
    assert isinstance(said, Progress)
    assert said.loss == said.perplexity == said.words_per_second == finite(value)
    assert said.loss is None or math.isfinite(said.loss)


def test_a_trainee_hears_its_runner_and_notices_when_it_is_gone() -> None:
    ours, theirs = socket.socketpair()
    talk = Talk(theirs)
    order = Order("program", "train", "code", "data", "cpu", 1, {"knobs": {"lr": 0.1}})
    ours.sendall(frame(order))
    assert talk.hear(Order) == order
    ours.sendall(frame(Judged(33.5, False)))
    assert talk.judged(5, ["a"]) == Judged(33.5, False)
    assert decode_said(ours.recv(1000)[4:]) == Answers(5, ["a"])
    ours.close()
    with pytest.raises(EOFError, match="the runner has hung up"):
        talk.hear(Judged)
