"""The exam: the same for the same seed, fair to the reference, and ready for any answer."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.course.assignment import CourseError, load_assignment
from graders.grading.plan import Plan, make_plan
from graders.grading.reference import Reference
from graders.grading.submission import judge_question
from graders.sandbox.isolation import Isolation, SandboxError
from graders.sandbox.session import Session
from graders.sandbox.zygote import Zygote
from sanity.a4.padding import SENTENCES, pad
from sanity.core.assignment_package import load_checks
from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.errors import CouldNotRun
from sanity.core.forms import Form, unpack
from sanity.core.judge import judge
from sanity.core.manifest import Manifest, ManifestError, QuestionLimits
from sanity.core.probe import Probe
from sanity.core.recordings import diagnose, fixed_cases, load, recording_path
from sanity.core.verdict import Outcome
from tests.support.answers import plain_values


def digests(plan: Plan) -> list[list[str]]:
    """Return the cases of each family."""
    return [[case.digest for case in cases] for cases in plan.cases.values()]


def test_a_seed_gives_the_same_cases_every_time(plan: Plan) -> None:
    assert digests(make_plan(load_assignment("a4"), [], plan.seed)) == digests(plan)


def test_another_seed_gives_other_cases_in_every_family(plan: Plan) -> None:
    other = digests(make_plan(load_assignment("a4"), [], plan.seed + 1))
    smallest = [family.case().digest for family in plan.cases]  # drawn by every seed
    for mine, theirs, same in zip(digests(plan), other, smallest, strict=True):
        assert set(mine) & set(theirs) <= {same}
        assert len(mine) > 1


@pytest.mark.parametrize("seed", [0, 2**31, 2**63 - 1])
def test_the_corners_are_in_every_exam_and_more_is_drawn(seed: int) -> None:
    for family, cases in make_plan(load_assignment("a4"), [], seed).cases.items():
        corners = [family.case(**corner).words for corner in family.corners]
        assert [case.words for case in cases[: len(corners)]] == corners
        assert len(cases) > len(corners)
        assert len({case.digest for case in cases}) == len(cases)


def test_an_exam_may_be_of_some_questions_only() -> None:
    plan = make_plan(load_assignment("a4"), ["1d", "1a"], 1)
    assert [question.id for question in plan.questions] == ["1a", "1d"]
    assert {check.question for checks in plan.checks.values() for check in checks} == {"1a", "1d"}
    assert {check.cases for checks in plan.checks.values() for check in checks} == set(plan.cases)


def test_names_that_there_are_not() -> None:
    with pytest.raises(CourseError, match=r"^no assignment 'a9': choose from .*a4"):
        make_plan(load_assignment("a9"), [], 1)
    with pytest.raises(
        ManifestError, match=r"^a4 has no question '1z': choose from 1a, 1b, 1c, 1d, 1e, 1f, 2b, 2c, 2d$"
    ):
        make_plan(load_assignment("a4"), ["1a", "1z"], 1)


@pytest.mark.parametrize("seed", range(10))
def test_the_reference_passes_every_check(zygote: Zygote, reference: Reference, manifest: Manifest, seed: int) -> None:
    unhurried = msgspec.structs.replace(manifest, limits=QuestionLimits(600, manifest.limits.memory_mb))
    plan = make_plan(replace(load_assignment("a4"), manifest=unhurried), [], seed)
    files = {path.name: path.read_bytes() for path in load_assignment("a4").solutions.glob("*.py")}
    with Session(zygote, {**files, **load_assignment("a4").given}) as session:
        verdicts = [v for question in plan.questions for v in judge_question(plan, question, session, reference)]
    assert {(v.question, v.check, v.message) for v in verdicts if v.outcome is not Outcome.PASSED} == set()
    assert [verdict.check for verdict in verdicts] == [check.name for check in load_checks("a4")]


@pytest.mark.usefixtures("warm")
def test_a_reference_that_does_not_answer_is_no_verdict(
    isolation: Isolation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(load_assignment("a4").solutions, tmp_path / "a4")
    (tmp_path / "a4" / "utils.py").write_text("def pad_sents(sents, pad_token): raise ValueError\n")
    monkeypatch.setenv("TRIVIUM_SOLUTIONS", str(tmp_path))
    reference = Reference(make_plan(load_assignment("a4"), ["1a"], 1), isolation)
    try:
        for ask in (reference.ask, reference.expect):
            with pytest.raises(SandboxError) as error:
                ask(pad, SENTENCES.case())
            assert str(error.value) == (
                "the reference did not answer: pad_sents() raised ValueError in utils.py, line 1"
            )
    finally:
        reference.close()


CHECKS = load_checks("a4")
RECORDINGS = load(recording_path("a4"))


def answer_of(form: Form) -> st.SearchStrategy[Any]:
    """Draw any plain value, or one that has this form at least."""
    if isinstance(form, str):
        return plain_values()
    return st.tuples(*map(answer_of, form)).map(list) | plain_values()


def near(right: Mapping[str, Any]) -> st.SearchStrategy[Mapping[str, Any]]:
    """Draw the right answers with one of them replaced."""
    return st.builds(lambda name, value: {**right, name: value}, st.sampled_from(sorted(right)), plain_values())


@given(st.sampled_from(CHECKS), st.data())
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_no_answer_makes_a_check_raise(check: Check, data: st.DataObject) -> None:
    """Whatever plain values come back, the outcome is a verdict of one line."""
    case = fixed_cases(check.cases)[0]
    known = {}

    def run(probe: Probe, asked: Case) -> Mapping[str, Any]:
        if probe not in known:
            try:
                known[probe] = data.draw(near(RECORDINGS.expect(probe, asked)))
            except CouldNotRun:  # not recorded
                known[probe] = unpack(data.draw(answer_of(probe.form)), probe.form, probe.what)
        answer: Mapping[str, Any] = known[probe]
        return answer

    verdict = judge(check, [case], run, RECORDINGS.expect)
    if check.weight:  # a hint passes, with or without a message
        assert (verdict.outcome is Outcome.PASSED) == (verdict.message == "")
    if verdict.outcome is Outcome.FAILED:
        assert isinstance(diagnose(check, run, RECORDINGS), str)
