"""Two gradings are compared: in Python, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from graders.cli.main import main
from graders.records.comparison import compare
from graders.records.policies import Adjustment
from graders.records.result import Result, Standing
from graders.records.scoring import total
from tests.support.results import CRASHED, FAILED, PASSED, PROPERTY, classes, made, recorded

OLD = [made("ada", FAILED, PROPERTY, CRASHED), made("ben", PASSED, PROPERTY), made("cem", PASSED), made("dora", PASSED)]
NEW = [
    made("ada", PASSED, PROPERTY, CRASHED),
    made("ben", PASSED, replace(FAILED, check="padding", weight=1), digest="1" * 64),
    made("cem", PASSED),
    made("elif", PASSED),
]
TEXT = """\
ben: 8 → 6, −2 (other files)
  1d: 8 → 6
    padding: passed → failed, −2
ada: 0 → 8, +8
  1d: 0 → 8
    encodes: failed → passed, +6
    padding: passed, +2
only in the old grading: dora
only in the new grading: elif
1 gain, 1 lose, 1 without a difference
"""


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    return [str(recorded(tmp_path / name, *class_)) for name, class_ in (("old", OLD), ("new", NEW))]


def test_who_gains_and_loses_by_which_check(folders: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *folders]) == 1
    assert capsys.readouterr().out == TEXT
    assert main(["diff", folders[0], folders[0] + "/gradebook.sqlite"]) == 0
    assert capsys.readouterr().out == "0 gain, 0 lose, 4 without a difference\n"


def test_the_same_as_json(folders: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *folders, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [change["submission"] for change in found["changed"]] == ["ben", "ada"]
    assert found["changed"][0]["questions"][0]["checks"] == [
        {"check": "padding", "old": "passed", "new": "failed", "points": -2}
    ]
    assert (found["added"], found["removed"], found["same"]) == (["elif"], ["dora"], 1)


def test_marks_by_hand_are_compared_too_and_comparing_leaves_no_trace(
    folders: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (Path(folders[0]) / "marks.csv").write_text(
        "student,question,points,comment\nada,1d,3,half of it\nben,1d,excused,ill\n"
    )
    assert main(["diff", folders[0], folders[0]]) == 0
    capsys.readouterr()
    assert main(["diff", *folders]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "  1d: 3 (changed by staff) → 8" in lines and "  1d: excused → 6" in lines


def test_another_assignment_or_none_is_one_line(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = recorded(tmp_path / "a2", msgspec.structs.replace(made("ada", PASSED), assignment="a2"))
    assert main(["diff", folders[0], str(other)]) == 2
    assert main(["diff", folders[0], str(tmp_path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"trivium diff: {folders[0]} and {other} are of a4 and a2: expected two gradings of one assignment",
        f"trivium diff: {tmp_path}: no gradebook there: expected the --out folder of `trivium grade`",
    ]


def test_a_policy_counts() -> None:
    late = msgspec.structs.replace(made("ada", PASSED), policy=Adjustment(8, 7.2, "late"))
    [change] = compare([made("ada", PASSED)], [late]).changed
    assert (change.questions, change.policy, change.gain) == ((), (8, 7.2), -0.8)


def test_a_question_that_is_marked_now() -> None:
    waiting = msgspec.structs.replace(made("ada", PASSED).questions[0], standing=Standing.UNMARKED)
    old = msgspec.structs.replace(made("ada"), questions=(waiting,))
    [change] = compare([old], [made("ada", PASSED)]).changed
    [question] = change.questions
    assert (question.old, question.old_standing, question.new) == (None, "not marked yet", 8)


@given(classes(), classes())
def test_any_two_classes(old: list[Result], new: list[Result]) -> None:
    assert compare(old, old).is_empty
    there, back = compare(old, new), compare(new, old)
    assert (there.added, there.same) == (back.removed, back.same)
    assert {c.submission: c.gain for c in there.changed} == {c.submission: -c.gain for c in back.changed}
    for change in there.changed:
        assert change.gain == total(question.gain for question in change.questions)
