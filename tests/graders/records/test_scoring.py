from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import assignment_names, load_assignment
from graders.records.scoring import earned, fraction, shares, total, withheld
from graders.text.numbers import number
from sanity.core.assignment_package import load_checks
from sanity.core.verdict import Outcome, Verdict
from tests.support.results import FAILED, PASSED, PROPERTY, verdicts

CHECKS = st.lists(verdicts("1d"), min_size=1, max_size=12)
POINTS = st.integers(0, 10_000).map(lambda cents: cents / 100)


@given(CHECKS, POINTS)
def test_shares_add_up_to_the_points_and_lie_within_a_cent_of_the_weights(found: list[Verdict], points: float) -> None:
    got = shares(found, points)
    assert total(got) == points
    weight = sum(verdict.weight for verdict in found)
    assert all(abs(s - points * v.weight / weight) < 0.01 + 1e-9 for s, v in zip(got, found, strict=True))


@given(CHECKS, POINTS)
def test_full_marks_are_exactly_the_points(found: list[Verdict], points: float) -> None:
    found = [replace(v, outcome=Outcome.PASSED) for v in found] + [PASSED]
    assert earned(found, points) == shares(found, points)
    assert total(earned(found, points)) == points


@given(CHECKS, POINTS)
def test_only_a_passed_check_earns_and_never_more_than_its_share(found: list[Verdict], points: float) -> None:
    for verdict, got, most in zip(found, earned(found, points), shares(found, points), strict=True):
        assert got in (0, most)
        assert got == 0 or verdict.outcome is Outcome.PASSED


@given(CHECKS, POINTS)
def test_passing_one_more_check_never_costs_points(found: list[Verdict], points: float) -> None:
    better = [replace(found[0], outcome=Outcome.PASSED), *found[1:]]
    assert total(earned(better, points)) >= total(earned(found, points))


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.COULD_NOT_RUN])
def test_a_law_earns_only_beside_a_check_that_is_none(outcome: Outcome) -> None:
    wrong = replace(FAILED, outcome=outcome)
    assert earned([wrong, PROPERTY], 8) == (0, 0) and withheld([wrong, PROPERTY])
    assert earned([wrong, PASSED, PROPERTY], 7) == (0, 3, 1) and not withheld([wrong, PASSED, PROPERTY])
    assert earned([PROPERTY], 8) == (0,)


def test_a_question_without_verdicts_earns_nothing() -> None:
    assert shares([], 8) == earned([], 8) == ()
    assert total([]) == 0 and not withheld([])


def test_thirds_of_a_point() -> None:
    assert shares([PROPERTY, PROPERTY, PROPERTY], 1) == (0.34, 0.33, 0.33)
    assert shares([PROPERTY, PROPERTY, PROPERTY], 0.02) == (0.01, 0.01, 0)


@pytest.mark.parametrize("assignment", assignment_names())
def test_each_check_is_worth_quarters_and_no_property_more_than_the_best_reference_check(assignment: str) -> None:
    checks = load_checks(assignment)
    for question in load_assignment(assignment).manifest.questions:
        own = [check for check in checks if check.question == question.id]
        found = [replace(PASSED, weight=check.weight) for check in own]
        worth = dict(zip(own, shares(found, question.points), strict=True))
        for check, points in worth.items():
            said = f"{check.name} is worth {number(points)} of the {question.worth} of {question.id}"
            assert points % 0.25 == 0, f"{said}: choose weights that give quarters"
            assert (points > 0) == (check.weight > 0), said  # a hint is worth nothing
        most = max(points for check, points in worth.items() if not check.is_property)
        assert max(worth.values()) == most, question.id


def test_share() -> None:
    assert fraction(3, 4) == 0.75 and fraction(0, 0) == 0
