"""Moodle: fills the marks into the grading worksheet of an assignment, to be uploaded again.

The titles of its columns follow the site's language. So a column is found by its English title, else by what is in it:
the participant's number comes first, and the mark stands before the maximum, which is the same number in all rows.
Nothing else in the sheet changes: Moodle compares the times in it with its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from graders.exports.explanation import AS_EVER
from graders.exports.filling import (
    EXCUSED,
    Filling,
    FillingError,
    fill,
    final_mark,
    full_points,
    has_decimal_commas,
    require_same_scale,
    rows_of,
)
from graders.exports.table import feedback
from graders.intake.roster import Roster
from graders.records.result import Result
from graders.records.student import Student
from graders.text.sheets import Sheet, decimal
from graders.text.spreadsheet import defuse, escape_formula
from sanity.core.feedback import Dial

_NUMBER = re.compile(r"\D*(\d+)\s*")


def fill_moodle(
    sheet: Sheet,
    results: Sequence[Result],
    whole: Sequence[Result],
    last: Mapping[str, str],
    last_feedback: Mapping[str, str],
    column: str = "",
    scale: bool = False,
    roster: Roster | None = None,
    dial: Dial = AS_EVER,
) -> tuple[Filling, dict[str, str]]:
    """Return the worksheet, filled in, and the feedback that is in it, by participant.

    The feedback is filled in where its column is empty, or has what was exported last.

    Args:
        sheet: the worksheet that Moodle gave.
        results: the submissions to give marks to.
        whole: all submissions of the class.
        last: the marks that were exported last, by participant; `last_feedback` has the feedback.
        column: the title of the column of the marks.
        scale: whether to convert the marks to the maximum in the sheet.
        roster: who the students are, if the results do not say it.
        dial: what the feedback may tell.

    Raises FillingError if the sheet is no worksheet, or the column is not clear.
    """
    titles = [title.strip() for title in sheet.header]
    rows = [[*row.cells, *[""] * (len(titles) - len(row.cells))] for row in sheet.rows]
    identifier, grade, most = _columns(titles, rows[1:], column)
    full = full_points(whole)
    possible = decimal(rows[1][most]) if most is not None else full
    require_same_scale("Moodle", titles[grade], possible, full, scale)
    filling = Filling()
    found, filling.problems = rows_of(results, [_student(row, titles, identifier) for row in rows[1:]], roster)
    by_id = {_id(rows[place + 1][identifier]): (rows[place + 1], result) for place, result in found.items()}
    marks = {id: final_mark(result, full, possible) for id, (_, result) in by_id.items()}
    for id in [id for id, mark in marks.items() if mark == EXCUSED]:
        name = by_id[id][1].submission
        filling.notes.append(f"{name}: excused; Moodle has no mark for that: the cell stays as it is")
        del marks[id], by_id[id]
    locked = titles.index("Grade can be changed") if "Grade can be changed" in titles else None
    for id in [id for id, (row, _) in by_id.items() if locked is not None and row[locked].strip() == "No"]:
        filling.problems.append(f"{by_id[id][1].submission}: this grade cannot be changed, says Moodle")
        del marks[id], by_id[id]
    cells = {id: row[grade] for id, (row, _) in by_id.items()}
    names = {id: result.submission for id, (_, result) in by_id.items()}
    numbers = [row[place] for row in rows[1:] for place in (grade, most) if place is not None]
    new = fill(cells, marks, names, last, has_decimal_commas(numbers), filling)
    texts = {}
    comments = next((place for place, title in enumerate(titles) if title.lower().startswith("feedback")), None)
    for id, (row, result) in by_id.items():
        row[grade] = new[id]
        if comments is not None and id in filling.marks and row[comments] in ("", last_feedback.get(id)):
            texts[id] = row[comments] = escape_formula(feedback(result, dial))
    out = [rows[0], *([defuse(cell) for cell in row] for row in rows[1:])]
    filling.content = sheet.csv(out).encode("utf-8-sig" if sheet.encoding == "utf-8-sig" else "utf-8")
    return filling, texts


def _id(cell: str) -> str:
    """Return the participant's number, without the word before it, which follows the language."""
    match = _NUMBER.fullmatch(cell)
    return match[1] if match else cell


def _columns(titles: Sequence[str], rows: Sequence[Sequence[str]], column: str) -> tuple[int, int, int | None]:
    """Return the places of participant, mark and maximum; there is no maximum if the mark's column is named."""
    if not rows:
        raise FillingError("the worksheet has no participants")
    identifier = titles.index("Identifier") if "Identifier" in titles else 0
    if not all(_NUMBER.fullmatch(row[identifier]) for row in rows):
        raise FillingError("the sheet is no grading worksheet of Moodle: its first column has no participants' numbers")
    pairs = [
        place
        for place in range(identifier + 1, len(titles))
        if (most := _number(rows[0][place])) and all(_number(row[place]) == most for row in rows)
        if all(row[place - 1].strip() in ("", "-") or (_number(row[place - 1]) or 0.0) <= most for row in rows)
        if all(row[place - 1].strip() in ("", "-") or _number(row[place - 1]) is not None for row in rows)
    ]
    if column or "Grade" in titles:
        if (column or "Grade") not in titles:
            raise FillingError(f"--column {column}: the columns of the sheet are {', '.join(titles)}")
        grade = titles.index(column or "Grade")
        return identifier, grade, grade + 1 if grade + 1 in pairs else None
    if len(pairs) != 1:
        raise FillingError(f"the column of the marks is not clear; name it by --column: there are {', '.join(titles)}")
    return identifier, pairs[0] - 1, pairs[0]


def _number(cell: str) -> float | None:
    try:
        return decimal(cell)
    except ValueError:
        return None


def _student(row: Sequence[str], titles: Sequence[str], identifier: int) -> Student:
    """Return whose a row is. In other languages the name is the second column, and an address has an @."""
    cells = dict(zip(titles, row, strict=False))
    return Student(
        name=cells.get("Full name", row[identifier + 1] if len(row) > identifier + 1 else "").strip(),
        id=cells.get("ID number", "").strip(),
        email=next((cell.strip() for cell in row if re.fullmatch(r"\s*[^@\s]+@[^@\s]+\s*", cell)), ""),
        moodle_id=_id(row[identifier]),
    )
