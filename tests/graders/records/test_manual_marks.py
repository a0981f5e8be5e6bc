"""Marks given by hand: read from whatever a spreadsheet saved, merged into results, and the sheet completed."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.exports.annotations import Places, workflow_commands
from graders.exports.gradescope import results_json
from graders.exports.junit import junit_xml
from graders.exports.table import console_table, first_problem, gradebook_csv
from graders.records.manual_marks import (
    ALL,
    BONUS,
    WAITING,
    Mark,
    MarksError,
    read_marks,
    with_marks,
)
from graders.records.marks_sheet import completed_sheet
from graders.records.result import Result, Standing
from sanity.core.manifest import Manifest, Question, QuestionLimits, WrittenQuestion
from tests.support.pages import report_html
from tests.support.results import FAILED, PASSED, made, results

MANIFEST = Manifest(
    name="a1",
    title="From counts to word vectors",
    submit=(),
    given=(),
    questions=(),
    limits=QuestionLimits(1, 1),
    written=(WrittenQuestion("1.5", "What the picture shows", 2), WrittenQuestion("2.7", "Where bias comes from", 2.5)),
)
CHECKED = msgspec.structs.replace(MANIFEST, questions=(Question("1d", "Encode", 8, "nmt_model.py"),))
HEADER = "student,question,points,comment\n"
NAMES = ["ada", "José", "007123"]


def marks_of(tmp_path: Path, data: str | bytes, manifest: Manifest = MANIFEST, names: list[str] = NAMES):  # type: ignore[no-untyped-def]
    """Write a sheet; return its marks, as points or what is written there, with the comments, and the warnings."""
    path = tmp_path / "marks.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    marks, warnings = read_marks(path, manifest).marks(names)
    shown = {key: (mark.shown, mark.comment) for key, mark in marks.items()}
    return shown, [warning.removeprefix(f"{path}:") for warning in warnings]


def test_rows_without_points_are_not_marked_yet(tmp_path: Path) -> None:
    sheet = HEADER + 'ada,1.5,1.5,"clear, and short"\nada,2.7,,\nJosé,2.7,–,\n'
    assert marks_of(tmp_path, sheet) == ({("ada", "1.5"): ("1.5", "clear, and short")}, [])


def test_no_file_is_no_marks_unless_it_was_named(tmp_path: Path) -> None:
    assert read_marks(tmp_path / "marks.csv", MANIFEST).marks(NAMES) == ({}, [])
    with pytest.raises(MarksError, match=r"marks\.csv: no such file$"):
        read_marks(tmp_path / "marks.csv", MANIFEST, must_exist=True)


EXPECTED = {("José", "1.5"): ("1.5", "schön"), ("ada", "2.7"): ("2.5", "")}
ROWS = [["student", "question", "points", "comment"], ["José", "1.5", "1.5", "schön"], ["ada", "2.7", "2.5", ""]]


TITLES = ["Comment", " Points", "QUESTION", "Name"]
TOTALS: list[list[str]] = [[], ["Total", "", "4", "", ""], ["", "", "4"]]
MISSING = ":1: the column {} is missing: expected student, question, points, comment, found {}"


def written(rows: list[list[str]], delimiter: str = ",", end: str = "\r\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue()


def commas(rows: list[list[str]]) -> list[list[str]]:
    return [[student, question, points.replace(".", ","), comment] for student, question, points, comment in rows]


@pytest.mark.parametrize(
    ("saved_by", "data"),
    [
        ("Excel, English, UTF-8", written(ROWS).encode("utf-8-sig")),
        ("Excel, English, CSV", written(ROWS).encode("cp1252")),
        ("Excel, German", written(commas(ROWS), ";").encode("cp1252")),
        ("Excel, Unicode text", written(commas(ROWS), "\t").encode("utf-16")),
        ("LibreOffice, UTF-16 without a mark", written(ROWS, ";", "\n").encode("utf-16-le")),
        ("Numbers, decomposed letters", unicodedata.normalize("NFD", written(ROWS)).encode()),
        ("old Macs' line ends", written(ROWS, ";", "\r").encode()),
        ("with Excel's line on top", b"sep=;\r\n" + written(commas(ROWS), ";").encode()),
        ("other titles in another order", written([TITLES, *(row[::-1] for row in ROWS[1:])]).encode()),
        ("with a column and rows of somebody's own", written([*([*row, "me"] for row in ROWS), *TOTALS]).encode()),
        ("Numbers, with the table's name", b"Table 1\n\n" + written(commas(ROWS), ";", "\n").encode()),
        ("without comments", written([r[:3] for r in ROWS]).encode()),
    ],
)  # fmt: skip
def test_whatever_a_spreadsheet_saves_is_read(tmp_path: Path, saved_by: str, data: bytes) -> None:
    found, warnings = marks_of(tmp_path, data)
    comments = {key: (points, unicodedata.normalize("NFC", comment)) for key, (points, comment) in found.items()}
    expected = EXPECTED if saved_by != "without comments" else {key: (mark, "") for key, (mark, _) in EXPECTED.items()}
    assert (comments, warnings) == (expected, [])


def test_a_workbook_is_read(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for row in [["Student", "Question", "Points", "Comment"], ["José", 1.5, 1.5, "schön"], [7123, "2.7", 2, None]]:
        book.active.append(row)
    book.save(tmp_path / "marks.xlsx")
    marks, warnings = read_marks(tmp_path / "marks.xlsx", MANIFEST).marks(NAMES)
    assert {key: mark.shown for key, mark in marks.items()} == {("José", "1.5"): "1.5", ("007123", "2.7"): "2"}
    assert warnings == []


@pytest.mark.parametrize(
    ("student", "names", "found"),
    [
        ("7123", ["007123"], "007123"),
        ("7123.0", ["007123"], "007123"),
        ("7123", ["007123", "07123"], None),  # either of them
        ("7123", ["7123", "007123"], "7123"),
        (" Ada ", ["ada"], "ada"),
        ("ada", ["Ada", "ADA"], None),
        ("ada", ["Ada", "ada"], "ada"),
        ("'ada", ["ada"], "ada"),
        ("'ada", ["ada", "'ada"], "'ada"),
        ("''ada", ["ada", "'ada"], "'ada"),
        ("'=ada", ["=ada"], "=ada"),
        ("'-ada", ["'-ada", "-ada"], "-ada"),
        ("''-ada", ["'-ada", "-ada"], "'-ada"),
        ("Jose\u0301", ["José"], "José"),
        ("x (2)", ["x", "x (2)", "x (3)"], "x (2)"),
    ],
)
def test_a_name_is_found_if_only_one_can_be_meant(
    tmp_path: Path, student: str, names: list[str], found: str | None
) -> None:
    marks, warnings = marks_of(tmp_path, f"{HEADER}{student},1.5,1,\n", names=names)
    unescaped = student[1:] if student.startswith(("'=", "'-", "''")) else student
    unknown = f"2: the gradebook has no submission called {unescaped!r}; correct the name"
    assert (marks, warnings) == (({(found, "1.5"): ("1", "")}, []) if found else ({}, [unknown]))


@pytest.mark.parametrize(
    ("row", "warning"),
    [
        ("ada,9.9,1,", "'9.9' is no question: choose from 1d, 1.5, 2.7, bonus"),
        ("ada,1.5,3,", "points '3': expected a number from 0 to 2, or excused"),
        ("ada,1.5,-1,", "points '-1': expected a number from 0 to 2, or excused"),
        ("ada,1.5,nan,", "points 'nan': expected a number from 0 to 2, or excused"),
        ("ada,1.5,1e0,", "points '1e0': expected a number from 0 to 2, or excused"),
        ("ada,1.5,two,", "points 'two': expected a number from 0 to 2, or excused"),
        ("ada,1.5,1,good, but long", "expected 4 cells, found 5; put quotes around a comment with commas"),
        ("ada,,1,", "ada: the question is missing"),
        ("ada,all,3,", "points '3': all questions can only be excused: expected excused"),
        ("ada,1d,3,", "1d: a change of a mark needs a reason: write it into the comment"),
        ("dora,1.5,1,", "the gradebook has no submission called 'dora'; correct the name"),
        ("José,1.5,2,", "José has a mark for 1.5 already, on line 2: that one counts"),
    ],
)
def test_a_bad_row_is_a_warning_and_the_others_count(tmp_path: Path, row: str, warning: str) -> None:
    found, warnings = marks_of(tmp_path, f"{HEADER}José,1.5,1,\n{row}\nada,2.7,2,\n", CHECKED)
    assert found == {("José", "1.5"): ("1", ""), ("ada", "2.7"): ("2", "")}
    assert warnings == [f"3: {warning}"]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", MISSING.format("student", "nothing")),
        (b"name,points\n", MISSING.format("question", "name, points")),
        (b"student\x81",
         ": cannot be read as a table: it is no text in UTF-8, UTF-16 or cp1252; save it as CSV in UTF-8"),
        (b"PK\x03\x04", ": cannot be read as an Excel workbook: BadZipFile"),
    ],
)  # fmt: skip
def test_what_is_no_sheet_is_one_line(tmp_path: Path, data: bytes, line: str) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes(data)
    with pytest.raises(MarksError) as error:
        read_marks(path, MANIFEST)
    assert str(error.value) == f"{path}{line}"


def marked(result: Result, manifest: Manifest = MANIFEST, **marks: Mark) -> Result:
    """Return a result with marks by question id, in which _ stands for a point."""
    [found] = with_marks(
        [result], manifest, {(result.submission, id.strip("_").replace("_", ".")): mark for id, mark in marks.items()}
    )
    return found


@given(results(), st.sampled_from([0.0, 0.5, 2.0]), st.text(max_size=40))
def test_marks_are_in_every_export_and_an_unmarked_question_counts_nowhere(
    result: Result, points: float, comment: str
) -> None:
    found = marked(msgspec.structs.replace(result, questions=()), _1_5=Mark(points, comment.strip()))
    assert (found.points, found.max_points, found.unmarked) == (points, 2, ("2.7",))
    row = next(csv.DictReader(io.StringIO(gradebook_csv([found]))))
    assert (float(row["1.5"]), row["2.7"], float(row["total"]), float(row["max"])) == (points, "–", points, 2)
    first, second = json.loads(results_json(found))["tests"]
    assert first["score"] == points and second["output"] == WAITING
    assert not {"score", "max_score", "status"} & second.keys()
    assert WAITING in report_html([found])
    xml = junit_xml([found])
    assert WAITING in xml and 'skipped="1"' in xml and "<error" not in xml and "<failure" not in xml


def test_an_unmarked_question_is_a_dash() -> None:
    ada, ben = marked(made("ada", PASSED), CHECKED), marked(made("ben", PASSED), CHECKED, _1_5=Mark(1, ""))
    assert console_table([ada, ben]) == (
        " submission  1d  1.5  total    %  first problem\n"
        " ──────────────────────────────────────────────\n"
        " ada          8    –      8  100\n"
        " ben          8    1      9   90\n"
        "\n"
        " of           8    2     10\n"
    )
    assert console_table([ada]).splitlines()[0] == " submission  1d  total    %  first problem"


def test_any_question_can_be_changed_and_says_so() -> None:
    found = marked(made("ada", FAILED), CHECKED, _1d=Mark(8, "the check was too strict"))
    assert (found.points, found.questions[0].graded_points, first_problem(found)) == (8, 0, "")
    override, check, *_ = json.loads(results_json(found))["tests"]
    assert (override["score"], override["status"]) == (8, "passed")
    assert override["output"] == "Changed by staff from 0: the check was too strict"
    assert "score" not in check and check["status"] == "failed"
    assert "Changed by staff; graded 0." in report_html([found])
    xml = junit_xml([found])
    assert "8 of 8 points. the check was too strict" in xml and "<failure" not in xml
    assert workflow_commands(found, Places()) == "::notice title=a4::ada: 8 of 8 points\n"
    partly = marked(made("ada", FAILED), CHECKED, _1d=Mark(4, "half"))
    assert "<failure" in junit_xml([partly]) and "::error" in workflow_commands(partly, Places())


def test_an_excused_question_is_outside_the_percentage() -> None:
    found = marked(made("ada", FAILED), CHECKED, _1d=Mark(None, "was ill", excused=True), _1_5=Mark(1, ""))
    assert (found.points, found.max_points) == (1, 2)
    assert gradebook_csv([found]).splitlines()[1].startswith("ada,EX,1,–,1,2,50,")
    assert json.loads(results_json(found))["tests"][0]["output"] == "Excused: was ill"


def test_a_student_can_be_excused_from_everything() -> None:
    found = marked(made("ada", FAILED), CHECKED, **{ALL: Mark(None, "", excused=True)})
    assert {question.standing for question in found.questions} == {Standing.EXCUSED}
    assert (found.points, found.max_points) == (0, 0)


def test_bonus_points_are_above_the_maximum() -> None:
    found = marked(made("ada", PASSED), CHECKED, **{BONUS: Mark(1.5, "found a mistake in the handout")})
    assert (found.points, found.max_points) == (9.5, 8)
    assert json.loads(results_json(found))["score"] == 9.5
    assert "found a mistake" in report_html([found])


def test_a_comment_without_points_is_kept_and_shown_beside_points() -> None:
    found = marked(made("ada", PASSED), CHECKED, _1d=Mark(None, "nicely written"), _1_5=Mark(None, "a draft"))
    assert [(q.comment, q.standing) for q in found.questions[:2]] == [
        ("nicely written", Standing.COUNTED),
        (WAITING, Standing.UNMARKED),
    ]
    assert json.loads(results_json(found))["tests"][0]["output"] == "nicely written"


@given(results(), st.sampled_from([0.0, 1.25, 2.0]), st.text("ab,\"'=\n é", max_size=20))
def test_what_is_written_is_read_again(tmp_path_factory, result: Result, points: float, comment: str) -> None:  # type: ignore[no-untyped-def]
    """Whatever a submission is called, each row is found again, and completing a complete sheet changes nothing."""
    result = msgspec.structs.replace(result, submission=result.submission.encode("utf-8", "replace").decode())
    path = tmp_path_factory.mktemp("m") / "marks.csv"
    content = completed_sheet(read_marks(path, MANIFEST), [result], MANIFEST)
    assert content is not None and content.startswith(b"\xef\xbb\xbfstudent,")
    path.write_bytes(content)
    sheet = read_marks(path, MANIFEST)
    assert completed_sheet(sheet, [result], MANIFEST) is None
    assert [(student, question) for student, question, _ in sheet.rows] == [
        (result.submission, "1.5"),
        (result.submission, "2.7"),
    ]
    assert not [cell for row in sheet.sheet.rows for cell in row.cells if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_names_that_look_alike_keep_their_marks(tmp_path: Path) -> None:
    names = ["ada", "'ada", "''ada", "=ada", "'=ada", "x", "x (2)", "x (3)", "007", "7", "Ada", "ada ", "José"]
    names.append("Jose\u0301")
    class_ = [made(name, PASSED) for name in names]
    path = tmp_path / "marks.csv"
    content = completed_sheet(read_marks(path, MANIFEST), class_, MANIFEST)
    rows = list(csv.reader(io.StringIO((content or b"").decode("utf-8-sig"), newline="")))
    for place, row in enumerate(rows[1::2]):
        row[3] = str(place)
    path.write_text(written([rows[0], *([*row[:2], "1", row[3]] for row in rows[1::2])], ";"), encoding="utf-8")
    marks, warnings = read_marks(path, MANIFEST).marks(names)
    assert {name: marks[name, "1.5"].comment for name in names} == {n: str(i) for i, n in enumerate(sorted(names))}
    assert warnings == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_only_missing_rows_are_added_and_what_staff_wrote_stays(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "marks.csv"
    mine = "Name;By;Question;Points;Comment\r\nada;me;1.5;1,5;sehr schön\r\nzoe;me;1.5;?;\r\nTotal;;;1,5;"
    path.write_bytes(mine.encode(encoding))
    content = completed_sheet(read_marks(path, MANIFEST), [made("ada", PASSED), made("José", PASSED)], MANIFEST)
    assert content is not None and content.decode(encoding) == (
        f"{mine}\r\nJosé;;1.5;;\r\nJosé;;2.7;;\r\nada;;2.7;;\r\n"
    )


def test_a_name_that_the_encoding_lacks_makes_it_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes((HEADER + "José,1.5,1,\n").encode("cp1252"))
    content = completed_sheet(read_marks(path, MANIFEST), [made("李小龍", PASSED)], MANIFEST)
    assert content is not None and "李小龍,1.5,," in content.decode("utf-8-sig")
