"""The passages of a pair: equal on both sides, and each character in one of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graders.similarity.code import File
from graders.similarity.fingerprints import GUARANTEED, Code, fingerprint, handout_of
from graders.similarity.passages import Passage, passages
from graders.similarity.tokens import filter_source

NOTHING, NONE = handout_of([]), np.zeros(0, dtype=np.int64)
MEAN = "def mean(numbers):\n    total = 0.0\n    for number in numbers:\n        total += number\n    return total\n\n"
MOST = "def most(pairs):\n    return max(pairs, key=lambda pair: (pair[1], -len(pair[0])))[0] if pairs else None\n\n"


def made(*texts: str) -> Code:
    return fingerprint([File(f"{number}.py", text) for number, text in enumerate(texts)], NOTHING)


def texts(one: Code, other: Code, passage: Passage) -> tuple[str, str]:
    first, second = passage.first, passage.second
    return one.files[first.file].text[first.start : first.end], other.files[second.file].text[second.start : second.end]


def test_functions_in_another_order_or_file_are_passages() -> None:
    one, other = made(MEAN + MOST), made("import os\n" + MOST, "x = 1\n" + MEAN.replace("number", "item"))
    found = passages(one, other, NONE)
    assert [texts(one, other, passage)[0].split("(")[0] for passage in found] == ["def mean", "def most"]
    assert [(passage.first.file, passage.second.file) for passage in found] == [(0, 1), (0, 0)]


def test_a_passage_is_whole_on_both_sides() -> None:
    one, other = made("a[1] = 2\n" + MEAN), made(MEAN.replace("total", "sum_of_them") + "b = {}\n")
    (passage,) = passages(one, other, NONE)
    mine, theirs = texts(one, other, passage)
    assert mine == MEAN.strip() and theirs == MEAN.strip().replace("total", "sum_of_them")


def test_common_knowledge_alone_is_no_passage() -> None:
    one, other = made(MEAN), made(MEAN)
    assert passages(one, other, NONE)
    assert not passages(one, other, one.fingerprints)


SIGNS = "+-*/%&|^~<>()[]{},:"
PARTS = st.lists(st.sampled_from([MEAN, MOST, "x = [1, 2]\n", SIGNS, SIGNS[::-1] * 2]), min_size=1, max_size=8)


@given(PARTS, PARTS)
def test_passages_are_equal_and_never_overlap(one_parts: list[str], other_parts: list[str]) -> None:
    one, other = made("".join(one_parts)), made("".join(other_parts))
    used: set[tuple[int, int]] = set()
    found = passages(one, other, NONE)
    for passage in found:
        mine, theirs = texts(one, other, passage)
        assert filter_source(mine).text == filter_source(theirs).text
        for side, span in enumerate((passage.first, passage.second)):
            places = {(side, place) for place in range(span.start, span.end)}
            assert not used & places
            used |= places
    shared = set(one_parts) & set(other_parts)
    if any(len(filter_source(part).text) >= GUARANTEED for part in shared):
        assert found


def test_a_line_that_is_repeated_a_thousand_times_is_one_passage() -> None:
    line = "values[index] = function(values[index - 1], key) + 1\n"
    one, other = made(line * 1000), made(line * 1000)
    found = passages(one, other, NONE)
    assert len(found) == 1
