from __future__ import annotations

import random
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.exports.report.items import (
    correlation,
    diagnoses,
    diagnosis_key,
    histogram,
    items_of,
    pairs,
    same_files,
    slowest,
)
from graders.records.result import QuestionResult, Result, Standing
from tests.support.results import CRASHED, FAILED, PASSED, made


def earning(*points: tuple[float, ...], most: float = 4) -> list[Result]:
    """A class in which each submission earns these points by question, each of `most`."""
    return [
        msgspec.structs.replace(
            made(f"s{place}", PASSED),
            questions=tuple(QuestionResult(f"{i}", f"Q{i}", p, most, (PASSED,)) for i, p in enumerate(row)),
        )
        for place, row in enumerate(points)
    ]


@given(st.lists(st.floats(0, 1)))
def test_each_total_is_in_one_bin(parts: list[float]) -> None:
    bins = histogram(parts)
    assert sum(bin.count for bin in bins) == len(parts)
    assert [bin.low for bin in bins] == list(range(0, 100, 10)) and all(0 <= bin.height <= 1 for bin in bins)


def test_edges_of_the_histogram() -> None:
    counts = [bin.count for bin in histogram([0, 0.0999, 0.1, 0.3, 0.1 + 0.2, 0.7, 0.999, 1])]
    assert counts == [2, 1, 0, 2, 0, 0, 0, 1, 0, 2]


def test_means_are_over_those_graded() -> None:
    first, second = items_of([made("ada", PASSED, CRASHED), made("ben", FAILED)])
    assert (first.question.id, first.counted, first.passed, first.mean, first.difficulty) == ("1d", 2, 1, 4, 0.5)
    assert (second.question.id, second.counted, second.passed, second.mean, second.difficulty) == ("1e", 1, 0, 0, 0)


def test_a_question_that_does_not_count_is_in_no_statistics() -> None:
    [ada] = earning((4, 2))
    excused = msgspec.structs.replace(ada.questions[1], standing=Standing.EXCUSED, points=0.0)
    ben = msgspec.structs.replace(ada, submission="ben", questions=(ada.questions[0], excused))
    assert [(item.counted, item.mean) for item in items_of([ada, ben])] == [(2, 4), (1, 2)]


def test_discrimination_leaves_the_question_itself_out() -> None:
    """So that a question which follows no other has none, however many points it is worth."""
    random.seed(1)
    rows = [(float(random.choice([0, 4])), float(a), float(a)) for a in [0, 4] * 200]
    alone, one, other = items_of(earning(*rows))
    assert alone.discrimination == pytest.approx(0, abs=0.15)
    rest = [(r[0] + r[2]) / 8 for r in rows]
    assert one.discrimination == other.discrimination == pytest.approx(np.corrcoef([r[1] for r in rows], rest)[0, 1])


@pytest.mark.parametrize("rows", [[(4, 4), (0, 0)], [(4, 4), (4, 0), (4, 4)], [(4,), (0,), (4,)]])
def test_discrimination_is_undefined_for_few_and_for_equals(rows: list[tuple[float, ...]]) -> None:
    assert items_of(earning(*rows))[0].discrimination is None


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.5, 4.0]), st.sampled_from([0.0, 1.0, 4.0])), max_size=9))
def test_a_correlation_is_numpys(rows: list[tuple[float, float]]) -> None:
    x, y = ([row[i] for row in rows] for i in range(2))
    found = correlation(x, y)
    if len(rows) < 3 or len({*x}) < 2 or len({*y}) < 2:
        assert found is None
    else:
        assert found == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)


def test_of_all_or_nothing_it_is_the_phi_coefficient() -> None:
    both, first, second, none = 5, 1, 2, 4
    class_ = earning(*[(4, 4)] * both, *[(4, 0)] * first, *[(0, 4)] * second, *[(0, 0)] * none)
    phi = (both * none - first * second) / ((both + first) * (second + none) * (both + second) * (first + none)) ** 0.5
    assert pairs(class_, items_of(class_)) == [[], [pytest.approx(phi)]]


def test_a_diagnosis_counts_once_a_submission() -> None:
    other = replace(FAILED, check="other", diagnosis="transposed")
    results = [made("ada", FAILED, replace(FAILED, check="again")), made("ben", FAILED, other), made("cem", PASSED)]
    found = [(one.question, one.text, one.count) for one in diagnoses(results)]
    assert found == [("1d", "halves swapped", 2), ("1d", "transposed", 1)]
    assert [one.key for one in diagnoses(results)] == [
        diagnosis_key("1d", "halves swapped"),
        diagnosis_key("1d", "transposed"),
    ]


def test_a_hint_is_no_diagnosis() -> None:
    assert diagnoses([made("a", replace(FAILED, diagnosis="", hint="look at 1b first"))]) == []


def test_the_same_files_are_found() -> None:
    results = [made("a", PASSED), made("b", PASSED, digest="1"), made("c", PASSED), made("d", PASSED, digest="2")]
    assert same_files(results) == [[0, 2]]


def test_what_took_longest() -> None:
    results = [msgspec.structs.replace(made("a", PASSED), seconds=seconds) for seconds in (1.0, 9.0, 0.0, 3.0, 2.0)]
    assert slowest(results) == [1, 3, 4] and slowest(results[2:3]) == []
