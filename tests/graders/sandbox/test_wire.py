"""Frames: what goes in comes out, and nothing that a worker sends does anything but that or a WireError."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graders.sandbox.inside.wire import (
    ARRAY,
    LENGTH,
    MAX_FRAME,
    UNSUPPORTED,
    Answer,
    Ask,
    AskAll,
    Failure,
    WireError,
    body_length,
    calls_of,
    decode_ask,
    decode_reply,
    decode_sealed,
    encode,
    opened,
    read_calls,
)
from sanity.core.calling import MAX_TEXT, SubmissionError
from sanity.core.values import MAX_DEPTH, Unsupported
from tests.support.answers import arrays, plain_values, same

IDS = st.integers(0, 2**63 - 1)
pack = msgspec.msgpack.encode


def raw(value: Any) -> bytes:
    """Return the body of an Answer that our own code would never make."""
    return pack({"type": "Answer", "id": 1, "value": value})


def raw_array(dtype: object, shape: object, data: bytes = b"") -> bytes:
    head = pack((dtype, shape))
    return raw(msgspec.msgpack.Ext(ARRAY, bytes([len(head)]) + head + data))


def refusal(body: bytes) -> str:
    with pytest.raises(WireError) as error:
        decode_reply(body)
    return str(error.value)


@given(IDS, plain_values())
def test_an_answer_comes_out_as_it_went_in(id: int, value: Any) -> None:
    frame = encode(Answer(id, value))
    assert body_length(frame[: LENGTH.size]) == len(frame) - LENGTH.size
    reply = decode_reply(frame[LENGTH.size :])
    assert isinstance(reply, Answer)
    assert reply.id == id
    assert same(reply.value, value)


@given(arrays())
def test_an_array_that_is_not_contiguous_comes_out_whole(array: Any) -> None:
    reply = decode_reply(encode(Answer(1, array.T))[LENGTH.size :])
    assert isinstance(reply, Answer)
    assert same(reply.value, np.ascontiguousarray(array.T).reshape(array.T.shape))


def test_a_large_array_comes_out_as_it_went_in() -> None:
    array = np.arange(500_000).reshape(5, -1)
    reply = decode_reply(encode(Answer(1, [array]))[LENGTH.size :])
    assert isinstance(reply, Answer)
    assert same(reply.value, [array])


def test_a_value_that_is_sent_twice_is_the_one_whose_bytes_are_kept() -> None:
    right, wrong = pack([1.5]), pack([2.5])
    for first, last in ((right, wrong), (wrong, right)):
        reply = decode_sealed(
            b"\x84" + pack("type") + pack("Answer") + pack("id") + pack(1) + _named(first) + _named(last)
        )
        assert not isinstance(reply, Failure)
        assert pack(opened(reply)) == bytes(reply.value) == last


def _named(value: bytes) -> bytes:
    return pack("value") + value


TEXTS = st.text(max_size=MAX_TEXT)


@given(IDS, st.builds(SubmissionError, TEXTS, TEXTS, TEXTS, st.integers(0, 2**31), TEXTS))
def test_a_failure_comes_out_as_it_went_in(id: int, raised: SubmissionError) -> None:
    assert decode_reply(encode(Failure(id, raised))[LENGTH.size :]) == Failure(id, raised)


CASE_VALUES = st.integers(-(2**63), 2**64 - 1) | st.text() | st.lists(st.text()) | arrays()


@given(IDS, st.text(), st.none() | st.dictionaries(st.text(), CASE_VALUES, max_size=3))
def test_a_question_comes_out_as_it_went_in(id: int, name: str, case: dict[str, Any] | None) -> None:
    asked = decode_ask(encode(Ask(id, name, case))[LENGTH.size :])
    assert (asked.id, asked.name) == (id, name)
    assert same(asked.case, case)


@given(IDS, st.lists(st.tuples(st.text(), st.dictionaries(st.text(), CASE_VALUES, max_size=3)), max_size=4))
def test_many_questions_come_out_as_they_went_in(id: int, calls: list[tuple[str, dict[str, Any]]]) -> None:
    asked = decode_ask(encode(AskAll(id, calls_of(calls)))[LENGTH.size :])
    assert isinstance(asked, AskAll)
    assert asked.id == id
    assert same([list(call) for call in read_calls(asked.calls)], [list(call) for call in calls])


def test_an_array_that_many_questions_share_is_written_once_and_cannot_be_changed() -> None:
    weight = np.arange(1000.0)
    one, many = (calls_of([("probe", {"weights": {"W": weight}, "x": x}) for x in range(n)]) for n in (1, 50))
    assert len(many) < len(one) + 50 * 30
    for _, case in read_calls(many):
        assert same(case["weights"]["W"], weight)
        with pytest.raises(ValueError, match="read-only"):
            case["weights"]["W"][0] = 1


@st.composite
def mutated_frames(draw: st.DrawFn) -> bytes:
    """Draw the body of a valid frame with a few bytes changed, cut out or put in."""
    raised = SubmissionError("ValueError", "no", "utils.py", 3, "trace")
    message = draw(st.builds(Answer, IDS, plain_values()) | st.just(Failure(1, raised)) | st.just(Ask(1, "pad", {})))
    body = bytearray(encode(message)[LENGTH.size :])
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        body[start : start + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(body)


@given(st.binary(max_size=200) | mutated_frames())
@example(b"")
@example(raw([[]] * 100_000))
def test_any_bytes_are_a_plain_answer_a_failure_or_a_wire_error(body: bytes) -> None:
    try:
        reply = decode_reply(body)
    except WireError as error:
        assert "\n" not in str(error)
        return
    assert isinstance(reply, Answer | Failure)
    if isinstance(reply, Answer):  # what comes in can go out: it is plain
        again = decode_reply(encode(Answer(reply.id, reply.value))[LENGTH.size :])
        assert isinstance(again, Answer)
        assert same(again.value, reply.value)


NEST = b"\x83\xa4type\xa6Answer\xa2id\x01\xa5value" + b"\x91" * 100_000 + b"\x01"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (NEST, "a malformed frame"),
        (raw(1) + b"\0", "a malformed frame"),
        (raw(1)[:-1], "a malformed frame"),
        (pack([1, 2]), "a malformed frame"),
        (pack({"type": "Ask", "id": 1, "name": "pad"}), "a malformed frame"),
        (raw(1)[:-1] + b"\xdd\xff\xff\xff\xff", "a malformed frame"),
        (raw(1)[:-1] + b"\xdb\xff\xff\xff\xff", "a malformed frame"),
        (raw(1)[:-1] + b"\xa1\xff", "a malformed frame"),
        (raw(msgspec.msgpack.Ext(7, b"x")), "an extension that is not known"),
        (raw(msgspec.msgpack.Ext(ARRAY, b"")), "an extension that is not known"),
        (raw(msgspec.msgpack.Ext(ARRAY, b"\xff\x92")), "a malformed frame"),
        (raw_array("f4", [1]), "an array whose shape does not fit its bytes"),
        (raw_array("f4", [2**62, 2**62]), "an array of a dtype or shape that is not allowed"),
        (raw_array("f4", [0, 2**64 - 1]), "an array of a dtype or shape that is not allowed"),
        (raw_array("f4", [-1, -1], b"1234"), "an array of a dtype or shape that is not allowed"),
        (raw_array("f4", [1] * 9, b"1234"), "an array of a dtype or shape that is not allowed"),
        (raw_array("O", [1], b"12345678"), "an array of a dtype or shape that is not allowed"),
        (raw_array("V4", [1], b"1234"), "an array of a dtype or shape that is not allowed"),
        (raw_array(4, [1], b"1234"), "a malformed frame"),
        (raw(b"bytes"), "a value that is not plain data"),
        (raw(datetime(2025, 1, 31, tzinfo=UTC)), "a value that is not plain data"),
        (raw({1: "an int for a key"}), "a value that is not plain data"),
        (pack({"type": "Failure", "id": 1, "raised": 5}), "a malformed frame"),
    ],
)
def test_what_a_hostile_worker_may_send(body: bytes, said: str) -> None:
    assert refusal(body) == said


def nested(depth: int) -> list[Any]:
    return [] if depth == 1 else [nested(depth - 1)]


def test_lists_nest_as_deeply_as_an_answer_may_and_no_deeper() -> None:
    assert isinstance(decode_reply(raw(nested(MAX_DEPTH))), Answer)
    assert refusal(raw(nested(MAX_DEPTH + 1))) == "a value that is not plain data"


def test_an_error_text_is_no_longer_than_a_worker_makes_it() -> None:
    raised = SubmissionError("ValueError", "", "", 0, "x" * (MAX_TEXT + 1))
    assert refusal(encode(Failure(1, raised))[LENGTH.size :]) == "an error text of more than 2000 characters"


def test_the_name_of_an_odd_type_is_cut() -> None:
    reply = decode_reply(raw(msgspec.msgpack.Ext(UNSUPPORTED, b"\xff" + b"x" * 1000)))
    assert reply == Answer(1, Unsupported("\ufffd" + "x" * 99))


def test_a_frame_has_a_largest_size() -> None:
    assert body_length(LENGTH.pack(MAX_FRAME)) == MAX_FRAME
    with pytest.raises(WireError, match=r"^a frame of more than 4194304 bytes$"):
        body_length(LENGTH.pack(MAX_FRAME + 1))
    with pytest.raises(WireError, match=r"^an answer of more than 4194304 bytes$"):
        encode(Answer(1, np.zeros(MAX_FRAME, "u1")))
