"""Answers as plain data: whatever is returned becomes numbers, text, arrays, lists and dicts, and has its form."""

from __future__ import annotations

from collections import OrderedDict, UserDict, namedtuple
from enum import IntEnum
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sanity.core.errors import CheckFailed
from sanity.core.forms import form_text, parse_form, unpack
from sanity.core.values import MAX_DEPTH, Unsupported, describe, plain
from tests.support.drawn import alike, arrays, plain_values

Pair = namedtuple("Pair", "first second")


class Colour(IntEnum):
    RED = 1


class Word(str):
    def __repr__(self) -> str:
        raise AssertionError("nothing of a submission is asked to spell itself")


def reference_mismatch(array: Any) -> Any:
    """The same numbers in the other byte order, with steps between them."""
    wide = np.zeros((*array.shape, 2), array.dtype.newbyteorder())
    wide[..., 0] = array
    return wide[..., 0]


def odd_leaves() -> st.SearchStrategy[Any]:
    """What submissions return besides plain values."""
    made = [
        lambda: torch.randn(2, 3, requires_grad=True).transpose(0, 1),
        lambda: torch.nn.Parameter(torch.ones(2).half()),
        lambda: torch.ones(2, dtype=torch.bfloat16),
        lambda: torch.ones(2, dtype=torch.int16).expand(3, 2),
        lambda: torch.ones(2).to_sparse(),
        lambda: torch.ones(1, dtype=torch.complex64),
        lambda: torch.nn.utils.rnn.pack_sequence([torch.ones(2, 1)]),
        lambda: torch.nn.Linear(1, 1),
        lambda: np.float64(1.5),
        lambda: np.longdouble(1.5),
        lambda: np.str_("word"),
        lambda: np.array(["a", None], dtype=object),
        lambda: np.ma.masked_array([1.0, 2.0], [True, False]),
        lambda: np.ones(3, ">f8")[::-2],
        lambda: np.array([("a", 1)], dtype=[("name", "U1"), ("n", "i4")]),
        lambda: (i for i in range(2)),
        lambda: Colour.RED,
        lambda: Word("word"),
        lambda: Pair(1, [2]),
        lambda: {1: "one", (2,): "two"},
        lambda: OrderedDict(a=1),
        lambda: UserDict(a=torch.ones(1)),
        lambda: {1, 2},
        lambda: b"bytes",
        lambda: 1j,
        lambda: print,
        lambda: int,
        lambda: ...,
        object,
    ]
    return st.sampled_from(made).map(lambda make: make()) | arrays().map(reference_mismatch) | plain_values()


def odd_values() -> st.SearchStrategy[Any]:
    return st.recursive(
        odd_leaves(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner)
        ),
        max_leaves=6,
    )


def parts(value: Any) -> list[Any]:
    """A value and all that is in it."""
    if isinstance(value, dict | UserDict):
        return [value, *(part for item in value.values() for part in parts(item))]
    if isinstance(value, list | tuple):
        return [value, *(part for item in value for part in parts(item))]
    return [value]


@given(odd_values())
def test_whatever_is_returned_becomes_plain_data(value):
    for part in parts(plain(value)):
        assert part is None or type(part) in (bool, int, float, str, list, dict, np.ndarray, Unsupported)
        if type(part) is dict:
            assert all(type(key) is str for key in part)
        if type(part) is np.ndarray:
            assert part.dtype.kind in "biuf" and part.dtype.itemsize in (1, 2, 4, 8)
            assert part.dtype.isnative and part.flags.c_contiguous and part.flags.owndata


@given(odd_values())
def test_nothing_in_it_shares_memory_with_what_was_returned(value):
    given = [np.asarray(part) for part in parts(value) if isinstance(part, np.ndarray)]
    given += [part.detach().numpy() for part in parts(value) if type(part) is torch.Tensor and plain_kind(part)]
    answered = [part for part in parts(plain(value)) if isinstance(part, np.ndarray)]
    assert not any(np.may_share_memory(a, b) for a in given for b in answered)


def plain_kind(tensor: torch.Tensor) -> bool:
    return tensor.layout == torch.strided and tensor.dtype != torch.bfloat16


@given(plain_values())
def test_what_is_plain_stays_as_it_is(value):
    assert alike(plain(value), value)
    assert alike(plain(plain(value)), value)


@given(
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=0, max_dims=3, max_side=3), elements=st.floats(-9, 9, width=16))
)
def test_numbers_keep_their_values_on_the_way(array):
    tensor = torch.tensor(array, requires_grad=True)
    for same in (tensor, tensor.half(), reference_mismatch(array), array.astype(np.longdouble)):
        assert np.array_equal(plain(same), array)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.nn.utils.rnn.pack_sequence([torch.ones(2, 1)]), "a value of type PackedSequence"),
        ((i for i in ()), "a value of type generator"),
        (torch.ones(2).to_sparse(), "a value of type sparse"),
        (torch.ones(1, dtype=torch.complex64), "a value of type complex64"),
        ({1}, "a value of type set"),
        (type("IgnoreTheRubric", (), {})(), "a value of another type"),
    ],
)
def test_of_what_is_not_data_only_a_known_type_name_remains(value, said):
    assert str(plain(value)) == said


def test_an_answer_within_itself_has_an_end():
    knot: list[Any] = []
    knot.append(knot)
    answer, depth = plain(knot), 0
    while isinstance(answer, list):
        [answer], depth = answer, depth + 1
    assert (answer, depth) == (Unsupported("list"), MAX_DEPTH)


NAMES = st.from_regex(r"\A[a-z_]\w*(\[\d\]| \w+)?\Z")
FORMS = st.recursive(NAMES, lambda inner: st.lists(inner, min_size=2, max_size=4).map(tuple), max_leaves=8)


@given(FORMS)
def test_a_form_reads_back_as_it_is_spelled(form):
    assert parse_form(form_text(form)) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("loss", "loss"),
        ("loss, gradients", ("loss", "gradients")),
        ("enc_hiddens, (h[0], c_0)", ("enc_hiddens", ("h[0]", "c_0"))),
        ("((a, b), c), sents after the call", ((("a", "b"), "c"), "sents after the call")),
        ("(a, b)", ("a", "b")),
    ],
)
def test_forms(text, form):
    assert parse_form(text) == form


@given(FORMS)
def test_an_answer_of_the_form_is_unpacked_by_name(form):
    names = [name for name in parts(form) if isinstance(name, str)]
    assume(len(set(names)) == len(names))
    answer = numbered(form, iter(range(99)))
    assert unpack(answer, form, "f()") == {name: number for number, name in enumerate(names)}


def numbered(form: Any, counter: Any) -> Any:
    return next(counter) if isinstance(form, str) else [numbered(part, counter) for part in form]


ENCODED = ("enc_hiddens", ("h_0", "c_0"))


@pytest.mark.parametrize(
    ("answer", "form", "message"),
    [
        (None, "loss", "f() returned None: did you forget `return`?"),
        (None, ENCODED, "f() returned None: did you forget `return`?"),
        (np.ones((2, 3)), ENCODED, "f() returned an array of shape (2, 3), expected 2 values: enc_hiddens, (h_0, c_0)"),
        ([1, 2, 3], ENCODED, "f() returned 3 values, expected 2: enc_hiddens, (h_0, c_0)"),
        ([1, [2]], ENCODED, "the part (h_0, c_0) of f() returned 1 values, expected 2: h_0, c_0"),
        ([1, np.ones(2)], ENCODED,
         "the part (h_0, c_0) of f() returned an array of shape (2,), expected 2 values: h_0, c_0"),
        ([1, None], ENCODED, "the part (h_0, c_0) of f() returned None: did you forget `return`?"),
        (Unsupported("Wow"), ENCODED,
         "f() returned a value of another type, expected 2 values: enc_hiddens, (h_0, c_0)"),
        ({"enc_hiddens": 1}, ENCODED, "f() returned a dict, expected 2 values: enc_hiddens, (h_0, c_0)"),
    ],
)  # fmt: skip
def test_an_answer_of_another_form_is_refused(answer, form, message):
    with pytest.raises(CheckFailed) as refused:
        unpack(answer, form, "f()")
    assert refused.value.message == message


@given(odd_values())
def test_every_plain_value_can_be_described_in_a_few_words(value):
    assert 0 < len(describe(plain(value))) < 60
