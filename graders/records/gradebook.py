"""The gradebook: the results of a class in one SQLite file, so that a killed run goes on and a mark is never lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from graders.records.result import Result, Signature
from graders.text.sanitize import encodable
from sanity.core.errors import UserError

_APPLICATION_ID = 0x54524956  # "TRIV": tells a gradebook from another program's database
_VERSION = 2
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS results (
        key TEXT, submission TEXT, assignment TEXT, points REAL, max_points REAL, graded_at TEXT, source TEXT,
        result BLOB, PRIMARY KEY (key, submission)
    )
"""


class GradebookError(UserError):
    """The gradebook cannot be read or written."""


def result_key(assignment: str, submission_digest: str, signature: Signature, questions: Iterable[str]) -> str:
    """Return a hash over everything that decides a result; the order of questions does not."""
    decisive = signature.graders, signature.seed, signature.isolation
    return sha256(msgspec.json.encode([assignment, submission_digest, *decisive, sorted(set(questions))])).hexdigest()


class Gradebook:
    """An open gradebook: `with Gradebook(path) as book: …`. Raises GradebookError from every method.

    A result is found by its key and the submission's name: two students who hand in the same files share a key,
    and each has a row. Older results of a submission stay: `current` tells which counts.
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
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application != _APPLICATION_ID:
            raise GradebookError(f"{self._path}: a database, but not a gradebook; choose another folder")
        if tables and version != _VERSION:
            raise GradebookError(f"{self._path}: a gradebook of another version of trivium; choose another folder")
        self._database.execute("PRAGMA journal_mode = WAL")
        if not tables:  # the id first: whoever sees the table must find it
            self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
            self._database.execute(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def put(self, key: str, result: Result, source: Path) -> None:
        """Store a result as the latest of its submission, which was read at source; committed on return."""
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
            encodable(str(source)),
            msgspec.json.encode(result),
        )
        with self._one_line_errors():
            self._database.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def get(self, key: str, name: str) -> Result | None:
        """Return the result of the submission called name under key, or None if it has not been graded."""
        query = "SELECT result FROM results WHERE key = ? AND submission = ?"
        with self._one_line_errors():
            row = self._database.execute(query, (key, encodable(name))).fetchone()
            return row and msgspec.json.decode(row[0], type=Result)

    def results(self) -> list[Result]:
        """Return all results that were ever stored, sorted by the submission's name."""
        with self._one_line_errors():
            rows = self._database.execute("SELECT result FROM results ORDER BY submission, key").fetchall()
            return [msgspec.json.decode(blob, type=Result) for (blob,) in rows]

    def last_seed(self, assignment: str) -> int | None:
        """Return the seed of the latest result of an assignment, or None if there is none."""
        query = "SELECT result FROM results WHERE assignment = ? ORDER BY rowid DESC LIMIT 1"
        with self._one_line_errors():
            row = self._database.execute(query, (assignment,)).fetchone()
            return msgspec.json.decode(row[0], type=Result).signature.seed if row else None

    def current(self, assignment: str, questions: Sequence[str]) -> list[Result]:
        """Return one result for each submission of an assignment, sorted by name: the latest answer to each question.

        questions are the assignment's, in order; results of others are left out.
        """
        query = "SELECT submission, result FROM results WHERE assignment = ? ORDER BY submission, rowid DESC"
        with self._one_line_errors():
            rows = self._database.execute(query, (assignment,)).fetchall()
            found = ((name, msgspec.json.decode(blob, type=Result)) for name, blob in rows)
            grouped = groupby(found, key=lambda row: row[0])
            return [_latest([result for _, result in group], questions) for _, group in grouped]

    def sources(self, assignment: str) -> dict[str, Path]:
        """Return where each submission of an assignment was last read."""
        query = "SELECT submission, source FROM results WHERE assignment = ? ORDER BY rowid"
        with self._one_line_errors():
            return {name: Path(source) for name, source in self._database.execute(query, (assignment,)).fetchall()}

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            advice = "choose another folder, or move the file away and grade again"
            raise GradebookError(f"{self._path}: cannot use this gradebook: {error}; {advice}") from None
        except msgspec.MsgspecError as error:
            raise GradebookError(f"{self._path}: holds a result of another version: {error}") from None


def _latest(results: Sequence[Result], questions: Sequence[str]) -> Result:
    """Return the first result, with the questions that it lacks from the ones after it, which are older."""
    newest = results[0]
    found = {question.id: question for result in reversed(results) for question in result.questions}
    same_files = {q.id for result in results if result.digest == newest.digest for q in result.questions}
    outdated = [id for id in questions if id in found and id not in same_files]
    notes = newest.notes
    if outdated:
        notes += (f"{', '.join(outdated)}: graded on files handed in before; grade again without --questions",)
    ordered = tuple(found[id] for id in questions if id in found)
    return msgspec.structs.replace(newest, questions=ordered, notes=notes)
