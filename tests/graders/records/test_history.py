"""What staff did is remembered: marks by hand that changed, and what a platform was given last."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from graders.records.gradebook import Gradebook
from graders.records.history import with_history
from graders.records.manual_marks import Mark
from tests.support.pages import report_html
from tests.support.results import PASSED, made


def test_each_change_of_a_mark_is_kept_and_nothing_is_noted_twice(tmp_path: Path) -> None:
    key = ("ada", "1d")
    with Gradebook(tmp_path / "book.sqlite") as book:
        history = book.history("a4")
        history.note_marks({key: Mark(5, "a sign only"), ("ben", "1d"): Mark(2, "")})
        history.note_marks({key: Mark(5, "a sign only", line=9), ("ben", "1d"): Mark(2, "")})
        assert history.earlier_marks() == {}
        history.note_marks({key: Mark(6, "two signs"), ("ben", "1d"): Mark(2, "")})
        history.note_marks({})
        history.note_marks({})
        history.note_marks({key: Mark(None, "ill", excused=True)})
        assert book.history("a2").earlier_marks() == {}
    with Gradebook(tmp_path / "book.sqlite") as book:
        earlier = book.history("a4").earlier_marks()
    lines = [re.sub(r" \(from .*\)$", "", line) for line in earlier[key]]
    assert lines == ["withdrawn", "6: two signs", "5: a sign only"]
    [ada] = with_history([made("ada", PASSED)], earlier)
    assert f"Before: {earlier[key][1]}" in report_html([ada])


def test_what_a_platform_was_given_last(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book.sqlite") as book:
        history = book.history("a4")
        history.note_exported("canvas", {"7": "5", "8": "6"})
        history.note_exported("canvas", {"7": "5.5"})
        history.note_exported("moodle", {"7": "1"})
        assert history.exported("canvas") == {"7": "5.5", "8": "6"}
        assert book.history("a2").exported("canvas") == {}


def test_the_audit_trail_says_who_what_and_what_was_before(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book.sqlite") as book:
        history = book.history("a4")
        history.note_marks({("ada", "1d"): Mark(5, "a sign")})
        history.note_marks({("ada", "1d"): Mark(6, "two signs"), ("ben", "1g"): Mark(2, "")}, by="Grace")
        history.note_marks({("ben", "1g"): Mark(2, "")}, by="Alan")
        history.note_comment("1d-0123abcd", "See lecture 7.", "Grace")
        history.note_comment("1d-0123abcd", "", "Grace")
        found = [(c.submission, c.question, c.before, c.after, c.by) for c in history.changes()]
        assert found == [
            ("ada", "1d", "", "5: a sign", ""),
            ("ada", "1d", "5: a sign", "6: two signs", "Grace"),
            ("ben", "1g", "", "2", "Grace"),
            ("ada", "1d", "6: two signs", "withdrawn", "Alan"),
            ("", "1d-0123abcd", "", "See lecture 7.", "Grace"),
            ("", "1d-0123abcd", "See lecture 7.", "withdrawn", "Grace"),
        ]
        assert history.comments() == {}
        assert history.earlier_marks()["ada", "1d"][0].endswith(", by Grace)")


@pytest.mark.parametrize("table", ["marks", "comments"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET given_by = 'nobody'"])
def test_nobody_can_change_the_audit_trail(tmp_path: Path, table: str, change: str) -> None:
    path = tmp_path / "book.sqlite"
    with Gradebook(path) as book:
        book.history("a4").note_marks({("ada", "1d"): Mark(5, "")}, by="Grace")
        book.history("a4").note_comment("1d-0123abcd", "See lecture 7.", "Grace")
    with sqlite3.connect(path) as database, pytest.raises(sqlite3.IntegrityError, match="only added to"):
        database.execute(change.format(table))


def test_a_gradebook_of_version_3_keeps_its_marks_and_gets_a_trail(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite"
    with Gradebook(path) as book:
        book.put("k", made("ada", PASSED), Path("/class/ada"))
    with sqlite3.connect(path) as database:  # as version 3 wrote it
        for name in ("marks_are_added", "marks_stay", "comments_are_added", "comments_stay"):
            database.execute(f"DROP TRIGGER {name}")
        database.execute("DROP TABLE comments")
        database.execute("DROP TABLE marks")
        columns = "assignment TEXT, submission TEXT, question TEXT, mark TEXT, comment TEXT, noted_at TEXT"
        database.execute(f"CREATE TABLE marks ({columns})")
        database.execute("INSERT INTO marks VALUES ('a4', 'ada', '1d', '5', 'once', '2026-11-01T10:00:00+00:00')")
        database.execute("PRAGMA user_version = 3")
    for _ in range(2):
        with Gradebook(path) as book:
            assert [result.submission for result in book.results()] == ["ada"]
            assert [(c.after, c.by) for c in book.history("a4").changes()] == [("5: once", "")]
    with Gradebook(path) as book:
        book.history("a4").note_marks({("ada", "1d"): Mark(6, "twice")}, by="Grace")
        book.history("a4").note_comment("1d-0123abcd", "See lecture 7.", "Grace")
        assert [(c.before, c.after, c.by) for c in book.history("a4").changes()][1] == ("5: once", "6: twice", "Grace")
    with sqlite3.connect(path) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute("DELETE FROM marks")
