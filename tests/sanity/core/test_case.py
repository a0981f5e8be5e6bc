"""Cases: named by their content, made from numbers, drawn and shrunk."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanity.core.case import Case, CaseError, Cases
from tests.support.drawn import SIZES, alike, arrays, plain_values


def digest(value: Any) -> str:
    return Case("", {"value": value}).digest


@given(plain_values())
def test_what_is_made_alike_has_one_digest(value):
    again = copy.deepcopy(value)
    if isinstance(again, dict):
        again = dict(reversed(again.items()))
    assert Case("other words", {"value": again}).digest == digest(value)


@given(plain_values(), plain_values())
def test_different_values_have_different_digests(a, b):
    assert (digest(a) == digest(b)) == alike(a, b)


@given(st.lists(st.integers(0, 130), max_size=4), st.lists(st.integers(0, 130), max_size=4))
def test_numbers_side_by_side_are_not_taken_for_one(a, b):
    assert (digest(a) == digest(b)) == (a == b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1, 23], [12, 3]),
        (["a", "b"], ["ab", ""]),
        ([[1], 2], [[1, 2]]),
        (1, True),
        (1, 1.0),
        (None, "None"),
        (np.zeros(2, "f4"), np.zeros(1, "f8")),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        ([np.zeros(1), np.ones(1)], [np.ones(1), np.zeros(1)]),
        ({"a": 1}, {"b": 1}),
    ],
)
def test_values_that_look_alike_differ(a, b):
    assert digest(a) != digest(b)


@given(arrays())
def test_the_layout_in_memory_is_not_part_of_the_content(array):
    assert digest(np.array(array, order="F")) == digest(array)


def test_having_changes_a_copy():
    case = Case("words", {"a": 1, "b": 2})
    changed = case.having(a=5, c=7)
    assert (changed.a, changed.b, changed.c, changed.words) == (5, 2, 7, "words")
    assert case.a == 1 and not hasattr(case, "c")


def test_having_the_same_gives_the_same_digest():
    case, other = Case("", {"a": 1, "b": 2}), Case("", {"a": 9, "b": 2})
    digests = [
        case.digest,
        case.having(a=5).digest,
        case.having(a=6).digest,
        case.having(b=5).digest,
        case.having(a=5).having(b=6).digest,
        case.having(b=6).having(a=5).digest,
        other.having(a=5).digest,
    ]
    assert len(set(digests)) == len(digests)
    assert case.having(a=5).having(b=6).digest == Case("", {"a": 1, "b": 2}).having(a=5).having(b=6).digest


def test_a_digest_does_not_depend_on_the_last_bits_of_a_sum():
    """Matrix products differ from processor to processor; a recording made on one is found on all."""
    rounding = iter([0.0, 1e-16, 0.0])
    family = Cases(lambda seed, n: {"x": n + next(rounding)}, {"n": (0, 4)}, "{n}")
    one, other, another = family.case(n=0), family.case(n=0), family.case(n=1)
    assert one.x != other.x and one.digest == other.digest != another.digest


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, lambda case: pickle.loads(pickle.dumps(case))])
def test_a_case_survives_copying(through: Any):
    case = FAMILY.case(n=3).having(extra=np.ones(2), parts=[{"a": (1, None)}])
    assert through(case).digest == case.digest  # before it was computed, and after
    again = through(case)
    assert (again.n, again.words, again.digest, again.origin[0]) == (3, case.words, case.digest, case.origin[0])
    assert alike(again.values, case.values)
    assert again.having(n=4).digest == case.having(n=4).digest
    with pytest.raises(AttributeError, match=r"^the case has no 'c', only seed, n, flag, extra, parts$"):
        _ = again.c


def test_a_value_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(AttributeError, match=r"^the case has no 'c', only a, b$"):
        _ = Case("", {"a": 1, "b": 2}).c


def make(**numbers: int) -> dict[str, int]:
    return numbers


FAMILY = Cases(make, {"n": (2, 4), "flag": (0, 1)}, "{n} things", ({"n": 4}, {"flag": 1}))


def test_numbers_left_out_are_the_smallest():
    case = FAMILY.case(n=3)
    assert (case.words, case.values) == ("3 things", {"n": 3, "flag": 0, "seed": 0})
    assert FAMILY.case().values == {"n": 2, "flag": 0, "seed": 0}


def test_one_is_no_plural():
    family = Cases(make, {"b": (1, 9), "n": (1, 30)}, "{b} sentences of up to {n} words, e = 1, classes")
    said = [family.case(b=b, n=n).words for b, n in ((1, 2), (2, 1), (1, 21))]
    assert said == [
        "1 sentence of up to 2 words, e = 1, classes",
        "2 sentences of up to 1 word, e = 1, classes",
        "1 sentence of up to 21 words, e = 1, classes",
    ]


def test_corners_are_the_same_for_one_seed_and_others_for_another():
    corners = FAMILY.corner_cases(7)
    assert [(case.n, case.flag) for case in corners] == [(4, 0), (2, 1)]
    assert len({case.seed for case in corners}) == 2
    assert [case.digest for case in FAMILY.corner_cases(7)] == [case.digest for case in corners]
    assert all(a.seed != b.seed for a, b in zip(FAMILY.corner_cases(8), corners, strict=True))


@given(FAMILY.strategy())
def test_drawn_numbers_are_in_their_ranges(case):
    assert 2 <= case.n <= 4 and 0 <= case.flag <= 1 and 0 <= case.seed < 2**31


def test_cases_shrink_to_the_smallest_numbers():
    found = hypothesis.find(SIZES.strategy(), lambda case: case.n > 3)
    assert found.values == {"n": 4, "seed": 0}


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_the_same_seed_draws_the_same_cases(seed):
    first = FAMILY.drawn_cases(seed, 10)
    assert [case.digest for case in FAMILY.drawn_cases(seed, 10)] == [case.digest for case in first]
    assert len(first) == 10 and len({case.digest for case in first}) == 10
    assert len(FAMILY.drawn_cases(seed, 1)) == 1


def test_the_first_drawn_case_has_the_smallest_sizes():
    first = FAMILY.drawn_cases(3, 2)[0]
    assert first.digest == FAMILY.case(seed=first.seed).digest


def test_another_seed_draws_others():
    one, other = ({case.digest for case in FAMILY.drawn_cases(seed, 10)} for seed in (1, 2))
    assert one.isdisjoint(other)


def inverse(*, seed: int, n: int) -> dict[str, Any]:
    return {"x": 1 / n}


@pytest.mark.parametrize(
    ("family", "said"),
    [
        (Cases(inverse, {"n": (0, 3)}, "{n}"), "(seed=0, n=0) or its words: ZeroDivisionError: division by zero"),
        (Cases(inverse, {"n": (1, 3)}, "{m} words"), "(seed=0, n=1) or its words: KeyError: 'm'"),
    ],
)
def test_a_case_that_cannot_be_made_is_one_line(family, said):
    with pytest.raises(CaseError) as error:
        family.case()
    assert str(error.value) == f"{inverse.__module__}.inverse{said}"
