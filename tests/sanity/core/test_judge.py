"""Judging: the first case that does not pass decides, and nothing that goes wrong is a pass."""

from __future__ import annotations

from typing import Any

import pytest

from sanity.core.answer_digest import answer_digest
from sanity.core.case import Case
from sanity.core.errors import CheckFailed, CouldNotRun, GraderFailed
from sanity.core.feedback import Level, told
from sanity.core.judge import CachedRun, attempt, judge, verdict_of
from sanity.core.probe import Probe
from sanity.core.verdict import Outcome
from tests.support.drawn import SIZES, make_check

PROBE = Probe("size", "size()", "size", {}, lambda code, case: None)
CASES = [SIZES.case(n=n) for n in (1, 3, 5, 7)]


def expect(probe: Any, case: Case) -> dict[str, int]:
    return {"size": case.n}


def small(probe: Any, case: Case) -> dict[str, int]:
    """A submission that counts to four."""
    return {"size": min(case.n, 4)}


def counts(run: Any, expect: Any, case: Case) -> None:
    if run(PROBE, case) != expect(PROBE, case):
        raise CheckFailed("wrong", diagnosis="counts to four", detail="4", output="size")


def test_a_verdict_tells_all_that_is_known():
    check = make_check(counts, question="1b", name="counts", sentence="It counts.", weight=2.0, outputs=("size",))
    passed, failed = judge(check, CASES, expect, expect), judge(check, CASES, small, expect)
    assert (passed.question, passed.check, passed.sentence, passed.weight) == ("1b", "counts", "It counts.", 2.0)
    assert (passed.outputs, passed.is_property, passed.outcome) == (("size",), False, Outcome.PASSED)
    assert passed.message == passed.diagnosis == passed.hint == passed.case == passed.detail == ""
    assert (failed.outcome, failed.message, failed.diagnosis, failed.detail) == (
        "failed",
        "wrong",
        "counts to four",
        "4",
    )
    assert failed.case == "n = 5"


def test_no_case_after_the_first_that_fails_is_asked():
    asked = []

    def run(probe: Any, case: Case) -> dict[str, int]:
        asked.append(case.n)
        return small(probe, case)

    judge(make_check(counts), CASES, run, expect)
    assert asked == [1, 3, 5]


def test_a_failing_case_is_shrunk():
    verdict = judge(make_check(counts), [SIZES.case(n=9)], small, expect, lambda check, case: SIZES.case(n=5))
    assert verdict.case == "n = 5"


def test_a_shrunk_case_that_passes_after_all_is_not_the_verdict():
    verdict = judge(make_check(counts), [SIZES.case(n=9)], small, expect, lambda check, case: SIZES.case(n=1))
    assert (verdict.outcome, verdict.case) == ("failed", "n = 9")


def test_a_wrong_answer_has_the_digest_of_its_first_failing_case_and_no_other_verdict_has_one():
    def shrunk_elsewhere(check: Any, case: Case) -> Case:
        return SIZES.case(n=6)

    def crashes(probe: Any, case: Case) -> dict[str, int]:
        raise CouldNotRun("size() raised ValueError")

    check = make_check(counts)
    wrong = judge(check, CASES, small, expect)
    assert wrong.answer_digest == answer_digest([small(PROBE, SIZES.case(n=5))])
    assert judge(check, CASES, small, expect, shrunk_elsewhere).answer_digest == wrong.answer_digest
    assert judge(check, CASES, lambda probe, case: {"size": 0}, expect).answer_digest != wrong.answer_digest
    assert judge(check, CASES, expect, expect).answer_digest == ""
    assert judge(check, CASES, crashes, expect).answer_digest == ""
    assert told(wrong, Level.COUNTEREXAMPLE, hidden=False).answer_digest == ""


def test_what_cannot_run_is_not_shrunk_and_names_no_case():
    def crashes(run: Any, case: Case) -> None:
        raise CouldNotRun("size() raised ValueError", hint="advice", detail="trace")

    def never(check: Any, case: Case) -> Case:
        raise AssertionError

    verdict = judge(make_check(crashes), CASES, small, expect, never)
    assert (verdict.outcome, verdict.message, verdict.case) == ("could not run", "size() raised ValueError", "")
    assert (verdict.hint, verdict.diagnosis, verdict.detail) == ("advice", "", "trace")


def test_an_answer_that_the_check_did_not_think_of_neither_passes_nor_ends_the_run():
    def surprised(run: Any, case: Case) -> None:
        run(PROBE, case)["another"]

    problem = attempt(make_check(surprised), small, expect, CASES[0])
    assert isinstance(problem, CouldNotRun)
    assert problem.message == "this check cannot judge an answer of this kind"
    assert "KeyError: 'another'" in problem.detail


@pytest.mark.parametrize("error", [GraderFailed("the worker is gone"), KeyboardInterrupt()])
def test_what_is_not_the_submissions_fault_goes_through(error):
    def broken(run: Any, case: Case) -> None:
        raise error

    with pytest.raises(type(error)):
        attempt(make_check(broken), small, expect, CASES[0])


def test_a_property_has_no_diagnosis_that_compares_two_answers_of_the_submission():
    def of_one(run: Any, case: Case) -> None:
        pass

    def with_reference(run: Any, expect: Any, case: Case) -> None:
        pass

    compared, own = (
        CheckFailed("wrong", diagnosis="b runs backwards", hint="look there", output="h_0"),
        CheckFailed("wrong", diagnosis="sure of it"),
    )
    assert verdict_of(make_check(of_one), compared).diagnosis == ""
    assert verdict_of(make_check(of_one), compared).hint == "look there"
    assert verdict_of(make_check(of_one), own).diagnosis == "sure of it"
    assert verdict_of(make_check(with_reference), compared).diagnosis == "b runs backwards"


@pytest.mark.parametrize("problem", [None, CheckFailed("wrong"), CouldNotRun("crashed")])
def test_a_question_is_put_once(problem):
    asked = []

    def run(probe: Any, case: Case) -> dict[str, int]:
        asked.append((probe.name, case.n))
        if problem:
            raise problem
        return {"size": case.n}

    remembering = CachedRun(run)
    for _ in range(2):
        for case in (SIZES.case(n=2), SIZES.case(n=3)):
            try:
                assert remembering(PROBE, case) == {"size": case.n}
            except (CheckFailed, CouldNotRun) as again:
                assert again is problem
    remembering_another = Probe("other", "other()", "size", {}, lambda code, case: None)
    assert (
        attempt(make_check(lambda run, case: run(remembering_another, case)), remembering, expect, CASES[0]) is problem
    )
    assert asked == [("size", 2), ("size", 3), ("other", 1)]
