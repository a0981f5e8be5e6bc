"""`export_marks` and `trivium export`: from a graded class's folder to files, and back."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from graders.cli.main import main
from graders.errors import OptionError
from graders.grading.exporting import ExportOptions, ExportReport, export_marks
from graders.grading.recorded import load_class
from graders.records.gradebook import Gradebook
from graders.records.result import Result, Unread
from graders.records.student import Student
from graders.text.sheets import SheetError
from sanity.core.errors import UserError
from tests.support.results import FAILED, PASSED, handed_in_by, made, recorded

CANVAS = """\
Student,ID,Section,a4 (302)
    Points Possible,,,8
"Lovelace, Ada",7,NLP,
"Bell, Ben",8,NLP,
"""


def one(name: str, id: str, *found: object, email: str = "") -> Result:
    number = f"{int(id):064x}"
    return handed_in_by(made(name, *found, digest=number), Student(name, canvas_id=id, email=email))  # type: ignore[arg-type]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "canvas.csv").write_text(CANVAS)
    ada, ben = one("Ada Lovelace", "7", PASSED, email="ada@example.org"), one("Ben Bell", "8", FAILED)
    return recorded(tmp_path / "grades", ada, ben)


def export(out: Path, format: str, **options: object) -> ExportReport:
    return export_marks(ExportOptions(format=format, grades=out, **options))  # type: ignore[arg-type]


def marks(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["Student"]: row["a4 (302)"] for row in csv.DictReader(file)}


def test_canvas_from_the_export_to_the_next(out: Path) -> None:
    sheet = out.parent / "canvas.csv"
    report = export(out, "canvas", sheet=sheet)
    assert report == ExportReport(out / "marks-canvas.csv", 2, ())
    assert marks(report.path) == {"    Points Possible": "8", "Lovelace, Ada": "8", "Bell, Ben": "0"}
    # Imported; then Ben's mark is changed in Canvas, and Ada's here.
    sheet.write_text(CANVAS.replace("NLP,\n", "NLP,8\n", 1).replace("NLP,\n", "NLP,2\n"))
    (out / "marks.csv").write_text("student,question,points,comment\nAda Lovelace,1d,7,copied a line\n")
    report = export(out, "canvas", sheet=sheet)
    assert marks(report.path) == {"    Points Possible": "8", "Lovelace, Ada": "7"}
    assert report.notes == (
        "Ben Bell: 2 was entered in the sheet by hand and stays; ours is 0, exported last was 0; "
        "empty the cell to have ours",
    )
    sheet.write_text(CANVAS)  # Ben's cell is empty again
    assert export(out, "canvas", sheet=sheet).written == 2


def test_what_has_no_complete_mark_is_named_and_stays_out(out: Path) -> None:
    with Gradebook(out / "gradebook.sqlite") as book:
        book.put_unread("a4", Unread("Zoe", "the archive is damaged"), Path("/class/zoe"))
        book.put("k", made("Cem", PASSED, replace(FAILED, question="1e")), Path("/class/cem"))
    report = export(out, "canvas", sheet=out.parent / "canvas.csv", scale=True)
    assert report.problems == (
        "Ada Lovelace: not marked yet: 1e; mark it, or add --partial",
        "Ben Bell: not marked yet: 1e; mark it, or add --partial",
        "Zoe: could not be read, and has no mark",
        "Cem: not found in the sheet; add --roster FILE, or enter the mark by hand",
    )
    report = export(out, "canvas", sheet=out.parent / "canvas.csv", scale=True, partial=True)
    assert marks(report.path)["Lovelace, Ada"] == "4"  # 8 of 16, where Canvas has 8


def test_gradescope_runs_it_and_each_student_has_the_own_results(out: Path, tmp_path: Path) -> None:
    report = export(out, "gradescope")
    assert report.problems == ("Ben Bell: no e-mail address is known; add --roster FILE",)
    autograder = tmp_path / "autograder"
    with zipfile.ZipFile(report.path) as archive:
        assert {name: bool(archive.getinfo(name).external_attr >> 16 & 0o100) for name in archive.namelist()} == {
            "run_autograder": True, "setup.sh": True, "students.json": False,
            "results/0000.json": False,
        }  # fmt: skip
        archive.extractall(autograder / "source")
    script = autograder / "source" / "run_autograder"
    script.chmod(0o755)
    for users, status in (([{"email": " Ada@Example.org"}], 0), ([{"email": "eve@example.org"}], 1)):
        (autograder / "submission_metadata.json").write_text(json.dumps({"id": 303, "users": users}))
        environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run([script, autograder], capture_output=True, text=True, env=environment)
        assert done.returncode == status
    assert done.stdout == (
        "no mark for eve@example.org: grade this submission, export again and upload the new autograder\n"
    )
    assert json.loads((autograder / "results" / "results.json").read_text())["score"] == 8


@pytest.mark.parametrize("format", ["csv", "xlsx", "jsonl"])
def test_the_class_for_spreadsheets_and_programs(out: Path, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = out.parent / f"class.{format}"
    assert main(["export", format, str(out), "--out", str(path)]) == 0
    assert path.stat().st_size > 100 and capsys.readouterr().out == f"{path}: 2 marks\n"


@pytest.mark.parametrize(
    ("format", "options", "said"),
    [
        ("canvas", {}, "export canvas: add --sheet FILE, the sheet that the platform gives you"),
        ("canvas", {"sheet": Path("nowhere.csv")}, "--sheet nowhere.csv: no such file"),
        ("csv", {"scale": True}, "--scale: only canvas and moodle have a sheet that is filled in; leave it out"),
        ("csv", {"partial": True}, "--partial: csv has the class as it was graded; leave it out"),
    ],
)
def test_options_that_make_no_sense(out: Path, format: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError) as error:
        export(out, format, **options)
    assert str(error.value) == said


def test_a_sheet_that_is_none_is_one_line_with_its_name(out: Path) -> None:
    (out.parent / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SheetError) as error:
        export(out, "canvas", sheet=out.parent / "x.csv")
    assert str(error.value) == (
        f"{out.parent / 'x.csv'}: the sheet is no gradebook of Canvas: expected the columns Student, ID and Section"
    )


def test_a_folder_without_a_gradebook_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        export(tmp_path, "csv")
    assert str(error.value) == f"{tmp_path}: no gradebook there: expected the --out folder of `trivium grade`"
    assert not list(tmp_path.iterdir())


def test_who_is_late_at_an_unknown_time_is_named(out: Path) -> None:
    with Gradebook(out / "gradebook.sqlite") as book:
        late = msgspec.structs.replace(one("Cem Ak", "9", PASSED), notes=("late, says Canvas",))
        book.put("9", late, Path("/class/cem"))
    assert load_class(out).warnings == ()
    (out / "policy.toml").write_text('due = 2026-11-20T23:59:00\ntimezone = "Europe/Berlin"\n')
    assert load_class(out).warnings == (
        "Cem Ak: late, says Canvas, but no time of submission is known: it is taken as on time",
    )
    (out / "submitted.csv").write_text("student,submitted\nCem Ak,2026-11-21 00:10\n")
    assert load_class(out).warnings == ()


def test_marks_of_what_could_not_be_read_wait(out: Path) -> None:
    with Gradebook(out / "gradebook.sqlite") as book:
        book.put_unread("a4", Unread("Zoe", "the archive is damaged"), Path("/class/zoe"))
    (out / "marks.csv").write_text("student,question,points,comment\nZoe,1d,7,came by mail\n")
    assert load_class(out).warnings == (f"{out / 'marks.csv'}: Zoe could not be read: its marks count when it is",)


def test_the_policy_decides_what_is_exported_and_stands_beside_the_raw_mark(out: Path) -> None:
    (out / "policy.toml").write_text(
        'due = 2026-11-20T23:59:00\ntimezone = "Europe/Berlin"\n[penalty]\nper = "day"\npoints = 1\n'
    )
    (out / "submitted.csv").write_text("student,submitted\nAda Lovelace,2026-11-22T00:10:00+01:00\n")
    assert marks(export(out, "canvas", sheet=out.parent / "canvas.csv").path)["Lovelace, Ada"] == "6"
    [ada, ben] = map(json.loads, export(out, "jsonl").path.read_text().splitlines())
    assert (ada["points"], ada["final_points"]) == (8, 6)
    assert ada["policy"]["why"] == "1 d 11 min late; 2 points off for 2 days"
    assert ben["policy"]["why"] == "no time of submission is known: taken as on time"


@pytest.mark.parametrize(
    ("level", "told"), [("", True), ("sentence", False), ("sentence,1d=location", True), ("diagnosis", False)]
)
def test_what_students_are_told_is_set_at_each_export(level: str, told: bool, tmp_path: Path) -> None:
    out = recorded(tmp_path / "grades", one("Ben Bell", "8", FAILED, email="ben@example.org"))
    with zipfile.ZipFile(export(out, "gradescope", feedback=level).path) as archive:
        assert (b"its halves are swapped" in archive.read("results/0000.json")) is told


@pytest.mark.parametrize(
    ("format", "level", "said"),
    [
        ("canvas", "sentence", "--feedback: Canvas's sheet has marks only; leave it out"),
        ("jsonl", "sentence", "--feedback: jsonl has the class as it was graded; leave it out"),
        ("gradescope", "all", "--feedback all: 'all' is no level: expected sentence, diagnosis, location, "
         "counterexample, or 1d=LEVEL for one question"),
    ],
)  # fmt: skip
def test_a_level_where_nothing_is_told_or_that_there_is_not(out: Path, format: str, level: str, said: str) -> None:
    sheet = {"sheet": out.parent / "canvas.csv"} if format == "canvas" else {}
    with pytest.raises(OptionError) as error:
        export(out, format, feedback=level, **sheet)
    assert str(error.value) == said
