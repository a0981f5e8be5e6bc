"""Manual marks: a sheet, filled in by staff, that marks written questions and changes any other mark.

The sheet is the staff's own: it may come back from any spreadsheet, with other columns and rows in it. A row that
cannot be understood is a warning, and the others count. `marks_sheet` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from graders.records.result import QuestionResult, Result, Standing
from graders.text.numbers import number
from graders.text.sheets import Names, Row, Sheet, SheetError, decimal, read_sheet
from graders.text.spreadsheet import unescape_formula
from sanity.core.errors import UserError
from sanity.core.manifest import Manifest

COLUMNS = ("student", "question", "points", "comment")
OTHER_TITLES = {"name": "student", "submission": "student", "mark": "points", "reason": "comment"}
BONUS, ALL = "bonus", "all"
"""What may stand in the place of a question's id: additional points, and all questions, to excuse a student."""
MOST_BONUS = 1000.0
EXCUSED = ("ex", "excused")
UNMARKED = ("", "-", "–")
WAITING = "Not marked yet: staff mark this question by hand."
MARKED = "Marked by hand."


class MarksError(UserError):
    """A file of marks cannot be read."""


@dataclass(frozen=True)
class Mark:
    """A mark for one question of one submission, or a comment without one."""

    points: float | None
    """None: the row has a comment only, or excuses the student."""
    comment: str
    line: int = 0
    """Its line in the file."""
    excused: bool = False

    @property
    def shown(self) -> str:
        """The mark as its cell has it."""
        return "excused" if self.excused else "" if self.points is None else number(self.points)


Marks = Mapping[tuple[str, str], Mark]
"""Marks by submission name and question id."""


@dataclass(frozen=True)
class MarksSheet:
    """A file of marks; its names are not compared with those of the gradebook yet."""

    path: Path
    sheet: Sheet | None
    """None: there is no file yet."""
    rows: tuple[tuple[str, str, Mark], ...] = ()
    """Student, as the cell has it, question id and mark of each row, also of those without points."""
    warnings: tuple[str, ...] = ()
    """One line for each row that cannot be understood."""

    def marks(self, names: Collection[str]) -> tuple[dict[tuple[str, str], Mark], list[str]]:
        """Return the marks of the submissions called `names`, and warnings on rows that are no marks of theirs."""
        marks: dict[tuple[str, str], Mark] = {}
        warnings, known = list(self.warnings), Names(names)
        for student, question, mark in self.rows:
            where = f"{self.path}:{mark.line}"
            name = known.find(student)
            if mark == Mark(None, "", mark.line) or (name is None and not question):
                continue  # not marked yet, or a row of totals
            if name is None:
                warnings.append(f"{where}: the gradebook has no submission called {student!r}; correct the name")
            elif not question:
                warnings.append(f"{where}: {name}: the question is missing")
            elif (name, question) in marks:
                line = marks[name, question].line
                warnings.append(f"{where}: {name} has a mark for {question} already, on line {line}: that one counts")
            else:
                marks[name, question] = mark
        return marks, warnings


def read_marks(path: Path, manifest: Manifest, must_exist: bool = False) -> MarksSheet:
    """Read a table with the columns student, question, points and comment, in any order, among others.

    Rows without points are not marked yet. Raises MarksError if the file is no such table, or is missing although it
    `must_exist`.
    """
    try:
        sheet = read_sheet(path)
    except FileNotFoundError:
        if must_exist:
            raise MarksError(f"{path}: no such file") from None
        return MarksSheet(path, None)
    except SheetError as error:
        raise MarksError(str(error)) from None
    return marks_in(path, sheet, manifest)


def marks_in(path: Path, sheet: Sheet, manifest: Manifest) -> MarksSheet:
    """Return the rows of a sheet that was read from path; raise MarksError if it is no table of marks."""
    places = places_of(sheet)
    if missing := [name for name in COLUMNS[:3] if name not in places]:
        found = ", ".join(title for title in sheet.header if title) or "nothing"
        raise MarksError(f"{path}:1: the column {missing[0]} is missing: expected {', '.join(COLUMNS)}, found {found}")
    rows, warnings = [], []
    for row in sheet.rows[1:]:
        try:
            rows.append(_mark(row, places, len(sheet.header), manifest))
        except ValueError as problem:
            warnings.append(f"{path}:{row.line}: {problem}")
    return MarksSheet(path, sheet, tuple(rows), tuple(warnings))


def places_of(sheet: Sheet) -> dict[str, int]:
    """Return the place of each column in a row, by its title in lower case; those of COLUMNS by any of their titles."""
    titles = [title.strip().lower() for title in sheet.header]
    places = {OTHER_TITLES.get(title, title): place for place, title in enumerate(titles)}
    return places | {title: place for place, title in enumerate(titles)}


def _mark(row: Row, places: Mapping[str, int], width: int, manifest: Manifest) -> tuple[str, str, Mark]:
    """Return student, question and mark of a row; raise ValueError if it cannot be understood."""
    if any(map(str.strip, row.cells[width:])):
        raise ValueError(f"expected {width} cells, found {len(row.cells)}; put quotes around a comment with commas")
    cells = {name: row.cells[place] if place < len(row.cells) else "" for name, place in places.items()}
    student, wanted, points = unescape_formula(cells["student"]), cells["question"].strip(), cells["points"].strip()
    comment = unescape_formula(cells.get("comment", "")).strip()
    worth = points_of(manifest)
    question = _question(wanted, (*worth, BONUS, ALL)) if wanted else ""
    if question is None:
        raise ValueError(f"{wanted!r} is no question: choose from {', '.join((*worth, BONUS))}")
    if not question:  # whether that matters depends on the student: see `MarksSheet.marks`
        return student, "", Mark(None, points or comment, row.line)
    return student, question, replace(mark_for(question, points, comment, manifest), line=row.line)


def points_of(manifest: Manifest) -> dict[str, float]:
    """Return what each question is worth that a person may mark, by its id, in the assignment's order."""
    worth = {q.id: q.points for q in manifest.questions} | {q.id: q.points for q in manifest.written}
    return worth | {q.id: q.points for q in manifest.trained}


def mark_for(question: str, points: str, comment: str, manifest: Manifest) -> Mark:
    """Return the mark for a question, a bonus or all questions; raise ValueError, one line, if there is no such mark.

    Args:
        question: its id, BONUS or ALL.
        points: a number with a point or a comma, `excused`, or one of UNMARKED.
        comment: for the student; a change of what was graded needs one.
        manifest: the assignment.
    """
    if points.strip().lower() in UNMARKED:
        return Mark(None, comment)
    if points.strip().lower() in EXCUSED and question != BONUS:
        mark = Mark(None, comment, excused=True)
    elif question == ALL:
        raise ValueError(f"points {points!r}: {ALL} questions can only be excused: expected {EXCUSED[1]}")
    else:
        mark = Mark(_points(points, points_of(manifest).get(question, MOST_BONUS)), comment)
    if not comment and question not in {written.id for written in manifest.written}:
        raise ValueError(f"{question}: a change of a mark needs a reason: write it into the comment")
    return mark


def _points(cell: str, most: float) -> float:
    try:
        points = decimal(cell)
    except ValueError:
        points = -1.0
    if not 0 <= points <= most:
        raise ValueError(f"points {cell!r}: expected a number from 0 to {number(most)}, or excused")
    return round(points, 2)


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
OTHER_MONTHS = {"mär": "mar", "mrz": "mar", "mai": "may", "okt": "oct", "dez": "dec"}


def _question(cell: str, ids: Collection[str]) -> str | None:
    """Return the question that a cell means; None if there is none.

    >>> ids = ("1.5", "2.10", "3a")
    >>> [_question(cell, ids) for cell in ("1,5", "1.50", "2.1", "3A", "01. Mai", "01.05.2026", "9")]
    ['1.5', '1.5', '2.10', '3a', '1.5', '1.5', None]
    """
    text = unescape_formula(cell).strip().lower()
    if text in ids:
        return text
    spellings = {text.replace(",", "."), _day_and_month(text)}
    same = [id for id in ids if id in spellings]
    # A spreadsheet drops the zero of 2.10, or shows 1.5 with two decimals.
    same = same or [id for id in ids if "." in id and {s.rstrip("0") for s in spellings} & {id.rstrip("0")}]
    return same[0] if len(same) == 1 else None


def _day_and_month(text: str) -> str:
    """Return `1.5` for a date such as 01. Mai, 01.05.2026 or 2026-05-01, as spreadsheets take 1.5 for one."""
    if found := re.fullmatch(r"(\d{1,2})[.\s-]+(\d{1,2}|[^\W\d]{3,})[.\s-]*(\d{2,4})?", text):
        day, month = found[1], found[2][:3]
    elif found := re.fullmatch(r"\d{4}-(\d\d)-(\d\d)( 00:00:00)?", text):
        day, month = found[2], found[1]
    else:
        return text
    month = OTHER_MONTHS.get(month, month)
    month_number = MONTHS.index(month) + 1 if month in MONTHS else int(month) if month.isdecimal() else 0
    return f"{int(day)}.{month_number}"


def with_marks(results: Sequence[Result], manifest: Manifest, marks: Marks) -> list[Result]:
    """Return the results with the marks given by hand.

    Each result with all checked questions gets the written ones. A mark replaces the points of any other question,
    which keep standing beside it.
    """
    return [_marked(result, manifest, marks) for result in results]


def _marked(result: Result, manifest: Manifest, marks: Marks) -> Result:
    questions = list(result.questions)
    if {question.id for question in manifest.questions} <= {question.id for question in questions}:
        for written in manifest.written:
            question = QuestionResult(written.id, written.name, 0.0, written.points, (), standing=Standing.UNMARKED)
            questions.append(msgspec.structs.replace(question, comment=WAITING))
    excused = marks.get((result.submission, ALL))
    questions = [_with_mark(q, marks.get((result.submission, q.id)) or excused) for q in questions]
    bonus = marks.get((result.submission, BONUS))
    if bonus and bonus.points:
        questions.append(QuestionResult(BONUS, "Bonus", bonus.points, 0.0, (), comment=bonus.comment))
    return msgspec.structs.replace(result, questions=tuple(questions))


def _with_mark(question: QuestionResult, mark: Mark | None) -> QuestionResult:
    """Return a question with its mark; a comment without points is for the student only if there are points already."""
    if mark is None or (mark.points is None and not mark.excused and question.standing is Standing.UNMARKED):
        return question
    written = question.standing is Standing.UNMARKED
    if mark.excused:
        comment = f"Excused: {mark.comment}" if mark.comment else "Excused."
        changes: dict[str, object] = {"points": 0.0, "standing": Standing.EXCUSED, "comment": comment}
    elif mark.points is None:
        return msgspec.structs.replace(question, comment="\n".join(filter(None, (question.comment, mark.comment))))
    else:
        changes = {"points": mark.points, "standing": Standing.COUNTED, "comment": mark.comment or MARKED}
    if not written:
        changes["graded_points"] = question.points
    return msgspec.structs.replace(question, **changes)
