"""What staff did, as the gradebook has it: marks by hand, comments of groups, and what platforms were given."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from graders.records.manual_marks import Marks
from graders.records.result import Result
from graders.text.times import time_in_words

SCHEMA = """
    CREATE TABLE IF NOT EXISTS marks (
        assignment TEXT, submission TEXT, question TEXT, mark TEXT, comment TEXT, noted_at TEXT, given_by TEXT
    );
    CREATE TABLE IF NOT EXISTS comments (
        assignment TEXT, group_id TEXT, comment TEXT, noted_at TEXT, given_by TEXT
    );
    CREATE TABLE IF NOT EXISTS exported (
        assignment TEXT, platform TEXT, student TEXT, mark TEXT, exported_at TEXT,
        PRIMARY KEY (assignment, platform, student)
    );
    CREATE TRIGGER IF NOT EXISTS marks_are_added BEFORE UPDATE ON marks
        BEGIN SELECT RAISE(ABORT, 'the history of marks is only added to'); END;
    CREATE TRIGGER IF NOT EXISTS marks_stay BEFORE DELETE ON marks
        BEGIN SELECT RAISE(ABORT, 'the history of marks is only added to'); END;
    CREATE TRIGGER IF NOT EXISTS comments_are_added BEFORE UPDATE ON comments
        BEGIN SELECT RAISE(ABORT, 'the history of comments is only added to'); END;
    CREATE TRIGGER IF NOT EXISTS comments_stay BEFORE DELETE ON comments
        BEGIN SELECT RAISE(ABORT, 'the history of comments is only added to'); END;
"""
FROM_3 = "ALTER TABLE marks ADD COLUMN given_by TEXT DEFAULT ''"
"""Turns the table of a gradebook of version 3 into this one; SCHEMA adds the rest."""
WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Change:
    """A mark that was given, changed or withdrawn, or the comment of a group: an entry of the audit trail."""

    submission: str
    """Empty for the comment of a group."""
    question: str
    """The id of the question, or of the group."""
    before: str
    """The mark and its comment before; "" if there was none."""
    after: str
    by: str
    """Who gave it; "" if it was found in the sheet."""
    at: str
    """UTC, ISO 8601: when it was given, or found."""


class History:
    """The history of one assignment: `with Gradebook(path) as book: book.history("a4")`. May raise GradebookError."""

    def __init__(
        self, database: sqlite3.Connection, assignment: str, errors: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._database, self._assignment, self._errors = database, assignment, errors

    def note_marks(self, marks: Marks, by: str = "") -> None:
        """Add the marks that are new or differ from the last ones, and those that are no longer there.

        Args:
            marks: all that count. Read them in the same `Gradebook.locked()`, or another process may have changed them.
            by: who changed them; "" for what was found in the sheet.
        """
        last = {key: rows[-1][:2] for key, rows in self._by_question().items()}
        now = {key: (mark.shown, mark.comment) for key, mark in marks.items()}
        gone = {key: (WITHDRAWN, "") for key, found in last.items() if key not in now and found[0] != WITHDRAWN}
        found = [(key, mark) for key, mark in (now | gone).items() if last.get(key) != mark]
        rows = [(self._assignment, *key, *mark, _now(), by) for key, mark in found]
        with self._errors():
            self._database.executemany("INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def earlier_marks(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return a line for each mark that was changed since, the newest first, by submission and question."""
        return {
            key: tuple(
                f"{_spelt(mark, comment)} (from {time_in_words(time)}{f', by {by}' if by else ''})"
                for mark, comment, time, by in reversed(rows[:-1])
            )
            for key, rows in self._by_question().items()
            if len(rows) > 1
        }

    def changes(self) -> list[Change]:
        """Return the audit trail: each mark that was given or found, and each comment of a group, the oldest first."""
        found = []
        before: dict[tuple[str, str], str] = {}
        for submission, question, mark, comment, time, by in self._marks():
            key, after = (submission, question), _spelt(mark, comment)
            found.append(Change(submission, question, before.get(key, ""), after, by, time))
            before[key] = after
        query = "SELECT group_id, comment, noted_at, given_by FROM comments WHERE assignment = ? ORDER BY rowid"
        with self._errors():
            comments = self._database.execute(query, (self._assignment,)).fetchall()
        for group, comment, time, by in comments:
            found.append(Change("", group, before.get(("", group), ""), comment or WITHDRAWN, by, time))
            before["", group] = comment or WITHDRAWN
        return sorted(found, key=lambda change: change.at)

    def _by_question(self) -> dict[tuple[str, str], list[tuple[str, str, str, str]]]:
        """Return mark, comment, time and giver of each change, the oldest first, by submission and question."""
        found = defaultdict(list)
        for submission, question, *row in self._marks():
            found[submission, question].append((row[0], row[1], row[2], row[3]))
        return found

    def _marks(self) -> list[tuple[str, str, str, str, str, str]]:
        columns = "submission, question, mark, comment, noted_at, given_by"
        query = f"SELECT {columns} FROM marks WHERE assignment = ? ORDER BY rowid"
        with self._errors():
            return self._database.execute(query, (self._assignment,)).fetchall()

    def comments(self) -> dict[str, str]:
        """Return the comment of each group that has one, by the group's id."""
        query = "SELECT group_id, comment FROM comments WHERE assignment = ? ORDER BY rowid"
        with self._errors():
            last = dict(self._database.execute(query, (self._assignment,)).fetchall())
        return {group: comment for group, comment in last.items() if comment}

    def note_comment(self, group: str, comment: str, by: str) -> None:
        """Note the comment that a group gets; an empty one withdraws it."""
        row = (self._assignment, group, comment, _now(), by)
        with self._errors():
            self._database.execute("INSERT INTO comments VALUES (?, ?, ?, ?, ?)", row)

    def exported(self, platform: str) -> dict[str, str]:
        """Return the mark that each student of a platform was given last, by the platform's name of the student."""
        query = "SELECT student, mark FROM exported WHERE assignment = ? AND platform = ?"
        with self._errors():
            return dict(self._database.execute(query, (self._assignment, platform)).fetchall())

    def note_exported(self, platform: str, marks: Mapping[str, str]) -> None:
        """Note the marks that a platform is given."""
        rows = [(self._assignment, platform, student, mark, _now()) for student, mark in marks.items()]
        with self._errors():
            self._database.executemany("INSERT OR REPLACE INTO exported VALUES (?, ?, ?, ?, ?)", rows)


def _spelt(mark: str, comment: str) -> str:
    return f"{mark or 'no mark'}{f': {comment}' if comment else ''}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def with_history(results: Sequence[Result], earlier: Mapping[tuple[str, str], tuple[str, ...]]) -> list[Result]:
    """Return results with the earlier marks of each question."""
    return [
        msgspec.structs.replace(
            result,
            questions=tuple(
                msgspec.structs.replace(question, history=earlier.get((result.submission, question.id), ()))
                for question in result.questions
            ),
        )
        for result in results
    ]
