"""What staff did, as the gradebook remembers it: marks given by hand, and marks that platforms were given."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import msgspec

from graders.records.manual_marks import Marks
from graders.records.result import Result
from graders.text.times import time_in_words

SCHEMA = """
    CREATE TABLE IF NOT EXISTS marks (
        assignment TEXT, submission TEXT, question TEXT, mark TEXT, comment TEXT, noted_at TEXT
    );
    CREATE TABLE IF NOT EXISTS exported (
        assignment TEXT, platform TEXT, student TEXT, mark TEXT, exported_at TEXT,
        PRIMARY KEY (assignment, platform, student)
    );
"""
WITHDRAWN = "withdrawn"


class History:
    """The history of one assignment: `with Gradebook(path) as book: book.history("a4")`. May raise GradebookError."""

    def __init__(
        self, database: sqlite3.Connection, assignment: str, errors: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._database, self._assignment, self._errors = database, assignment, errors

    def note_marks(self, marks: Marks) -> None:
        """Add the marks that are new or differ from the last ones, and those that are no longer there."""
        last = {key: rows[-1][:2] for key, rows in self._noted().items()}
        now = {key: (mark.shown, mark.comment) for key, mark in marks.items()}
        gone = {key: (WITHDRAWN, "") for key, found in last.items() if key not in now and found[0] != WITHDRAWN}
        time = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [(self._assignment, *key, *found, time) for key, found in (now | gone).items() if last.get(key) != found]
        with self._errors():
            self._database.executemany("INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?)", rows)

    def earlier_marks(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return a line for each mark that was changed since, the newest first, by submission and question."""
        return {
            key: tuple(
                f"{mark or 'no mark'}{f': {comment}' if comment else ''} (from {time_in_words(time)})"
                for mark, comment, time in reversed(rows[:-1])
            )
            for key, rows in self._noted().items()
            if len(rows) > 1
        }

    def _noted(self) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
        query = "SELECT submission, question, mark, comment, noted_at FROM marks WHERE assignment = ? ORDER BY rowid"
        found = defaultdict(list)
        with self._errors():
            for submission, question, *row in self._database.execute(query, (self._assignment,)):
                found[submission, question].append((row[0], row[1], row[2]))
        return found

    def exported(self, platform: str) -> dict[str, str]:
        """Return the mark that each student of a platform was given last, by the platform's name of the student."""
        query = "SELECT student, mark FROM exported WHERE assignment = ? AND platform = ?"
        with self._errors():
            return dict(self._database.execute(query, (self._assignment, platform)).fetchall())

    def note_exported(self, platform: str, marks: Mapping[str, str]) -> None:
        """Note the marks that a platform is given."""
        time = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [(self._assignment, platform, student, mark, time) for student, mark in marks.items()]
        with self._errors():
            self._database.executemany("INSERT OR REPLACE INTO exported VALUES (?, ?, ?, ?, ?)", rows)


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
