"""Fills the marks of a class into the sheet of a platform: who has which row, and which mark belongs there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from graders.exports.table import columns
from graders.intake.roster import Roster, combined
from graders.records.manual_marks import BONUS
from graders.records.result import Result, Standing
from graders.records.student import Student
from graders.text.numbers import number
from graders.text.sheets import decimal
from sanity.core.errors import UserError

EXCUSED = "EX"
"""The cell of a student who is excused from all questions, as Canvas writes it."""


class FillingError(UserError):
    """A sheet is not the platform's, or its column cannot be found; the message is one line."""


@dataclass
class Filling:
    """What became of the marks."""

    content: bytes = b""
    """The sheet, filled in."""
    marks: dict[str, str] = field(default_factory=dict)
    """The marks that are in it, by the platform's name of the student."""
    notes: list[str] = field(default_factory=list)
    """One line each: a mark that somebody entered in the sheet, and that stays."""
    problems: list[str] = field(default_factory=list)
    """One line each: a submission whose mark is not in the sheet."""


def full_points(results: Sequence[Result]) -> float:
    """Return the points of all questions of the class, without bonus points."""
    return sum(question.max_points for question in columns(results))


def missing(result: Result, results: Sequence[Result]) -> list[str]:
    """Return the ids of the questions that a mark still lacks: not graded, or not marked by a person yet."""
    found = {question.id for question in result.questions if question.standing is not Standing.UNMARKED}
    return [question.id for question in columns(results) if question.id not in {*found, BONUS}]


def final_mark(result: Result, full: float, possible: float) -> str:
    """Return a submission's mark for a platform where `possible` points can be had, and `full` points here.

    Questions from which the student is excused count as the others on average; who is excused from all is excused.
    """
    excused = sum(question.max_points for question in result.questions if question.standing is Standing.EXCUSED)
    counted = Decimal(str(full)) - Decimal(str(excused))
    if excused and counted <= 0:
        return EXCUSED
    points = Decimal(str(result.final_points))
    if counted > 0 and counted != Decimal(str(possible)):
        points = points * Decimal(str(possible)) / counted
    return number(float(points.quantize(Decimal("0.01"), ROUND_HALF_UP)))


def require_same_scale(platform: str, column: str, possible: float, full: float, scale: bool) -> None:
    """Raise FillingError if the platform has other points than the class, unless they are to be converted."""
    if possible != full and not scale:
        raise FillingError(
            f"{platform} has {number(possible)} points for {column!r}, this class {number(full)}: "
            "change it there, or add --scale to convert the marks"
        )


def rows_of(
    results: Sequence[Result], rows: Sequence[Student], roster: Roster | None
) -> tuple[dict[int, Result], list[str]]:
    """Return the result of each row of a sheet that has one, by the row's place, and problems in one line each.

    A group's mark belongs to each of its members.
    """
    places = {id(row): place for place, row in enumerate(rows)}
    known = Roster(rows)
    found: dict[int, list[Result]] = defaultdict(list)
    problems = []
    for result in results:
        mine = [known.find(student) for student in _students(result, roster)] or [known.find_label(result.submission)]
        for row in mine:
            if row is not None:
                found[places[id(row)]].append(result)
        if None in mine:
            problems.append(
                f"{result.submission}: not found in the sheet; add --roster FILE, or enter the mark by hand"
            )
    for place, several in found.items():
        if len(several) > 1:
            names = " and ".join(result.submission for result in several)
            problems.append(f"{rows[place].name}: {names} are of this student; remove one of them")
    return {place: several[0] for place, several in found.items() if len(several) == 1}, problems


def _students(result: Result, roster: Roster | None) -> list[Student]:
    """Return the students of a result, with what a roster knows of them."""
    if roster is None:
        return list(result.students)
    if not result.students:
        members = [student for student in roster.students if student.group and student.group == result.submission]
        labelled = roster.find_label(result.submission)
        return members or ([labelled] if labelled else [])
    return [combined(roster.find(student), student) for student in result.students]


@dataclass(frozen=True)
class Decision:
    """What to do with one cell."""

    cell: str
    """Its text from now on."""
    ours: bool
    """Whether that is our mark."""


def decide(there: str, ours: str, last: str | None) -> Decision:
    """Return what to do with a cell that has `there`, where our mark is `ours` and the last exported was `last`.

    A mark that is not the last exported was entered or changed by hand, and stays.

    >>> [decide(there, "7", "6").cell for there in ("", "6", "6,0", "5")]
    ['7', '7', '7', '5']
    """
    return Decision(ours, True) if _value(there) in (_value(""), _value(ours), _value(last)) else Decision(there, False)


def _value(cell: str | None) -> float | str | None:
    if cell is None:
        return None
    try:
        return decimal(cell)
    except ValueError:
        return cell.strip().casefold().strip("-–")


def fill(
    cells: Mapping[str, str],
    marks: Mapping[str, str],
    names: Mapping[str, str],
    last: Mapping[str, str],
    comma: bool,
    filling: Filling,
) -> dict[str, str]:
    """Return the new text of each student's cell, and note in `filling` what is ours and what stays.

    Args:
        cells: the text of each cell, by the platform's name of the student.
        marks: our mark of each student.
        names: the submission that it is of, for messages.
        last: the mark that was exported last.
        comma: whether the platform writes decimal commas.
        filling: gets the marks and the notes.
    """
    new = {}
    for student, mark in marks.items():
        there = cells[student]
        decision = decide(there, mark, last.get(student))
        if decision.ours:
            new[student] = mark.replace(".", ",") if comma else mark
            filling.marks[student] = mark
        else:
            new[student] = there
            exported = f", exported last was {last[student]}" if student in last else ""
            filling.notes.append(
                f"{names[student]}: {there.strip()} was entered in the sheet by hand and stays; "
                f"ours is {mark}{exported}; empty the cell to have ours"
            )
    return new


def has_decimal_commas(cells: Iterable[str]) -> bool:
    """Return whether one of the cells is a number with a decimal comma."""
    return any("," in cell and isinstance(_value(cell), float) for cell in cells)
