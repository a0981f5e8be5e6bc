"""The gradebook: the results of a class in one SQLite file. A killed run resumes from it, and no mark is lost."""

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

from graders.records.history import FROM_3, History
from graders.records.history import SCHEMA as HISTORY
from graders.records.result import Result, Signature, Unread
from graders.records.student import Student
from graders.text.sanitize import encodable
from sanity.core.errors import UserError

_APPLICATION_ID = 0x54524956  # "TRIV": distinguishes a gradebook from another program's database
_VERSION = 4
SECONDS = 30.0
"""To wait for another process that is writing."""
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS results (
        key TEXT, submission TEXT, assignment TEXT, points REAL, max_points REAL, graded_at TEXT, source TEXT,
        result BLOB, PRIMARY KEY (key, submission)
    );
    CREATE TABLE IF NOT EXISTS removed (assignment TEXT, submission TEXT, PRIMARY KEY (assignment, submission));
    CREATE TABLE IF NOT EXISTS unread (
        assignment TEXT, submission TEXT, reason TEXT, source TEXT, PRIMARY KEY (assignment, submission)
    )
"""


class _Students(msgspec.Struct):
    """What `Gradebook.students` needs of a Result: the rest is not decoded."""

    students: tuple[Student, ...] = ()


class GradebookError(UserError):
    """The gradebook cannot be read or written."""


def result_key(assignment: str, submission_digest: str, signature: Signature, questions: Iterable[str]) -> str:
    """Return a hash of everything that a result depends on. The order of the questions does not matter.

    Not of trivium's own version: what decides marks is in `Signature.graders`.
    """
    libraries = sorted((name, number) for name, number in signature.versions.items() if name != "trivium")
    setup = signature.graders, signature.seed, signature.isolation, libraries
    return sha256(msgspec.json.encode([assignment, submission_digest, *setup, sorted(set(questions))])).hexdigest()


class Gradebook:
    """An open gradebook: `with Gradebook(path) as book: …`. Every method may raise GradebookError.

    A result is stored by its key and the submission's name: two students who hand in the same files share a key, but
    each has a row. Older results of a submission are kept; `current` returns those that count.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._one_line_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Autocommit: a result is on disk when `put` returns. Another process may be writing: wait for it.
            self._database = sqlite3.connect(path, isolation_level=None, timeout=SECONDS)
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
            raise GradebookError(f"{self._path}: this database is not a gradebook; choose another folder")
        if tables and version == 3:
            self._take_over()
        elif tables and version != _VERSION:
            raise GradebookError(
                f"{self._path}: this gradebook is from another version of trivium; choose another folder"
            )
        self._database.execute("PRAGMA journal_mode = WAL")
        if not tables:  # the ids first: another process that sees the table reads them
            self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
            self._database.executescript(f"{_SCHEMA};{HISTORY}")

    def _take_over(self) -> None:
        """Make a gradebook of version 3, which did not note who gave a mark, one of this version."""
        with self.locked():
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version == 3:  # else another process has just done it
                self._database.execute(FROM_3)
                self._database.execute(f"PRAGMA user_version = {_VERSION}")
        self._database.executescript(HISTORY)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let no other process change the gradebook or the sheet of marks until the end; an exception undoes changes.

        A program that writes marks.csv reads it inside, so that nobody's change is lost. Not to be nested.
        """
        with self._one_line_errors():
            self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        with self._one_line_errors():
            self._database.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def put(self, key: str, result: Result, source: Path) -> None:
        """Store a result as the latest of its submission, which was read from `source`. Committed on return."""
        # These fields hold file names, whose bytes may not be valid UTF-8.
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
            self._database.execute("DELETE FROM removed WHERE assignment = ? AND submission = ?", (row[2], row[1]))
            self._database.execute("DELETE FROM unread WHERE assignment = ? AND submission = ?", (row[2], row[1]))

    def put_unread(self, assignment: str, unread: Unread, source: Path) -> None:
        """Note that a submission could not be read, until it is stored again: its earlier results do not count."""
        name = encodable(unread.submission)
        row = assignment, name, encodable(unread.reason), encodable(str(source))
        with self._one_line_errors():
            self._database.execute("INSERT OR REPLACE INTO unread VALUES (?, ?, ?, ?)", row)
            self._database.execute("DELETE FROM removed WHERE assignment = ? AND submission = ?", (assignment, name))

    def unread(self, assignment: str) -> list[Unread]:
        """Return the submissions that could not be read when they were read last, sorted by name."""
        query = "SELECT submission, reason FROM unread WHERE assignment = ? ORDER BY submission"
        with self._one_line_errors():
            return [Unread(name, reason) for name, reason in self._database.execute(query, (assignment,)).fetchall()]

    def get(self, key: str, name: str) -> Result | None:
        """Return the result stored under this key and submission name; None if there is none."""
        query = "SELECT result FROM results WHERE key = ? AND submission = ?"
        with self._one_line_errors():
            row = self._database.execute(query, (key, encodable(name))).fetchone()
            return row and msgspec.json.decode(row[0], type=Result)

    def results(self) -> list[Result]:
        """Return all stored results, old ones too, sorted by submission name."""
        with self._one_line_errors():
            rows = self._database.execute("SELECT result FROM results ORDER BY submission, key").fetchall()
            return [msgspec.json.decode(blob, type=Result) for (blob,) in rows]

    def last_seed(self, assignment: str) -> int | None:
        """Return the seed of an assignment's latest result; None if there is none."""
        query = "SELECT result FROM results WHERE assignment = ? ORDER BY rowid DESC LIMIT 1"
        with self._one_line_errors():
            row = self._database.execute(query, (assignment,)).fetchone()
            return msgspec.json.decode(row[0], type=Result).signature.seed if row else None

    def current(self, assignment: str, questions: Sequence[str]) -> list[Result]:
        """Return one result for each submission, sorted by name, with the latest result of each question.

        `questions` are the ids of the assignment's questions, in order; other questions are left out.
        """
        query = "SELECT submission, result FROM results WHERE assignment = ? ORDER BY submission, rowid DESC"
        with self._one_line_errors():
            rows = self._database.execute(query, (assignment,))  # not all at once: each is some 20 kB
            found = ((name, msgspec.json.decode(blob, type=Result)) for name, blob in rows)
            grouped = groupby(found, key=lambda row: row[0])
            return [_latest([result for _, result in group], questions) for _, group in grouped]

    def students(self, assignment: str) -> dict[str, tuple[Student, ...]]:
        """Return the students of each submission of an assignment, as its latest result has them, by name."""
        query = "SELECT submission, result FROM results WHERE assignment = ? ORDER BY rowid"
        with self._one_line_errors():
            rows = self._database.execute(query, (assignment,))
            return {name: msgspec.json.decode(blob, type=_Students).students for name, blob in rows}

    def sources(self, assignment: str) -> dict[str, Path]:
        """Return the path that each submission of an assignment was last read from, by name."""
        found: dict[str, Path] = {}
        with self._one_line_errors():
            for table in ("results", "unread"):
                query = f"SELECT submission, source FROM {table} WHERE assignment = ? ORDER BY rowid"
                found |= {
                    name: Path(source) for name, source in self._database.execute(query, (assignment,)).fetchall()
                }
            return found

    def state(self) -> tuple[object, ...]:
        """Return a value that is another one after a result was stored, or a submission could not be read."""
        query = "SELECT count(*), max(rowid), max(graded_at), total(length(result)) FROM results"
        counts = "SELECT (SELECT count(*) FROM unread), (SELECT count(*) FROM removed)"
        with self._one_line_errors():
            rows = [self._database.execute(text).fetchone() for text in (query, counts)]
            return (*rows[0], *rows[1])

    def remove(self, assignment: str, names: Iterable[str]) -> None:
        """Note that these submissions were removed from their folder: until they are stored again."""
        with self._one_line_errors():
            rows = [(assignment, encodable(name)) for name in names]
            self._database.executemany("INSERT OR IGNORE INTO removed VALUES (?, ?)", rows)

    def removed(self, assignment: str) -> set[str]:
        """Return the names of the submissions that were removed."""
        with self._one_line_errors():
            rows = self._database.execute("SELECT submission FROM removed WHERE assignment = ?", (assignment,))
            return {name for (name,) in rows}

    def history(self, assignment: str) -> History:
        """Return what staff did: marks given by hand, and what platforms were given."""
        return History(self._database, assignment, self._one_line_errors)

    def assignments(self) -> list[str]:
        """Return the assignments that have submissions here, sorted."""
        query = "SELECT assignment FROM results UNION SELECT assignment FROM unread ORDER BY assignment"
        with self._one_line_errors():
            rows = self._database.execute(query)
            return [name for (name,) in rows]

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            what = getattr(error, "strerror", None) or error
            raise GradebookError(f"{self._path}: cannot use this gradebook: {what}; {_advice(error)}") from None
        except msgspec.MsgspecError as error:
            raise GradebookError(f"{self._path}: contains a result from another version: {error}") from None


def _advice(error: Exception) -> str:
    """Return what to do about an error: a gradebook that is whole must stay where it is."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another program is writing to it: try again when that has ended"
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:  # on a full disk either
            return "free some space on its disk, and run the same command again"
        case sqlite3.SQLITE_READONLY:
            return "you need the right to write there"
        case _:
            return "choose another folder, or move the file away and grade again"


def _latest(results: Sequence[Result], questions: Sequence[str]) -> Result:
    """Return the first, newest result, with missing questions added from the older results after it."""
    newest = results[0]
    same_files = {q.id: q for r in reversed(results) if r.digest == newest.digest for q in r.questions}
    found = {q.id: q for r in reversed(results) for q in r.questions} | same_files
    outdated = [id for id in questions if id in found and id not in same_files]
    notes = newest.notes
    if outdated:
        notes += (f"{', '.join(outdated)}: graded with files handed in earlier; grade again without --questions",)
    ordered = tuple(found[id] for id in questions if id in found)
    return msgspec.structs.replace(newest, questions=ordered, notes=notes)
