"""Classroom 50's result.json: the points in whole numbers, and a test for each check. Students read it.

Classroom 50 takes integers, and shares of a question's points are whole cents: so all points are in hundredths here,
for every submission alike, and `scale` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from graders.exports.explanation import AS_EVER
from graders.exports.gradescope import entries
from graders.records.result import Result
from graders.text.sanitize import clean_name, clean_text
from sanity.core.feedback import Dial

SCHEMA = "classroom50/result/v1"
SCALE = 100
"""What a point is worth in result.json."""


@dataclass(frozen=True)
class Handin:
    """What Classroom 50 says of a submission, in the environment of the autograder."""

    classroom: str
    assignment: str
    """Its name there, which need not be ours."""
    tag: str
    commit: str
    """A URL, as are the next two."""
    release: str
    review: str
    owner: str
    """Who handed in."""


def classroom50_json(result: Result, handin: Handin, graded_at: datetime, dial: Dial = AS_EVER) -> bytes:
    """Return a result in Classroom 50's format, as JSON in UTF-8. Fields that the format does not name are kept.

    Args:
        result: the submission, graded.
        handin: what the platform says of it.
        graded_at: the time, with its zone.
        dial: what students are told.
    """
    report = {
        "schema": SCHEMA,
        "classroom": clean_name(handin.classroom),
        "assignment": clean_name(handin.assignment),
        "submission": clean_name(handin.tag),
        "commit": clean_name(handin.commit),
        "release": clean_name(handin.release),
        "review": clean_name(handin.review),
        "datetime": graded_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": _whole(result.final_points),
        "max-score": _whole(result.max_points),
        "tests": list(_tests(result, dial)),
        "scale": SCALE,
        "owner": clean_name(handin.owner),
        "course-assignment": result.assignment,
        "notes": [clean_text(note) for note in result.notes],
    }
    if result.policy:
        report["policy"] = clean_text(result.policy.why)
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _tests(result: Result, dial: Dial) -> Iterator[dict[str, Any]]:
    """Yield the tests: all that counts for points. A question that a person has to mark yet is none."""
    for question in result.questions:
        for entry in entries(question, dial):
            if "score" in entry:
                yield {
                    "test-name": f"{clean_name(question.id)} {entry['name']}",
                    "passed": entry["status"] == "passed",
                    "score": _whole(entry["score"]),
                    "max-score": _whole(entry["max_score"]),
                    "output": entry["output"],
                }


def _whole(points: float) -> int:
    return round(points * SCALE)
