"""Which pairs of a class share code, and which are shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.similarity.pairs import (
    CEILING,
    COMMON_LEAST,
    FLOOR,
    LEAST,
    Comparison,
    Pair,
    compare,
    groups,
)

SETS = st.lists(st.sets(st.integers(0, 60), max_size=60), max_size=8)


def compared(*codes: set[int] | range, same: frozenset[tuple[int, int]] = frozenset()) -> Comparison:
    return compare([np.array(sorted(code), dtype=np.int64) for code in codes], same)


def shares(comparison: Comparison) -> dict[tuple[int, int], int]:
    return {
        (int(i), int(j)): int(n) for i, j, n in zip(comparison.first, comparison.second, comparison.shared, strict=True)
    }


@given(SETS)
def test_the_index_finds_what_all_pairs_share(codes: list[set[int]]) -> None:
    found = compared(*codes)
    common = set(found.common.tolist())
    uses = {one: sum(one in code for code in codes) for one in set().union(*codes)}
    assert common == {one for one, n in uses.items() if n >= COMMON_LEAST and n > 0.3 * len(codes)}
    left = [code - common for code in codes]
    expected = {(i, j): len(left[i] & left[j]) for j in range(len(codes)) for i in range(j) if left[i] & left[j]}
    assert shares(found) == expected
    assert sum(found.histogram(20)) == found.compared == len(codes) * (len(codes) - 1) // 2


@given(SETS.flatmap(lambda codes: st.tuples(st.just(codes), st.permutations(range(len(codes))))))
def test_the_order_of_the_class_changes_nothing(drawn: tuple[list[set[int]], list[int]]) -> None:
    codes, order = drawn
    here, there = compared(*codes), compared(*(codes[number] for number in order))
    moved = {frozenset((order[i], order[j])): n for (i, j), n in shares(there).items()}
    assert moved == {frozenset(pair): n for pair, n in shares(here).items()}
    assert sorted(here.shares) == pytest.approx(sorted(there.shares))
    assert here.fence == there.fence


def test_each_way_is_a_share_of_the_own_code() -> None:
    (pair,) = compared(range(100), range(50, 90)).flagged()
    assert (pair.of_first, pair.of_second, pair.share, pair.shared) == (0.4, 1.0, 1.0, 40)


def test_what_many_have_is_common_and_four_copies_are_not() -> None:
    many = compared(*(range(number * 1000, number * 1000 + 100) for number in range(13)), *[range(-50, 0)] * 7)
    assert len(many.common) == 50 and not many.flagged()
    four = compared(*(range(number * 1000, number * 1000 + 100) for number in range(6)), *[range(-50, 0)] * 4)
    assert not len(four.common) and len(four.flagged()) == 6
    assert groups(four.flagged()) == [(6, 7, 8, 9)]


def test_a_pair_far_out_of_its_class_is_shown_and_the_class_is_not() -> None:
    # Twenty that share a tenth or two with each other, and the last one, which has half of the first one's.
    rng = np.random.default_rng(0)
    codes = [set(range(n * 1000, n * 1000 + 170)) | {-int(x) for x in rng.integers(1, 200, 60)} for n in range(20)]
    codes.append(set(range(20_000, 20_100)) | set(range(0, 120)))
    found = compared(*codes)
    assert FLOOR <= found.fence < CEILING
    assert [(pair.first, pair.second) for pair in found.flagged()] == [(0, 20)]


def test_in_a_small_class_copies_hide_no_other_copy() -> None:
    codes = [set(range(n * 1000, n * 1000 + 100)) for n in range(3)]
    half = set(range(0, 40)) | set(range(9000, 9060))  # has two fifths of the first one's
    found = compared(codes[0], half, codes[1], codes[1], codes[1], codes[2])
    assert [(pair.first, pair.second) for pair in found.flagged()] == [(2, 3), (2, 4), (3, 4), (0, 1)]


def test_a_class_that_shares_a_lot_still_shows_a_copy() -> None:
    codes = [set(range(n * 1000, n * 1000 + 60)) | {-k for k in range(200) if (k * (n + 2)) % 7 < 3} for n in range(9)]
    found = compared(*codes, codes[0])
    assert found.fence <= CEILING
    assert (0, 9) in {(pair.first, pair.second) for pair in found.flagged()}


def test_a_few_fingerprints_are_never_shown() -> None:
    assert not compared(range(LEAST - 1), range(LEAST - 1)).flagged(0.01)
    assert compared(range(LEAST), range(LEAST)).flagged(0.01)


def test_a_threshold_takes_the_place_of_the_rule() -> None:
    found = compared(range(100), range(80, 180))
    assert not found.flagged()
    assert len(found.flagged(0.2)) == 1
    assert not found.flagged(0.21)


def test_submissions_of_one_student_are_no_pair() -> None:
    found = compared(range(50), range(50), range(50), same=frozenset({(0, 2)}))
    assert shares(found).keys() == {(0, 1), (1, 2)}
    assert found.compared == 2


def test_groups_are_what_pairs_connect() -> None:
    pairs = [Pair(a, b, 50, 1.0, 1.0) for a, b in ((0, 1), (5, 6), (2, 3), (3, 1), (8, 9), (9, 7))]
    assert groups(pairs) == [(0, 1, 2, 3), (7, 8, 9)]
    assert groups([]) == []


def test_a_class_of_none_or_one_has_no_pairs() -> None:
    assert compared().flagged() == compared(range(100)).flagged() == ()
    assert compared(set(), set()).flagged() == ()
