"""Marks given by hand: read, checked, merged into results, and written for staff to fill in."""

import csv
import io
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.exports.gradescope import results_json
from graders.exports.html import report_html
from graders.exports.junit import junit_xml
from graders.exports.table import gradebook_csv
from graders.records.manual_marks import Mark, MarksError, marks_csv, read_marks, require_known, with_marks
from sanity.core.manifest import Manifest, QuestionLimits, WrittenQuestion
from tests.support.results import results

MANIFEST = Manifest(
    name="a1",
    title="From counts to word vectors",
    submit=(),
    given=(),
    questions=(),
    limits=QuestionLimits(1, 1),
    written=(WrittenQuestion("1.5", "What the picture shows", 2), WrittenQuestion("2.7", "Where bias comes from", 2.5)),
)
HEADER = "student,question,points,comment\n"


def write(tmp_path, text):
    path = tmp_path / "marks.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_without_points_are_not_marked_yet(tmp_path):
    path = write(tmp_path, HEADER + 'ada,1.5,1.5,"clear, and short"\nada,2.7,,\n')
    assert read_marks(path, MANIFEST) == {("ada", "1.5"): Mark(1.5, "clear, and short", 2)}


def test_no_file_is_no_marks_unless_it_was_named(tmp_path):
    assert read_marks(tmp_path / "marks.csv", MANIFEST) == {}
    with pytest.raises(MarksError, match=r"marks\.csv: no such file$"):
        read_marks(tmp_path / "marks.csv", MANIFEST, must_exist=True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1: expected the columns student,question,points,comment, found nothing"),
        ("name,points\n", "1: expected the columns student,question,points,comment, found name,points"),
        (HEADER + "ada,9.9,1,\n", "2: '9.9' is not marked by hand: choose from 1.5, 2.7"),
        (HEADER + "ada,1.5,3,\n", "2: points '3': expected a number from 0 to 2"),
        (HEADER + "ada,1.5,-1,\n", "2: points '-1': expected a number from 0 to 2"),
        (HEADER + "ada,1.5,nan,\n", "2: points 'nan': expected a number from 0 to 2"),
        (HEADER + "ada,1.5,two,\n", "2: points 'two': expected a number from 0 to 2"),
        (HEADER + "ada,1.5,1,\nada,1.5,2,\n", "3: ada has a mark for 1.5 already, on line 2"),
        (HEADER + "ada,1.5,1,good, but long\n", "2: expected 4 cells; put quotes around a comment with commas"),
        (HEADER + "ada,1.5\n", "2: expected 4 cells; put quotes around a comment with commas"),
    ],
)
def test_a_wrong_row_is_one_line_that_names_it(tmp_path, text, line):
    path = write(tmp_path, text)
    with pytest.raises(MarksError) as error:
        read_marks(path, MANIFEST)
    assert str(error.value) == f"{path}:{line}"


def test_bytes_that_are_no_text_are_one_line(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_bytes(b"student\xff")
    with pytest.raises(MarksError, match="cannot be read as UTF-8 text: "):
        read_marks(path, MANIFEST)


@given(results())
def test_a_mark_of_nobody_is_refused(result):
    marks = {(result.submission + "x", "1.5"): Mark(1, "", 7)}
    with pytest.raises(MarksError, match=r"^marks.csv:7: the gradebook has no submission called "):
        require_known(marks, [result.submission], Path("marks.csv"))


@given(results(), st.sampled_from([0.0, 0.5, 2.0]), st.text(max_size=40))
def test_marks_stand_in_every_export(result, points, comment):
    result = msgspec.structs.replace(result, questions=())
    [marked] = with_marks([result], MANIFEST, {(result.submission, "1.5"): Mark(points, comment.strip(), 2)})
    assert marked.points == points and marked.max_points == 2
    row = next(csv.DictReader(io.StringIO(gradebook_csv([marked]))))
    assert (float(row["1.5"]), float(row["total"]), float(row["max"])) == (points, points, 2)
    assert [entry["score"] for entry in json.loads(results_json(marked))["tests"]] == [points]
    assert "What the picture shows" in report_html([marked])
    assert "<error" not in junit_xml([marked])


@given(results(), results())
def test_a_question_without_a_mark_is_outside_the_total(one, other):
    one = msgspec.structs.replace(one, submission="ada", questions=())
    other = msgspec.structs.replace(other, submission="ben", questions=())
    ada, ben = with_marks([one, other], MANIFEST, {("ada", "1.5"): Mark(2, "", 2)})
    assert (ada.points, ada.max_points, ben.points, ben.max_points) == (2, 2, 0, 0)
    rows = list(csv.DictReader(io.StringIO(gradebook_csv([ada, ben]))))
    assert [row["1.5"] for row in rows] == ["2", ""] and "2.7" not in rows[0]


@given(results(), st.sampled_from([0.0, 1.25, 2.0]), st.text("ab,\"'=\n é", max_size=20).map(str.strip))
def test_what_is_written_is_read_again(tmp_path_factory, result, points, comment):
    name = "=ada" + "".join(c for c in result.submission if c.isalnum())
    result = msgspec.structs.replace(result, submission=name)
    path = write(tmp_path_factory.mktemp("m"), marks_csv([result], MANIFEST, {(name, "2.7"): Mark(points, comment, 3)}))
    again = read_marks(path, MANIFEST)
    assert {key: (mark.points, mark.comment) for key, mark in again.items()} == {(name, "2.7"): (points, comment)}
