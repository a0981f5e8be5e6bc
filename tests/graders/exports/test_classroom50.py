"""Classroom 50's result.json: valid for any result, in whole numbers that add up."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.exports.classroom50 import Handin, classroom50_json
from graders.records.result import Result, Standing
from sanity.core.feedback import Dial, Level
from tests.support.results import CRASHED, FAILED, PASSED, PROPERTY, SECRET, made, marked_classes
from tests.support.results import results as any_result

SCHEMA = json.loads((Path(__file__).parents[2] / "support" / "classroom50_result.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
HANDIN = Handin("nlp", "hw4", "submit-2", "https://h/c", "https://h/r", "https://h/v", "ada")
WHEN = datetime(2026, 11, 20, 22, 59, 1, tzinfo=UTC)


def read(result: Result, dial: Dial | None = None) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(classroom50_json(result, HANDIN, WHEN, dial or Dial()))
    VALIDATOR.validate(report)
    return report


def test_the_whole_of_it() -> None:
    result = made("ada", FAILED, PROPERTY, CRASHED)
    report = read(msgspec.structs.replace(result, notes=("missing: utils.py",)))
    tests = report.pop("tests")
    assert report == {
        "schema": "classroom50/result/v1",
        "classroom": "nlp",
        "assignment": "hw4",
        "submission": "submit-2",
        "commit": "https://h/c",
        "release": "https://h/r",
        "review": "https://h/v",
        "datetime": "2026-11-20T22:59:01Z",
        "score": 0,
        "max-score": 1600,
        "scale": 100,
        "owner": "ada",
        "course-assignment": "a4",
        "notes": ["missing: utils.py"],
    }
    assert tests[0] == {
        "test-name": "1d Encode: encode() returns the hidden states.",
        "passed": False,
        "score": 0,
        "max-score": 600,
        "output": "h_0 is wrong:\nits halves are swapped.\nlikely: halves swapped",
    }
    assert [(test["passed"], test["max-score"]) for test in tests] == [(False, 600), (True, 200), (False, 800)]


@given(any_result(), st.sampled_from(Level))
def test_any_result_is_valid_and_its_tests_add_up(result: Result, level: Level) -> None:
    report = read(result, Dial(default=level))
    assert report["score"] == round(result.points * 100) == sum(test["score"] for test in report["tests"])
    assert report["max-score"] == sum(test["max-score"] for test in report["tests"])
    assert SECRET not in json.dumps(report)


@settings(max_examples=20)
@given(marked_classes())
def test_marks_by_hand_and_late_work_are_in_it(results: list[Result]) -> None:
    for result in results:
        report = read(result)
        assert report["score"] == round(result.final_points * 100)
        assert sum(test["score"] for test in report["tests"]) == round(result.points * 100)
        assert report.get("policy") == (result.policy.why if result.policy else None)


def test_what_nobody_has_marked_is_worth_nothing_yet() -> None:
    result = made("ada", PASSED, FAILED)
    question = msgspec.structs.replace(result.questions[0], standing=Standing.UNMARKED)
    report = read(msgspec.structs.replace(result, questions=(question,)))
    assert (report["score"], report["max-score"], report["tests"]) == (0, 0, [])
