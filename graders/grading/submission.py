"""Grades one submission: runs the checks of each question, explains failures and gives points."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from graders.grading.counterexample import script_of
from graders.grading.import_rules import notes_on_imports
from graders.grading.plan import Plan
from graders.grading.reference import NotedCalls, Reference
from graders.intake.submission import Submission
from graders.records.result import QuestionResult, Result, Signature
from graders.records.scoring import earned, total
from graders.sandbox.requests import Calls
from graders.sandbox.session import Session
from graders.sandbox.zygote import Zygote
from graders.text.sanitize import clean_text
from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.judge import CachedRun, Shrink, judge, verdict_of
from sanity.core.manifest import WRITTEN, Question
from sanity.core.probe import Answers, Probe
from sanity.core.recordings import named
from sanity.core.submission_modules import module_name
from sanity.core.verdict import Outcome, Verdict

SHARED_SECONDS = 2.0
"""Time limit of a question in a shared worker; if that is too short, it is graded alone with its full limit."""

MAX_WRITTEN = 20_000
"""Characters of written answers that the report shows."""

OnQuestion = Callable[[Result], None]
"""Called with the result so far, before the first question and after each."""


def grade(
    plan: Plan,
    submission: Submission,
    zygote: Zygote,
    reference: Reference,
    signature: Signature,
    on_question: OnQuestion,
) -> Result:
    """Grade one submission.

    Its questions share one worker as long as they pass, because starting a worker takes longer than most questions. A
    question that does not pass in a shared worker is graded again alone, in a new worker, so that no question can
    spoil another. The question after it gets a new worker too.
    """
    started = time.monotonic()
    result = ungraded(plan, submission, signature)
    on_question(result)
    questions: dict[str, QuestionResult] = {question.id: question for question in result.questions}
    files = {**submission.files, **plan.assignment.given}
    with Session(zygote, files) as session:
        for question in plan.questions:
            questions[question.id] = grade_question(plan, question, session, reference, submission.files)
            result = _replaced(result, questions, time.monotonic() - started)
            on_question(result)
    blamed = {question.id: _blame(question, questions) for question in plan.questions}
    return _replaced(result, blamed, time.monotonic() - started)


def grade_question(
    plan: Plan, question: Question, session: Session, reference: Reference, files: Mapping[str, bytes]
) -> QuestionResult:
    """Grade one question in the session's worker; if it does not pass there, alone in a new worker."""
    if plan.manifest.spelling(question.file, files) is None:
        missing = CouldNotRun(f"{question.file} is missing from the submission")
        return scored(question, [verdict_of(check, missing) for check in plan.checks[question.id]])
    alone = session.unused
    verdicts = judge_question(plan, question, session, reference)
    if any(verdict.outcome is not Outcome.PASSED for verdict in verdicts):
        session.end()
        if not alone:
            verdicts = judge_question(plan, question, session, reference)
            session.end()
    return scored(question, verdicts, session.printed)


def judge_question(plan: Plan, question: Question, session: Session, reference: Reference) -> list[Verdict]:
    """Judge all checks of one question in the session's worker, new or not."""
    if session.unused:
        return _judge(plan, question, session, reference, None)
    with reference.turn(question.id, SHARED_SECONDS) as noted:
        return _judge(plan, question, session, reference, noted)


def _judge(
    plan: Plan, question: Question, session: Session, reference: Reference, noted: NotedCalls | None
) -> list[Verdict]:
    """Judge all checks of one question, in one of two modes.

    Alone, in a new worker, every check is judged: the first failing case is shrunk, and known mistakes are diagnosed.
    In a shared worker a result counts only if all checks pass. So all calls are sent in one request, if an earlier
    submission has shown which ones, and the first check that does not pass ends the attempt: `grade_question` repeats
    it alone. Verdicts follow from the answers, so those of an earlier submission that passed with the same answers, bit
    for bit, are taken over.
    """
    alone = session.unused
    seconds = plan.manifest.limits.seconds if alone else min(plan.manifest.limits.seconds, SHARED_SECONDS)
    session.begin(module_name(question.file), seconds)
    made: list[tuple[Probe, Case]] = []

    def call(probe: Probe, case: Case) -> Answers:
        made.append((probe, case))
        return session(probe, case)

    run = CachedRun(call)
    checks = plan.checks[question.id]
    replies = None
    if noted:
        try:
            replies = session.ask_all(noted.calls, noted.passed)
        except (CheckFailed, CouldNotRun) as problem:
            return [verdict_of(checks[0], problem)]
        if replies.digest in noted.passed:
            return noted.passed[replies.digest]
        run.known.update(replies.answers)

    def spell(check: Check, case: Case) -> str:
        return script_of(check, case, run, reference.expect)

    verdicts: list[Verdict] = []
    for check in checks:
        first = all(verdict.outcome is not Outcome.FAILED for verdict in verdicts)
        smaller = _shrinker(session, reference) if first and alone else None
        verdict = judge(check, plan.cases[check.cases], run, reference.expect, smaller, spell if alone else None)
        if verdict.outcome is not Outcome.PASSED and not alone:
            return [verdict]
        if verdict.outcome is not Outcome.PASSED and check.is_property:
            reference.require_property(check)
        verdicts.append(replace(verdict, detail=clean_text(verdict.detail)))
    all_passed = all(verdict.outcome is Outcome.PASSED for verdict in verdicts)
    if all_passed and question.id not in reference.calls and (calls := Calls.of(made)):
        reference.calls.setdefault(question.id, NotedCalls(calls))
    if noted and replies and not made:  # else they follow from more than these answers
        noted.keep(replies.digest, verdicts)
    return named(checks, verdicts, run, plan.recordings) if alone else verdicts


def _shrinker(session: Session, reference: Reference) -> Shrink:
    def shrink(check: Check, case: Case) -> Case:
        from sanity.core.shrink import shrink as smallest

        return smallest(check, case, session, reference.ask)

    return shrink


def scored(question: Question, verdicts: list[Verdict], printed: str = "") -> QuestionResult:
    """Return a question's result with its points."""
    points = total(earned(verdicts, question.points)) if verdicts else 0.0
    return QuestionResult(question.id, question.name, points, question.points, tuple(verdicts), printed)


def ungraded(
    plan: Plan, submission: Submission, signature: Signature, why: str = "not graded yet", detail: str = ""
) -> Result:
    """Return a result without points, in which no check could run, for the reason `why`."""
    problem = CouldNotRun(why, detail=detail)
    return Result(
        assignment=plan.manifest.name,
        title=plan.manifest.title,
        submission=submission.name,
        digest=submission.digest,
        questions=tuple(scored(q, [verdict_of(c, problem) for c in plan.checks[q.id]]) for q in plan.questions),
        signature=signature,
        notes=notes_on(submission, plan),
        students=submission.students,
        submitted=submission.submitted,
        written=clean_text(submission.files.get(WRITTEN, b"").decode(errors="replace"), MAX_WRITTEN),
        graded_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def notes_on(submission: Submission, plan: Plan) -> tuple[str, ...]:
    """Return what intake did, and which imports staff should know of."""
    return (*submission.notes, *notes_on_imports(submission.files, plan.manifest))


def _replaced(result: Result, questions: Mapping[str, QuestionResult], seconds: float) -> Result:
    now = tuple(questions[question.id] for question in result.questions)
    return msgspec.structs.replace(result, questions=now, seconds=round(seconds, 3))


def _blame(question: Question, results: Mapping[str, QuestionResult]) -> QuestionResult:
    """Point from failures without a diagnosis or hint to the questions that this one runs on, where those are wrong.

    The evidence is a comparison with the reference: a property that does not hold there may be of no consequence here.
    """
    result = results[question.id]
    broken = [
        id
        for id in question.needs
        if id in results
        and any(v.outcome is not Outcome.PASSED and not v.is_property and v.weight for v in results[id].verdicts)
    ]
    if not broken:
        return result
    hint = f"this question runs on {' and '.join(broken)}, which did not pass either: look there first"
    verdicts = tuple(
        replace(v, hint=hint) if v.outcome is not Outcome.PASSED and not (v.diagnosis or v.hint) else v
        for v in result.verdicts
    )
    return msgspec.structs.replace(result, verdicts=verdicts)
