"""The wire format between grader and worker: a length, then MessagePack, with arrays as dtype, shape and raw bytes.

Nothing is ever unpickled. A worker's message is decoded into plain data only, and an array is made only if its dtype
and shape fit its bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from sanity.core.calling import MAX_TEXT, SubmissionError
from sanity.core.values import MAX_DEPTH, Unsupported

MAX_FRAME = 4 * 2**20
"""Bytes in a frame. The largest answer of any question is smaller than 100 kB."""

LENGTH = struct.Struct("!I")
DTYPES = {code: np.dtype(code) for code in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")}
MAX_NDIM = 8
MAX_VALUES = 100_000
"""Values in an answer: numbers, texts, lists and so on; an array counts once. A frame could hold four million."""
ARRAY, UNSUPPORTED, SHARED = 1, 2, 3
"""MessagePack extension codes."""
MAX_HEADS = 1024
"""Size of the caches of array headers: there are few different ones, and a case has about two dozen arrays."""


class WireError(ValueError):
    """A frame that breaks the protocol; the message is one line, for students too.

    So it is one of a few: a number that the submission has chosen could tell what it has seen of a hidden case.
    """


class Ask(msgspec.Struct, frozen=True, tag=True):
    """Request to a worker: import a module of the submission, or call a probe."""

    id: int
    """A random number, which the reply must repeat."""
    name: str
    """The probe to call; without a case, the module to import."""
    case: dict[str, Any] | None = None


class AskAll(msgspec.Struct, frozen=True, tag=True):
    """Request to a worker: make many calls of probes, one after the other, without importing modules."""

    id: int
    calls: msgspec.Raw
    """From `calls_of`."""


class Answer(msgspec.Struct, frozen=True, tag=True):
    """Reply of a worker: the answer. To AskAll: a list for each call, with its answer, or empty if the call raised."""

    id: int
    value: Any


class Sealed(msgspec.Struct, frozen=True, tag="Answer"):
    """An Answer that was received, with its value as it was sent: `opened` decodes that."""

    id: int
    value: msgspec.Raw


class Failure(msgspec.Struct, frozen=True, tag=True):
    """Reply of a worker: the submission raised an exception."""

    id: int
    raised: SubmissionError


def _pack_array(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(type(value).__name__)
    return msgspec.msgpack.Ext(ARRAY, _head_of(value.dtype, value.shape) + value.tobytes())


@lru_cache(MAX_HEADS)
def _head_of(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Return the header of an array: its length as one byte, its dtype and its shape."""
    head = msgspec.msgpack.encode((dtype.str[1:], shape))
    return bytes([len(head)]) + head


def _mark_unsupported(value: Any) -> Any:
    """Replace each Unsupported by its extension type; msgspec would encode it as a dict, like every dataclass."""
    if isinstance(value, Unsupported):
        return msgspec.msgpack.Ext(UNSUPPORTED, value.type.encode())
    if isinstance(value, list):
        return [_mark_unsupported(item) for item in value]
    return {key: _mark_unsupported(item) for key, item in value.items()} if isinstance(value, dict) else value


def _unpack_ext(code: int, data: memoryview) -> Any:
    if code == UNSUPPORTED:
        return Unsupported(bytes(data[:100]).decode(errors="replace"))
    if code != ARRAY or len(data) == 0:
        raise WireError("an extension that is not known")
    start = 1 + data[0]
    dtype, shape, size = _parse_head(bytes(data[1:start]))
    if size != len(data) - start:
        raise WireError("an array whose shape does not fit its bytes")
    return np.frombuffer(data[start:], dtype).reshape(shape)


@lru_cache(MAX_HEADS)
def _parse_head(head: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Return dtype, shape and size in bytes of an array from its header; raise WireError if it is not allowed."""
    dtype, shape = _HEADS.decode(head)
    if dtype not in DTYPES or len(shape) > MAX_NDIM or not all(0 <= size <= MAX_FRAME for size in shape):
        raise WireError("an array of a dtype or shape that is not allowed")
    return DTYPES[dtype], shape, math.prod(shape) * DTYPES[dtype].itemsize


LEAVES = (type(None), bool, int, float, str, np.ndarray, Unsupported)
"""The types of plain values without parts."""

_HEADS = msgspec.msgpack.Decoder(tuple[str, tuple[int, ...]])
_ENCODER = msgspec.msgpack.Encoder(enc_hook=_pack_array)
_REPLIES = msgspec.msgpack.Decoder(Sealed | Failure)
_VALUES = msgspec.msgpack.Decoder(ext_hook=_unpack_ext)
_ASKS = msgspec.msgpack.Decoder(Ask | AskAll, ext_hook=_unpack_ext)
_CALLS = msgspec.msgpack.Decoder(tuple[list[Any], msgspec.Raw], ext_hook=_unpack_ext)


def calls_of(calls: Sequence[tuple[str, Mapping[str, Any]]]) -> msgspec.Raw:
    """Encode calls, each a probe's name and the values of a case, for AskAll. Arrays that cases share are sent once."""
    arrays: dict[int, np.ndarray[Any, Any]] = {}
    places: dict[int, int] = {}

    def share(value: Any) -> Any:
        arrays[id(value)] = value
        place = places.setdefault(id(value), len(places))
        return msgspec.msgpack.Ext(SHARED, place.to_bytes(4, "big"))

    written = msgspec.Raw(msgspec.msgpack.encode(calls, enc_hook=share))
    return msgspec.Raw(_ENCODER.encode((list(arrays.values()), written)))


def read_calls(raw: msgspec.Raw) -> list[tuple[str, dict[str, Any]]]:
    """Decode the calls of `calls_of`. Their shared arrays are read-only."""
    arrays, written = _CALLS.decode(raw)

    def shared(code: int, data: memoryview) -> Any:
        return arrays[int.from_bytes(data, "big")] if code == SHARED else _unpack_ext(code, data)

    calls: list[tuple[str, dict[str, Any]]]
    calls = msgspec.msgpack.decode(written, type=list[tuple[str, dict[str, Any]]], ext_hook=shared)
    return calls


def encode(message: Ask | AskAll | Answer | Failure) -> bytes:
    """Return the frame of a message; raise WireError if it is too large."""
    if isinstance(message, Answer):
        _require_plain(message.value)
        message = Answer(message.id, _mark_unsupported(message.value))
    body = _ENCODER.encode(message)
    if len(body) > MAX_FRAME:
        raise WireError(f"an answer of more than {MAX_FRAME} bytes")
    return LENGTH.pack(len(body)) + body


def body_length(head: bytes) -> int:
    """Return the length that a frame's first four bytes announce; raise WireError if it is too large."""
    (length,) = LENGTH.unpack(head)
    if length > MAX_FRAME:
        raise WireError(f"a frame of more than {MAX_FRAME} bytes")
    return int(length)


def decode_reply(body: bytes | bytearray) -> Answer | Failure:
    """Decode a worker's reply; raise WireError for anything but an Answer of plain data or a Failure."""
    reply = decode_sealed(body)
    return reply if isinstance(reply, Failure) else Answer(reply.id, opened(reply))


def decode_sealed(body: bytes | bytearray) -> Sealed | Failure:
    """Decode a worker's reply but for an Answer's value; raise WireError for what is neither."""
    try:
        reply: Sealed | Failure = _REPLIES.decode(body)
        if (
            isinstance(reply, Failure)
            and max(map(len, (reply.raised.type, reply.raised.text, reply.raised.file, reply.raised.trace))) > MAX_TEXT
        ):
            raise WireError(f"an error text of more than {MAX_TEXT} characters")
    except WireError:
        raise
    except Exception:  # nothing that these bytes do to a parser may be the grader's failure
        raise WireError("a malformed frame") from None
    return reply


def opened(reply: Sealed) -> Any:
    """Decode the value of an Answer; raise WireError for anything but plain data."""
    try:
        value = _VALUES.decode(bytearray(reply.value))  # in memory of its own, so that its arrays can be written
        _require_plain(value)
    except WireError:
        raise
    except Exception:  # nothing that these bytes do to a parser may be the grader's failure
        raise WireError("a malformed frame") from None
    return value


def _require_plain(answer: Any) -> None:
    """Raise WireError for values that `plain` never returns: bytes, times, deep nesting, keys that are not text.

    Also for values that would need far more memory than their frame: a very large number of values, or one long text
    among many, as numpy pads all texts of an array to the longest.
    """
    values = longest = 0

    def visit(value: Any, depth: int) -> None:
        nonlocal values, longest
        values += 1
        if values > MAX_VALUES:
            raise WireError(f"an answer of more than {MAX_VALUES} values")
        if isinstance(value, str):
            longest = max(longest, len(value))
        if isinstance(value, LEAVES):
            return
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            value = list(value.values())
        if not isinstance(value, list) or depth == MAX_DEPTH:
            raise WireError("a value that is not plain data")
        for part in value:
            visit(part, depth + 1)

    visit(answer, 0)
    if values * longest > MAX_FRAME:
        raise WireError("too long a text among so many values")


def decode_ask(body: bytes | bytearray) -> Ask | AskAll:
    """Decode a request."""
    request: Ask | AskAll = _ASKS.decode(body)
    return request
