"""Canvas: fills the marks into the gradebook that Canvas exports, to be imported again.

The file holds what is to be imported, and nothing else: the columns that say who a student is, the column of this
assignment, and the students who have a mark. So whatever changes in Canvas meanwhile is not overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from graders.exports.filling import (
    Filling,
    FillingError,
    fill,
    final_mark,
    full_points,
    has_decimal_commas,
    require_same_scale,
    rows_of,
)
from graders.intake.roster import Roster
from graders.records.result import Result
from graders.records.student import Student
from graders.text.sheets import Sheet, decimal, same_text
from graders.text.spreadsheet import defuse

_COLUMNS = {"ID": "canvas_id", "SIS User ID": "id", "SIS Login ID": "email", "Section": "section"}
_ASSIGNMENT = re.compile(r"(?P<title>.+?) \((?P<id>\d+)\)\s*", re.DOTALL)


def fill_canvas(
    sheet: Sheet,
    results: Sequence[Result],
    whole: Sequence[Result],
    last: Mapping[str, str],
    column: str = "",
    scale: bool = False,
    roster: Roster | None = None,
) -> Filling:
    """Return the rows of a Canvas gradebook to import.

    Args:
        sheet: the gradebook that Canvas exported.
        results: the submissions to give marks to.
        whole: all submissions of the class.
        last: the marks that were exported last, by Canvas's ID.
        column: the title of the assignment, with or without its number.
        scale: whether to convert the marks to the points that Canvas has.
        roster: who the students are, if the results do not say it.

    Raises FillingError if the sheet is no such gradebook, or the column is not clear.
    """
    titles = [title.strip() for title in sheet.header]
    if not {"Student", "ID", "Section"} <= set(titles):
        raise FillingError("the sheet is no gradebook of Canvas: expected the columns Student, ID and Section")
    place = assignment_column(titles, whole, column)
    kept = [*range(titles.index("Section") + 1), place]
    rows = [[*row.cells, *[""] * (len(titles) - len(row.cells))] for row in sheet.rows]
    tops = [row for row in rows[1:] if row[0].strip() == "Points Possible"]
    students = [row for row in rows[1:] if row[titles.index("ID")].strip()]
    full = full_points(whole)
    possible = next((row[place] for row in tops), "")
    points = _points(possible, full)
    require_same_scale("Canvas", titles[place], points, full, scale)
    filling = Filling()
    found, filling.problems = rows_of(results, [_student(row, titles) for row in students], roster)
    ids = {number: students[number][titles.index("ID")].strip() for number in found}
    new = fill(
        {ids[number]: students[number][place] for number in found},
        {ids[number]: final_mark(result, full, points) for number, result in found.items()},
        {ids[number]: result.submission for number, result in found.items()},
        last,
        has_decimal_commas(row[place] for row in rows[1:]),
        filling,
    )
    for number, id in ids.items():
        students[number][place] = new[id]
    imported = [*tops, *(students[number] for number in sorted(ids) if ids[number] in filling.marks)]
    out = [[rows[0][k] for k in kept], *([defuse(row[k]) for k in kept] for row in imported)]
    filling.content = sheet.csv(out).encode("utf-8-sig" if sheet.encoding == "utf-8-sig" else "utf-8")
    return filling


def assignment_column(titles: Sequence[str], results: Sequence[Result], column: str) -> int:
    """Return the place of the assignment's column: the one that is named, else the one that can be meant."""
    found = {place: match for place, title in enumerate(titles) if (match := _ASSIGNMENT.fullmatch(title))}
    wanted = [column] if column else sorted({name for r in results[:1] for name in (r.assignment, r.title)})
    for alike in (
        [place for place, match in found.items() if any(_is_called(match, name) for name in wanted)],
        [place for place, match in found.items() for name in wanted if not column and _has_words(match["title"], name)],
        list(found) if not column else [],
    ):
        if len(set(alike)) == 1:
            return alike[0]
    if not found:
        raise FillingError('no assignment\'s column, such as "Assignment 4 (901)": add the assignment in Canvas first')
    listed = ", ".join(repr(match[0].strip()) for match in found.values())
    what = f"column {column!r}" if column else "the assignment's column"
    raise FillingError(f"{what} is not clear; name it by --column: the assignments in the sheet are {listed}")


def _is_called(match: re.Match[str], name: str) -> bool:
    return same_text(name) in map(same_text, match.group(0, "title", "id"))


def _has_words(title: str, name: str) -> bool:
    """Return whether a title has the words of a name side by side; `Assignment 4` has a4."""
    words = same_text(re.sub(r"(?i)\bassignment\s*", "a", title))
    return re.search(rf"(?<!\w){re.escape(same_text(name))}(?!\w)", words) is not None


def _student(row: Sequence[str], titles: Sequence[str]) -> Student:
    cells = {title: cell.strip() for title, cell in zip(titles, row, strict=False)}
    known = {name: cells.get(title, "") for title, name in _COLUMNS.items()}
    return Student(name=" ".join(reversed(cells["Student"].split(", ", 1))), **known)


def _points(cell: str, default: float) -> float:
    try:
        return decimal(cell)
    except ValueError:
        return default
