"""The results of a class in one SQLite file, so that a killed run goes on where it stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from graders.records.result import Result
from graders.text.sanitize import encodable

_APPLICATION_ID = 0x54524956  # "TRIV": tells a gradebook from another program's database
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS results (
        key TEXT, submission TEXT, assignment TEXT, points REAL, max_points REAL, graded_at TEXT, result BLOB,
        PRIMARY KEY (key, submission)
    )
"""


class GradebookError(Exception):
    """The gradebook cannot be read or written; the message is one line."""


def key_of(
    assignment: str,
    submission_digest: str,
    graders_digest: str,
    seed: int,
    isolation: str,
    questions: Iterable[str],
) -> str:
    """Return a hash over everything that decides a result; the order of questions does not."""
    parts = [assignment, submission_digest, graders_digest, seed, isolation, sorted(set(questions))]
    return sha256(msgspec.json.encode(parts)).hexdigest()


class Gradebook:
    """An open gradebook: `with Gradebook(path) as book: …`. Raises GradebookError from every method.

    A result is found by its key and the submission's name: two students who hand in the same files share a key,
    and each has a row.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._one_line_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Autocommit: a result is on disk when `put` returns. Another process may be writing: wait for it.
            self._database = sqlite3.connect(path, isolation_level=None, timeout=30)
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def _prepare(self) -> None:
        (application,) = self._database.execute("PRAGMA application_id").fetchone()
        (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application != _APPLICATION_ID:
            raise GradebookError(f"{self._path}: a database, but not a gradebook; choose another folder")
        self._database.execute("PRAGMA journal_mode = WAL")
        if not tables:  # the id first: whoever sees the table must find it
            self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._database.execute(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def put(self, key: str, result: Result) -> None:
        """Store result under key and its submission's name, in place of an earlier one; committed on return."""
        # Only these hold file names as the system gave them, which need not be text.
        result = msgspec.structs.replace(
            result, submission=encodable(result.submission), notes=tuple(map(encodable, result.notes))
        )
        row = (
            key,
            result.submission,
            result.assignment,
            result.points,
            result.max_points,
            result.graded_at,
            msgspec.json.encode(result),
        )
        with self._one_line_errors():
            self._database.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def get(self, key: str, name: str) -> Result | None:
        """Return the result of the submission called name under key, or None if it has not been graded."""
        query = "SELECT result FROM results WHERE key = ? AND submission = ?"
        with self._one_line_errors():
            row = self._database.execute(query, (key, encodable(name))).fetchone()
            return row and msgspec.json.decode(row[0], type=Result)

    def results(self, wanted: Iterable[tuple[str, str]] | None = None) -> list[Result]:
        """Return the results of the (key, name) pairs wanted that there are, or all; sorted by name."""
        if wanted is not None:
            found = [self.get(key, name) for key, name in sorted(set(wanted), key=lambda pair: pair[::-1])]
            return [result for result in found if result]
        with self._one_line_errors():
            rows = self._database.execute("SELECT result FROM results ORDER BY submission, key").fetchall()
            return [msgspec.json.decode(blob, type=Result) for (blob,) in rows]

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            advice = "choose another folder, or move the file away and grade again"
            raise GradebookError(f"{self._path}: cannot use this gradebook: {error}; {advice}") from None
        except msgspec.MsgspecError as error:
            raise GradebookError(f"{self._path}: holds a result of another version: {error}") from None
