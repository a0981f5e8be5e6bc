from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.exports.gradescope import results_json
from graders.records.result import Result
from graders.records.scoring import total
from graders.text.sanitize import clean_name
from sanity.core.feedback import Dial, Level
from tests.support.results import CRASHED, FAILED, HOSTILE, PASSED, PROPERTY, SECRET, copy, made
from tests.support.results import results as any_result

SCHEMA = json.loads((Path(__file__).parents[2] / "support" / "gradescope_results.schema.json").read_text())

VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def read(data: bytes) -> dict[str, Any]:
    """The report, which must have the form that Gradescope documents."""
    report: dict[str, Any] = json.loads(data)
    VALIDATOR.validate(report)
    return report


@given(any_result())
def test_any_result_is_a_valid_report_whose_points_add_up(result: Result) -> None:
    report = read(results_json(result))
    assert (
        report["score"] == total(q.points for q in result.questions) == total(test["score"] for test in report["tests"])
    )
    assert total(test["max_score"] for test in report["tests"]) == total(q.max_points for q in result.questions)
    assert all(test["score"] <= test["max_score"] for test in report["tests"])
    assert list(dict.fromkeys(test["number"] for test in report["tests"])) == [q.id for q in result.questions]


@given(any_result())
def test_nothing_for_staff_only_is_in_it_and_equal_results_give_equal_bytes(result: Result) -> None:
    data = results_json(result)
    assert SECRET.encode() not in data
    assert data == results_json(copy([result])[0])


def test_each_check_is_an_entry_with_its_share_and_its_message() -> None:
    report = read(
        results_json(made("ada", FAILED, replace(PROPERTY, outcome=FAILED.outcome, message="It leaks."), CRASHED))
    )
    assert [
        (t["number"], t["name"], t["score"], t["max_score"], t["status"], t["output"]) for t in report["tests"]
    ] == [
        (
            "1d",
            "Encode: encode() returns the hidden states.",
            0,
            6,
            "failed",
            "h_0 is wrong:\nits halves are swapped.\nlikely: halves swapped",
        ),
        ("1d", "Encode: Padding does not leak.", 0, 2, "failed", "It leaks."),
        ("1e", "Decode: decode() returns the outputs.", 0, 8, "failed", "No answer in 20 s."),
    ]
    assert report["output"] == "0 of 16 points (0%)"
    assert (
        report["tests"][0]["tags"] == ["1d", "reference check", "failed"]
        and report["tests"][2]["tags"][-1] == "could not run"
    )
    assert report["extra_data"]["signature"]["isolation"] == "sandlock" and report["extra_data"]["digest"] == "0" * 64


def test_a_law_that_holds_alone_says_why_it_earns_nothing() -> None:
    _, is_property = read(results_json(made("ada", FAILED, PROPERTY)))["tests"]
    assert (is_property["score"], is_property["max_score"], is_property["status"]) == (0, 2, "passed")
    assert is_property["output"] == (
        "This property holds, but it earns points only if another check of this question passes too."
    )


def test_a_question_without_verdicts_keeps_its_points_in_the_sum() -> None:
    result = made("ada", PASSED)
    result = msgspec.structs.replace(
        result, questions=(msgspec.structs.replace(result.questions[0], verdicts=(), points=0.0),)
    )
    (entry,) = read(results_json(result))["tests"]
    assert (entry["score"], entry["max_score"], entry["output"]) == (0, 8, "This question was not graded.")


def test_notes_are_shown_and_long_messages_are_cut() -> None:
    result = made("ada", replace(FAILED, message="x" * 10_000))
    report = read(results_json(msgspec.structs.replace(result, notes=("missing: \x1b[31mutils.py",))))
    assert report["output"] == "0 of 8 points (0%)\nmissing: utils.py"
    assert len(report["tests"][0]["output"]) <= 4000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_stored_clean(name: str) -> None:
    assert read(results_json(made(name, PASSED)))["extra_data"]["submission"] == clean_name(name)


def test_a_check_that_could_not_run_says_so_even_if_not_why() -> None:
    [entry] = read(results_json(made("ada", CRASHED), Dial(default=Level.DIAGNOSIS)))["tests"]
    assert (entry["status"], entry["output"]) == ("failed", "could not run")


VISIBILITIES = SCHEMA["$defs"]["visibility"]["enum"]


@settings(max_examples=30)
@given(any_result(), st.sampled_from(Level), st.sampled_from(VISIBILITIES))
def test_any_dial_gives_a_valid_report_with_the_same_points(result: Result, level: Level, visibility: str) -> None:
    ids = [question.id for question in result.questions]
    report = read(results_json(result, Dial(default=level, visibility=dict.fromkeys(ids, visibility))))
    assert {test["visibility"] for test in report["tests"]} <= {visibility}
    plain = read(results_json(result))
    assert report["score"] == plain["score"]
    assert [test["score"] for test in report["tests"]] == [test["score"] for test in plain["tests"]]


def test_a_question_may_be_shown_later_than_the_others() -> None:
    report = read(results_json(made("ada", FAILED, CRASHED), Dial(visibility={"1e": "after_published"})))
    assert [(test["number"], test["visibility"]) for test in report["tests"]] == [
        ("1d", "visible"),
        ("1e", "after_published"),
    ]
