"""JSON Lines: a line for each submission, for programs of the staff's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from graders.records.result import QuestionResult, Result, Unread
from graders.records.scoring import earned, shares
from graders.text.sanitize import encodable


def class_jsonl(results: Sequence[Result], unread: Sequence[Unread] = ()) -> bytes:
    """Return a line of JSON, in UTF-8, for each submission; points are null where there are none."""
    lines = [_result(result) for result in results]
    lines += [{"submission": one.submission, "not_read": one.reason} for one in unread]
    return b"".join(msgspec.json.encode(_encodable(line)) + b"\n" for line in lines)


def _result(result: Result) -> dict[str, Any]:
    return {
        "assignment": result.assignment,
        "submission": result.submission,
        "students": [msgspec.to_builtins(student) for student in result.students],
        "points": result.points,
        "max_points": result.max_points,
        "final_points": result.final_points,
        "policy": msgspec.to_builtins(result.policy),
        "questions": [_question(question) for question in result.questions],
        "notes": list(result.notes),
        "digest": result.digest,
        "graded_at": result.graded_at,
    }


def _question(question: QuestionResult) -> dict[str, Any]:
    could, did = (part(question.verdicts, question.max_points) for part in (shares, earned))
    return {
        "id": question.id,
        "name": question.name,
        "points": question.points if question.counts else None,
        "max_points": question.max_points,
        "standing": question.standing.value,
        "graded_points": question.graded_points,
        "comment": question.comment,
        "score": question.training.score if question.training else None,
        "checks": [
            {
                "check": verdict.check,
                "outcome": verdict.outcome.value,
                "points": points,
                "max_points": most,
                "diagnosis": verdict.diagnosis,
                "message": verdict.message,
            }
            for verdict, points, most in zip(question.verdicts, did, could, strict=True)
        ],
    }


def _encodable(value: Any) -> Any:
    """Return plain data whose texts can be encoded: file names may hold bytes that are no UTF-8."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {key: _encodable(part) for key, part in value.items()}
    return [_encodable(part) for part in value] if isinstance(value, list | tuple) else value
