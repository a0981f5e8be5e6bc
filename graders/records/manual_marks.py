"""Manual marks: a CSV file, filled in by staff for the written questions, which is merged into every export."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from graders.records.result import QuestionResult, Result
from graders.text.numbers import number
from graders.text.spreadsheet import escape_formula, unescape_formula
from sanity.core.errors import UserError
from sanity.core.manifest import Manifest

COLUMNS = ("student", "question", "points", "comment")
MARKED = "Marked by hand."


class MarksError(UserError):
    """A file of marks is invalid; the message names the line."""


@dataclass(frozen=True)
class Mark:
    """A mark for one question of one submission."""

    points: float
    comment: str
    line: int
    """Its line in the file."""


Marks = Mapping[tuple[str, str], Mark]
"""Marks by submission name and question id."""


def read_marks(path: Path, manifest: Manifest, must_exist: bool = False) -> dict[tuple[str, str], Mark]:
    """Read a CSV file with the columns student, question, points and comment.

    Rows without points are not marked yet and are skipped. A missing file has no marks, unless `must_exist`. Raises
    MarksError at the first invalid row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise MarksError(f"{path}: no such file") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise MarksError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    rows = csv.DictReader(io.StringIO(text))
    try:
        return _marks_in(rows, path, manifest)
    except csv.Error as error:
        raise MarksError(f"{path}:{rows.line_num + 1}: not a CSV file: {error}") from None


def _marks_in(rows: csv.DictReader[str], path: Path, manifest: Manifest) -> dict[tuple[str, str], Mark]:
    if tuple(rows.fieldnames or ()) != COLUMNS:
        found = ",".join(rows.fieldnames or ()) or "nothing"
        raise MarksError(f"{path}:1: expected the columns {','.join(COLUMNS)}, found {found}")
    marks: dict[tuple[str, str], Mark] = {}
    for row in rows:
        where = f"{path}:{rows.line_num}"
        if None in row or None in row.values():
            raise MarksError(f"{where}: expected {len(COLUMNS)} cells; put quotes around a comment with commas")
        key = unescape_formula(row["student"]), row["question"]
        if row["points"].strip():
            if key in marks:
                raise MarksError(f"{where}: {key[0]} has a mark for {key[1]} already, on line {marks[key].line}")
            marks[key] = Mark(_points(row, where, manifest), row["comment"].strip(), rows.line_num)
    return marks


def _points(row: Mapping[str, str], where: str, manifest: Manifest) -> float:
    worth = {written.id: written.points for written in manifest.written}
    if row["question"] not in worth:
        raise MarksError(f"{where}: {row['question']!r} is not marked by hand: choose from {', '.join(worth)}")
    most = worth[row["question"]]
    try:
        points = float(row["points"])
    except ValueError:
        points = -1.0
    if not 0 <= points <= most:
        raise MarksError(f"{where}: points {row['points']!r}: expected a number from 0 to {number(most)}")
    return round(points, 2)


def require_known(marks: Marks, names: Collection[str], path: Path) -> None:
    """Raise MarksError for the first mark of a submission that the gradebook does not have."""
    for (name, _), mark in marks.items():
        if name not in names:
            raise MarksError(f"{path}:{mark.line}: the gradebook has no submission called {name!r}; correct the name")


def with_marks(results: Sequence[Result], manifest: Manifest, marks: Marks) -> list[Result]:
    """Add to each result the questions that are marked by hand.

    One that is not marked yet is no part of it, and so of no total and no percentage.
    """
    return [_marked(result, manifest, marks) for result in results]


def _marked(result: Result, manifest: Manifest, marks: Marks) -> Result:
    by_hand = []
    for written in manifest.written:
        if mark := marks.get((result.submission, written.id)):
            comment = mark.comment or MARKED
            by_hand.append(QuestionResult(written.id, written.name, mark.points, written.points, (), comment=comment))
    return msgspec.structs.replace(result, questions=(*result.questions, *by_hand))


def marks_csv(results: Sequence[Result], manifest: Manifest, marks: Marks) -> str:
    """Return the CSV file of marks: a row for each written question of these results, filled in if it is marked.

    Marks of submissions without a result, such as removed ones, stay.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    graded = {result.submission for result in results}
    for name in sorted(graded | {name for name, _ in marks}):
        for written in manifest.written:
            mark = marks.get((name, written.id))
            if name not in graded and not mark:
                continue
            writer.writerow(
                [escape_formula(name), written.id, *((number(mark.points), mark.comment) if mark else ("", ""))]
            )
    return out.getvalue()
