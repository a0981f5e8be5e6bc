"""The class for a spreadsheet: one table of points and one of notes, as CSV or as an .xlsx workbook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from graders.exports.table import columns, first_problem, mark_text
from graders.records.result import Result, Unread
from graders.records.scoring import fraction
from graders.records.student import Student
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from graders.text.sheets import Sheet
from graders.text.spreadsheet import escape_formula

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

Cell = str | float
MOST_CHARACTERS = 2000
"""Of one cell; a workbook takes 32,767."""


def class_csv(results: Sequence[Result], unread: Sequence[Unread] = ()) -> bytes:
    """Return the points as CSV in UTF-8, with the mark by which Excel knows that."""
    rows = [[number(c) if isinstance(c, float) else c for c in row] for row in points_rows(results, unread)]
    return Sheet(()).csv(rows).encode("utf-8-sig")


def class_xlsx(results: Sequence[Result], unread: Sequence[Unread] = ()) -> bytes:
    """Return a workbook with the sheets Points and Notes, whose headers stay in view."""
    from openpyxl import Workbook

    book = Workbook()
    points: Worksheet = book.active
    points.title = "Points"
    _write(points, points_rows(results, unread), frozen="B2")
    _write(book.create_sheet("Notes"), notes_rows(results, unread), frozen="C2")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def points_rows(results: Sequence[Result], unread: Sequence[Unread]) -> list[list[Cell]]:
    """Return a header and a row for each student: a group's members have a row each.

    Texts that a spreadsheet would evaluate have a leading apostrophe.
    """
    questions = columns(results)
    late = any(result.policy for result in results)
    header = ["submission", "name", "id", "email", *(question.id for question in questions), "total", "max", "percent"]
    header += ["final", "policy"] * late + ["first problem"]
    rows: list[list[Cell]] = [[_text(title) for title in header]]
    for result in results:
        found = {question.id: question for question in result.questions}
        marks: list[Cell] = []
        for question in questions:
            own = found.get(question.id)
            marks.append("" if own is None else float(own.points) if own.counts else mark_text(own))
        percent = round(100 * fraction(result.points, result.max_points), 2)
        sums: list[Cell] = [float(result.points), float(result.max_points), percent if result.max_points else "–"]
        if late:
            sums += [float(result.final_points), _text(result.policy.why if result.policy else "")]
        for student in result.students or (Student(),):
            who = [_text(text) for text in (result.submission, student.name, student.id, student.email)]
            rows.append([*who, *marks, *sums, _text(first_problem(result))])
    for one in unread:
        empty: list[Cell] = [""] * (len(header) - 2)
        rows.append([_text(one.submission), *empty, _text(f"not read: {one.reason}")])
    return rows


def notes_rows(results: Sequence[Result], unread: Sequence[Unread]) -> list[list[Cell]]:
    """Return a header and a row for each remark: on a submission, or on one of its questions."""
    rows: list[list[Cell]] = [["submission", "question", "note"]]
    for result in results:
        notes = [("", note) for note in result.notes]
        if result.policy:
            notes.append(
                ("", f"{number(result.policy.raw)} points, {number(result.final_points)} count: {result.policy.why}")
            )
        for question in result.questions:
            if question.graded_points is not None:
                notes.append((question.id, f"changed by staff; graded {number(question.graded_points)}"))
            notes += [(question.id, text) for text in (question.comment, *map("before: {}".format, question.history))]
        rows += [[_text(result.submission), _text(id), _text(note)] for id, note in notes if note]
    return rows + [[_text(one.submission), "", _text(f"not read: {one.reason}")] for one in unread]


def _text(text: str) -> str:
    return escape_formula(clean_name(clean_text(text, MOST_CHARACTERS), MOST_CHARACTERS))


def _write(sheet: Worksheet, rows: Sequence[Sequence[Cell]], frozen: str) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for row in rows:
        sheet.append(row)
    sheet.freeze_panes = frozen
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for place in range(len(rows[0])):
        widest = max(len(str(row[place])) for row in rows)
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(max(widest + 2, 8), 60)
