"""`trivium report`: from a gradebook alone, for staff or for students."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from graders.cli.main import main
from graders.records.gradebook import Gradebook
from graders.records.result import Unread
from tests.support.results import FAILED, PASSED, SECRET, made, recorded

ADA, BEN = made("ada", replace(FAILED, hint="swap them", script=SECRET)), made("ben", PASSED)


@pytest.fixture
def grades(tmp_path: Path) -> Path:
    return recorded(tmp_path / "grades", ADA, BEN)


def test_staff_get_the_index_and_the_pages(grades: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(grades)]) == 0
    index = grades / "report" / "index.html"
    assert capsys.readouterr().out == f"{index}\n"
    assert {path.name for path in (grades / "report" / "submissions").iterdir()} == {"ada.html", "ben.html"}
    assert SECRET in (grades / "report" / "submissions" / "ada.html").read_text()
    assert not (grades / "results").exists() and not (grades / "gradebook.csv").exists()


def test_students_get_a_page_each_with_the_marks_of_now(grades: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (grades / "marks.csv").write_text("student,question,points,comment\nada,1d,6,half right\nada,1d,7,again\n")
    out = grades.parent / "pages"
    assert main(["report", str(grades), "--for", "students", "-o", str(out), "--feedback", "diagnosis"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}/*/index.html: 2 pages\n"
    assert said.err.startswith("warning: ") and "ada has a mark for 1d already" in said.err
    page = (out / "ada" / "index.html").read_text()
    assert "half right" in page and "swap them" in page and "its halves are swapped" not in page and SECRET not in page


def test_what_could_not_be_read_has_no_page_and_is_named(grades: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Gradebook(grades / "gradebook.sqlite") as book:
        book.put_unread("a4", Unread("cem.zip", "not a zip"), Path("cem.zip"))
    assert main(["report", str(grades / "gradebook.sqlite"), "--for", "students"]) == 1
    said = capsys.readouterr()
    assert said.err == "cem.zip: could not be read, and has no page\n"
    assert said.out == f"{grades}/report-for-students/*/index.html: 2 pages\n"
    assert main(["report", str(grades)]) == 0
    assert "not a zip" in (grades / "report" / "index.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--feedback", "sentence"], "--feedback: staff are told everything; leave it out"),
        (["--for", "students", "--feedback", "all"], "--feedback all: 'all' is no level: expected sentence, "),
        (["--marks", "none.csv"], "none.csv: no such file"),
    ],
)
def test_what_can_be_mended_is_one_line(
    grades: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["report", str(grades), *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"trivium report: {said}")


def test_a_folder_without_a_gradebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)]) == 2
    assert "no gradebook there" in capsys.readouterr().err


def test_a_gradebook_of_nobody_whose_questions_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = msgspec.structs.replace(BEN, questions=())
    assert main(["report", str(recorded(tmp_path, empty)), "--for", "students"]) == 0
    assert (tmp_path / "report-for-students" / "ben" / "index.html").is_file()
