"""What staff did is remembered: marks by hand that changed, and what a platform was given last."""

from __future__ import annotations

import re
from pathlib import Path

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
