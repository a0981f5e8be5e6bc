"""The sheet of marks is written by more than one hand: one row changes, and the others stay to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.records.manual_marks import Mark, MarksError, read_marks
from graders.records.marks_sheet import changed_sheet
from tests.graders.records.test_manual_marks import CHECKED, MANIFEST, NAMES, written

MINE = (
    "Name;By;Question;Points;Comment\r\nada;me;1.5;1,5;sehr schön\r\n\r\nJosé;me;1.5;?;\r\nada;;2.7;;\r\nTotal;;;1,5;"
)


def changed(path: Path, **marks: Mark) -> bytes:
    """Return the sheet with marks of ada, by question; _ stands for a point."""
    changes = {("ada", id.strip("_").replace("_", ".")): mark for id, mark in marks.items()}
    return changed_sheet(read_marks(path, MANIFEST), NAMES, changes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_one_row_is_changed_and_the_rest_stays_to_the_letter(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes(MINE.encode(encoding))
    found = changed(path, _2_7=Mark(2.5, "ja; gut"))
    assert found.decode(encoding) == MINE.replace("ada;;2.7;;", 'ada;;2.7;2,5;"ja; gut"')
    found = changed(path, _1_5=Mark(None, "", excused=True))
    assert found.decode(encoding) == MINE.replace("ada;me;1.5;1,5;sehr schön", "ada;me;1.5;excused;")


def test_a_comment_of_several_lines_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes(b'student,question,points,comment,by\nada,1.5,1,"two\nlines",me\nada,2.7,2,,me\n')
    path.write_bytes(changed(path, _1_5=Mark(2, "now\nthree\nlines")))
    assert path.read_bytes() == (
        b'student,question,points,comment,by\nada,1.5,2,"now\nthree\nlines",me\nada,2.7,2,,me\n'
    )
    path.write_bytes(changed(path, _1_5=Mark(1, "one")))
    assert path.read_bytes() == b"student,question,points,comment,by\nada,1.5,1,one,me\nada,2.7,2,,me\n"


def test_without_a_file_one_is_made(tmp_path: Path) -> None:
    found = changed(tmp_path / "marks.csv", _1_5=Mark(1, "=1+1"))
    assert found == b"\xef\xbb\xbfstudent,question,points,comment\nada,1.5,1,'=1+1\n"


def test_without_a_column_for_comments_one_is_added(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes(b"student,question,points\nada,1.5,1\nada,2.7\n")
    assert changed(path, _2_7=Mark(2, "")) == b"student,question,points\nada,1.5,1\nada,2.7,2\n"
    assert changed(path, _2_7=Mark(2, "so")) == b"student,question,points,comment\nada,1.5,1\nada,2.7,2,so\n"


def test_the_row_that_counts_is_changed_and_one_that_cannot_be_understood_stays(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes(b"student,question,points,comment\nada,1.5,7,too much\nada,1.5,,\nada,1.5,1,\nada,1.5,2,second\n")
    found = changed(path, _1_5=Mark(1.5, "so"))
    assert found.splitlines()[1:] == [b"ada,1.5,7,too much", b"ada,1.5,,", b"ada,1.5,1.5,so", b"ada,1.5,2,second"]


def test_a_workbook_is_only_read(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["student", "question", "points"])
    book.save(tmp_path / "marks.xlsx")
    with pytest.raises(MarksError, match=r"marks\.xlsx: a workbook is only read: save it as CSV, and name that$"):
        changed(tmp_path / "marks.xlsx", _1_5=Mark(1, ""))


COMMENTS = st.text("ab,;\"'=\n é–李\t", max_size=12).map(str.strip)
MARKS = st.one_of(
    st.builds(Mark, st.sampled_from([0.0, 0.25, 2.0]), COMMENTS.filter(bool)),
    st.builds(Mark, st.none(), COMMENTS),
    st.builds(Mark, st.none(), COMMENTS.filter(bool), excused=st.just(True)),
)
GIVEN = st.dictionaries(st.tuples(st.sampled_from(NAMES), st.sampled_from(["1d", "1.5", "2.7"])), MARKS, max_size=4)


@given(st.lists(GIVEN, max_size=4), st.sampled_from(",;\t"), st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_what_was_given_last_is_read_again(  # type: ignore[no-untyped-def]
    tmp_path_factory, rounds, delimiter: str, encoding: str
) -> None:
    path = tmp_path_factory.mktemp("m") / "marks.csv"
    rows = [["student", "question", "points", "comment", "by"], ["ada", "2.7", "1", "my own", "me"], ["Total"]]
    path.write_bytes(written(rows, delimiter).encode(encoding))
    marks = {("ada", "2.7"): Mark(1.0, "my own")}
    for given_now in rounds:
        path.write_bytes(changed_sheet(read_marks(path, CHECKED), NAMES, given_now))
        marks |= given_now
    found, warnings = read_marks(path, CHECKED).marks(NAMES)
    said = {key: (mark.shown, mark.comment) for key, mark in found.items()}
    assert said == {key: (m.shown, m.comment) for key, m in marks.items() if m.shown or m.comment}
    assert warnings == []
    assert f"{delimiter}me" in read_marks(path, CHECKED).sheet.text  # a column of somebody's own
