"""Gradescope's results.json: one entry per check, with its share of the question's points.

Students read this file. Of a verdict it contains the sentence and what the dial tells, which are our words, but never
the submission's output, which could reveal a hidden case. Nor the seed, from which the hidden cases follow; and the
time only in whole seconds, since a submission can sleep as long as what it has seen is large.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from graders.exports.explanation import AS_EVER, explanation
from graders.records.result import QuestionResult, Result
from graders.records.scoring import earned, fraction, shares, withheld
from graders.records.training import Training
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from sanity.core.feedback import Dial
from sanity.core.verdict import Outcome, Verdict

_NOT_GRADED = "This question was not graded."


def results_json(result: Result, dial: Dial = AS_EVER) -> bytes:
    """Return a result in Gradescope's format, as JSON in UTF-8. A trained question has its score on a leaderboard."""
    points, max_points = result.points, result.max_points
    notes = [clean_text(note) for note in result.notes]
    lines = [f"{number(points)} of {number(max_points)} points ({fraction(points, max_points):.0%})"]
    if result.policy:
        lines.append(f"{number(result.final_points)} points count: {clean_text(result.policy.why)}")
    report: dict[str, Any] = {
        "score": result.final_points,
        "execution_time": round(result.seconds),
        "output": "\n".join([*lines, *notes]),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "assignment": result.assignment,
            "submission": clean_name(result.submission),
            "digest": result.digest,
            "notes": notes,
            "graded_at": result.graded_at,
            "signature": _without(msgspec.to_builtins(result.signature), "seed"),
        },
        "tests": [
            {**entry, "visibility": dial.visibility.get(question.id, "visible")}
            for question in result.questions
            for entry in entries(question, dial)
        ],
    }
    scores = [(question, question.training.score) for question in result.questions if question.training]
    if board := [_ranked(question, score) for question, score in scores if score is not None and question.counts]:
        report["leaderboard"] = board
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def entries(question: QuestionResult, dial: Dial) -> Iterator[dict[str, Any]]:
    """Yield the entry of each check, with its share of the points; of a question without checks the one of staff."""
    by_hand = question.graded_points is not None or not question.counts
    if not question.verdicts or by_hand:
        yield _of_staff(question)
    elif question.comment:
        yield _entry(question, question.name, 0.0, 0.0, "passed", question.comment)
    could_earn = shares(question.verdicts, question.max_points)
    did_earn = earned(question.verdicts, question.max_points)
    for verdict, score, max_score in zip(question.verdicts, did_earn, could_earn, strict=True):
        passed = verdict.outcome is Outcome.PASSED
        said = explanation(verdict, dial)
        noted = f"passed, but: {said}" if said else ""
        unexplained = verdict.outcome.value if verdict.outcome is Outcome.COULD_NOT_RUN else ""
        output = noted or withheld(question.verdicts) if passed else said or unexplained
        name = f"{question.name}: {verdict.sentence}"
        entry = _entry(question, name, score, max_score, "passed" if passed else "failed", output, verdict)
        yield _without_points(entry) if by_hand else entry


def _ranked(question: QuestionResult, score: float) -> dict[str, Any]:
    """Return the leaderboard's entry of a trained question, by whose metric more is better."""
    return {"name": clean_name(f"{question.id} {question.metric}"), "value": round(score, 2), "order": "desc"}


def _of_staff(question: QuestionResult) -> dict[str, Any]:
    """Return the entry of a question whose points come from a person or a training; without points if it has none."""
    output = question.comment or _NOT_GRADED
    if question.graded_points is not None and question.counts:
        output = f"Changed by staff from {number(question.graded_points)}: {output}"
    status = "passed" if question.points >= question.max_points else "failed"
    entry = _entry(question, question.name, question.points, question.max_points, status, output)
    return entry if question.counts else _without_points(entry, status=False)


def _without_points(entry: dict[str, Any], status: bool = True) -> dict[str, Any]:
    left_out = ("score", "max_score") if status else ("score", "max_score", "status")
    return {name: value for name, value in entry.items() if name not in left_out}


def _entry(
    question: QuestionResult,
    name: str,
    score: float,
    max_score: float,
    status: str,
    output: str,
    verdict: Verdict | None = None,
) -> dict[str, Any]:
    kind = [] if verdict is None else ["property" if verdict.is_property else "reference check", verdict.outcome.value]
    return {
        "score": score,
        "max_score": max_score,
        "status": status,
        "name": clean_name(name),
        "name_format": "text",
        "number": question.id,
        "output": clean_text(output),
        "output_format": "text",
        "tags": [question.id, *kind],
        "extra_data": {
            "question": question.id,
            "check": verdict.check if verdict else "",
            **({"training": _training(question.training)} if question.training else {}),
        },
    }


def _training(training: Training) -> dict[str, Any]:
    """Return the numbers of a training, without the seed and without any sentence of the test."""
    return _without(msgspec.to_builtins(training), "curve", "samples", "attention", "seed")


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}
