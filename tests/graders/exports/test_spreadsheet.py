"""The class as CSV, workbook and JSON Lines."""

from __future__ import annotations

import csv
import io

import msgspec
from hypothesis import given, settings
from openpyxl import load_workbook

from graders.exports.jsonl import class_jsonl
from graders.exports.spreadsheet import class_csv, class_xlsx
from graders.records.policies import Adjustment
from graders.records.result import Result, Standing, Unread
from graders.records.student import Student
from tests.support.results import CRASHED, FAILED, PASSED, SECRET, classes, handed_in_by, made

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝")
UNREAD = [Unread("=zoe", "the archive is damaged")]


def example() -> list[Result]:
    """A late pair, and one with a question to be marked and a changed one."""
    pair = handed_in_by(made("=pair", PASSED), Student("Ada", "007", "ada@example.org"), Student("Ben", "008"))
    late = msgspec.structs.replace(pair, policy=Adjustment(8, 7.2, "1 h late; 10 % off"), notes=("unwrapped hw4/",))
    first, second = made("cem", FAILED, CRASHED).questions
    changed = msgspec.structs.replace(first, points=4.0, graded_points=0.0, comment="too strict", history=("3: once",))
    waiting = msgspec.structs.replace(second, standing=Standing.UNMARKED)
    return [late, msgspec.structs.replace(made("cem"), questions=(changed, waiting))]


def test_the_csv_has_a_row_for_each_student_and_a_mark_for_excel() -> None:
    data = class_csv(example(), UNREAD)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").splitlines() == [
        "submission,name,id,email,1d,1e,total,max,percent,final,policy,first problem",
        "'=pair,Ada,007,ada@example.org,8,,8,8,100,7.2,1 h late; 10 % off,",
        "'=pair,Ben,008,,8,,8,8,100,7.2,1 h late; 10 % off,",
        "cem,,,,4,–,4,8,50,4,,1d: halves swapped",
        "'=zoe,,,,,,,,,,,not read: the archive is damaged",
    ]


def test_the_workbook_has_numbers_notes_and_headers_that_stay() -> None:
    book = load_workbook(io.BytesIO(class_xlsx(example(), UNREAD)))
    points, notes = book["Points"], book["Notes"]
    assert (points.freeze_panes, notes.freeze_panes) == ("B2", "C2")
    assert [cell.value for cell in points[2]] == [
        "'=pair", "Ada", "007", "ada@example.org", 8, None, 8, 8, 100, 7.2, "1 h late; 10 % off", None,
    ]  # fmt: skip
    assert [cell.value for cell in points[4]][4:9] == [4, "–", 4, 8, 50]
    assert [[cell.value for cell in row] for row in notes.rows][1:] == [
        ["'=pair", None, "unwrapped hw4/"],
        ["'=pair", None, "8 points, 7.2 count: 1 h late; 10 % off"],
        ["cem", "1d", "changed by staff; graded 0"],
        ["cem", "1d", "too strict"],
        ["cem", "1d", "before: 3: once"],
        ["'=zoe", None, "not read: the archive is damaged"],
    ]


def test_a_line_of_json_for_each_submission() -> None:
    late, cem, zoe = (msgspec.json.decode(line) for line in class_jsonl(example(), UNREAD).splitlines())
    assert (late["final_points"], late["policy"]["why"]) == (7.2, "1 h late; 10 % off")
    assert late["students"][0] == {"name": "Ada", "id": "007", "email": "ada@example.org"}
    first, second = cem["questions"]
    assert (first["points"], first["graded_points"], first["checks"][0]["outcome"]) == (4, 0, "failed")
    assert (second["points"], second["standing"]) == (None, "not marked yet")
    assert zoe == {"submission": "=zoe", "not_read": "the archive is damaged"}


@settings(max_examples=40)
@given(classes())
def test_any_class_can_be_exported_and_no_cell_is_a_formula(results: list[Result]) -> None:
    for row in csv.reader(io.StringIO(class_csv(results).decode("utf-8-sig"), newline="")):
        assert not [cell for cell in row if cell.startswith(FORMULA)]
    data = class_xlsx(results)
    for sheet in load_workbook(io.BytesIO(data)):
        for cells in sheet.rows:
            assert not [c for c in cells if c.data_type == "f" or (isinstance(c.value, str) and c.value[:1] in FORMULA)]
    lines = class_jsonl(results)
    assert lines.count(b"\n") == len(results) and SECRET.encode() not in lines
    assert b"seed" not in lines
