"""The demo shows what it says it shows: the README prints its table."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from demo.__main__ import main
from demo.students import CLASS, files_of, start
from graders.course.assignment import course_root

POINTS = {
    "amara-okafor": {"total": "40"},
    "bela-novak.zip": {"total": "40"},
    "chen-wei": {"total": "0"},
    "dario-conti": {"1c": "4", "1d": "5", "1e": "8"},
    "elif-yildiz": {"1e": "8", "1f": "4.5"},
    "farid-haddad": {"1d": "8", "1e": "0", "1f": "10"},
    "greta-lund": {"1a": "2", "1e": "8", "1f": "9"},
    "hana-sato": {"1a": "2", "1b": "3", "1c": "0", "total": "10"},
    "ivo-petrov": {"1d": "0", "total": "32"},
    "jonas-weber": {"total": "0"},
    "kofi-mensah": {"1a": "2", "2d": "2", "total": "7"},
}


def readme_lines() -> list[str]:
    """The lines that the README says the demo prints, up to where they are cut."""
    blocks = re.findall(r"```text\n(.*?)```", (course_root() / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.partition("…")[0].rstrip() for block in blocks for line in block.splitlines()]
    assert len(lines) > 20
    return [line for line in lines if "──" not in line]


def test_the_demo_checks_an_answer_and_grades_a_class(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course_root())
    assert main(tmp_path) == 0
    shown = capfd.readouterr().out
    assert "likely  the last hidden states are joined backward direction first" in shown
    assert "All Sanity Checks Passed for Question 1d: Encode!" in shown
    assert all(student.name in shown for student in CLASS)
    for name in ("gradebook.csv", "report/index.html", "results/*.json"):
        assert str(tmp_path / "grades" / name) in shown

    for line in readme_lines():
        assert line in shown

    with (tmp_path / "grades" / "gradebook.csv").open() as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert {name: {q: rows[name][q] for q in points} for name, points in POINTS.items()} == POINTS
    assert rows.keys() == POINTS.keys()
    assert json.loads((tmp_path / "grades" / "results" / "jonas-weber.json").read_text())["score"] == 0


def test_every_student_but_one_hands_in_something_else_than_the_reference() -> None:
    reference = start("reference")
    same = [student.name for student in CLASS if files_of(student) == reference]
    assert same == ["amara-okafor"]
