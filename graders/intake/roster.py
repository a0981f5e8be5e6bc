"""A roster: who is in the class, and by which names and numbers each platform knows them.

It joins the names of one platform with those of another: a Canvas export has no readable names, a Moodle export no
numbers of the university.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from graders.intake.export import Export, Packed, Unpacked, recognise
from graders.intake.path_policy import IntakeError
from graders.records.student import Student
from graders.text.csv_table import read_table
from graders.text.spreadsheet import escape_formula, unescape_formula
from sanity.core.errors import UserError
from sanity.core.file_names import shown

COLUMNS = Student.__struct_fields__
_NUMBERS = ("canvas_id", "moodle_id", "id", "email")
"""The columns that are of one student only, the most certain first."""
_CANVAS = {"Student": "name", "ID": "canvas_id", "SIS User ID": "id", "SIS Login ID": "email", "Section": "section"}
_MOODLE = {
    "Full name": "name",
    "Identifier": "moodle_id",
    "ID number": "id",
    "Email address": "email",
    "Group": "group",
}
_GRADESCOPE = {"Name": "name", "SID": "id", "Email": "email", "Sections": "section", "Section": "section"}


class RosterError(UserError):
    """A roster cannot be read, or two of its rows are of one student; the message names the line."""


class Roster:
    """The students of a class. A student is found by a number or an e-mail address, else by a name that is unique."""

    def __init__(self, students: Sequence[Student]) -> None:
        self.students = tuple(students)
        self._uses = Counter(student.name for student in students)
        self._by_number: dict[tuple[str, str], Student] = {}
        by_name: dict[str, list[Student]] = defaultdict(list)
        by_label: dict[str, list[Student]] = defaultdict(list)
        for student in self.students:
            self._by_number |= dict.fromkeys(numbers_of(student), student)
            for name in _forms(student.name):
                by_name[name].append(student)
            for label in {_folded(student.id), _folded(student.email), _folded(student.email.partition("@")[0])} - {""}:
                by_label[label].append(student)
        self._by_name = {name: found[0] for name, found in by_name.items() if len(found) == 1}
        self._by_label = {label: found[0] for label, found in by_label.items() if len(found) == 1}

    def find(self, student: Student) -> Student | None:
        """Return the row of a student that a platform names; None if there is none or several could be it."""
        for key in numbers_of(student):
            if key in self._by_number:
                return self._by_number[key]
        named = self._by_name.get(_folded(student.name))
        return None if named is None or _differ(named, student) else named

    def label(self, student: Student) -> str:
        """Return what one of these students is called: the name, with a number if others have it."""
        number = student.id or student.email or student.canvas_id or student.moodle_id
        return f"{student.name} ({number})" if number and self._uses[student.name] > 1 else student.name

    def find_label(self, label: str) -> Student | None:
        """Return the row of the student after whom a folder or archive is called: `Ada Lovelace`, `a4-ada.zip`."""
        stem = re.sub(r"\.(zip|tar|gz|tgz|rar|7z)$", "", label, flags=re.IGNORECASE)
        if named := self._by_name.get(_folded(stem)):
            return named
        words = stem.split("-")
        labels = (_folded("-".join(words[start:])) for start in range(len(words)))
        return next((self._by_label[label] for label in labels if label in self._by_label), None)


def read_roster(path: Path) -> Roster:
    """Read a CSV file with some of the columns of a roster. Raises RosterError."""
    try:
        names, rows = read_table(path.read_bytes())
    except OSError as error:
        raise RosterError(f"{path}: cannot be read: {error.strerror}") from None
    except csv.Error as error:
        raise RosterError(f"{path}: is no table: {error}") from None
    if not _is_roster(names):
        expected = f"expected some of the columns {', '.join(COLUMNS)}"
        raise RosterError(f"{path}:1: {expected}; found {', '.join(names) or 'nothing'}")
    lines: dict[tuple[str, str], int] = {}
    students = []
    for line, row in rows:
        student = _student(row, {name: name.lower() for name in names})
        for key in numbers_of(student):
            if key in lines:
                raise RosterError(f"{path}:{line}: {key[0]} {shown(key[1])} is on line {lines[key]}, too")
            lines[key] = line
        students.append(student)
    return Roster(students)


def make_roster(paths: Iterable[Path]) -> list[Student]:
    """Return the students in exports, and in the sheets that platforms give teachers, sorted by name.

    What several of them say of one student is one row. Raises IntakeError for a path that is none of these.
    """
    students: list[Student] = []
    for path in paths:
        found = list(_students_at(path))
        roster = Roster(students)
        places = {id(student): place for place, student in enumerate(roster.students)}
        for student in found:
            known = roster.find(student)
            if known is None:
                students.append(student)
            else:
                students[places[id(known)]] = combined(students[places[id(known)]], student)
    return sorted(set(students), key=lambda student: (student.name, student.id, student.canvas_id, student.moodle_id))


def roster_csv(students: Iterable[Student]) -> str:
    """Return a roster as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([escape_formula(value) for value in msgspec.structs.astuple(student)] for student in students)
    return out.getvalue()


def combined(known: Student | None, found: Student | None) -> Student:
    """Return a row, with what it lacks from what a platform says.

    A name without spaces gives way to one with them, and Moodle's number to a new one: each assignment has others.
    """
    if known is None or found is None:
        return known or found or Student()
    mine, theirs = msgspec.structs.asdict(known), msgspec.structs.asdict(found)
    merged = Student(**{column: mine[column] or theirs[column] for column in COLUMNS})
    better = " " in found.name and " " not in known.name
    return msgspec.structs.replace(
        merged, name=found.name if better else merged.name, moodle_id=found.moodle_id or known.moodle_id
    )


def _students_at(path: Path) -> Iterator[Student]:
    """Yield the students of an export or a sheet."""
    try:
        if path.suffix.lower() == ".csv":
            yield from _students_of_sheet(*read_table(path.read_bytes()))
            return
        export: Export = Unpacked(path) if path.is_dir() else Packed(path)
        recognised = recognise(export)
        if not recognised:
            raise IntakeError("no export of Canvas, Moodle or Gradescope, and no sheet of theirs")
    except OSError as error:
        raise IntakeError(f"{path}: cannot be read: {error.strerror}") from None
    except (IntakeError, csv.Error) as error:
        raise IntakeError(f"{path}: {error}") from None
    for part in recognised.parts:
        yield from part.students


def _students_of_sheet(names: Sequence[str], rows: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[Student]:
    if _is_roster(names):
        columns: Mapping[str, str] = {name: name.lower() for name in names}
    elif {"Student", "ID"} <= set(names):
        columns = _CANVAS
    elif "Identifier" in names:
        columns = _MOODLE
    elif {"SID", "Email"} <= set(names):
        columns = _GRADESCOPE
    else:
        raise IntakeError(f"no sheet of Canvas, Moodle or Gradescope: its columns are {', '.join(names)}")
    for _, row in rows:
        cells = dict(row)
        if columns is _CANVAS:
            if not row["ID"] or row["Student"] == "Student, Test":  # "Points Possible", and Canvas's own student
                continue
            cells["Student"] = " ".join(reversed(row["Student"].split(", ", 1)))
            cells["SIS Login ID"] = cells.get("SIS Login ID", "") * ("@" in cells.get("SIS Login ID", ""))
        elif columns is _MOODLE:
            cells["Identifier"] = re.sub(r"\D", "", row["Identifier"])
        elif "Name" not in cells:
            cells["Name"] = f"{row.get('First Name', '')} {row.get('Last Name', '')}".strip()
        yield _student(cells, columns)


def _is_roster(names: Sequence[str]) -> bool:
    return bool(names) and {name.lower() for name in names} <= set(COLUMNS) and len(set(names)) == len(names)


def _student(row: Mapping[str, str], columns: Mapping[str, str]) -> Student:
    cells = {column: unescape_formula(row[title]) for title, column in columns.items() if title in row}
    return Student(**{column: unicodedata.normalize("NFC", cell) for column, cell in cells.items()})


def numbers_of(student: Student) -> list[tuple[str, str]]:
    """Return the numbers and the address by which a student is known, each with its column."""
    return [(column, _folded(value)) for column in _NUMBERS if (value := getattr(student, column))]


def _differ(known: Student, found: Student) -> bool:
    """Return whether both have a number of the same kind, and not the same one; Moodle's differ between assignments."""
    mine, theirs = dict(numbers_of(known)), dict(numbers_of(found))
    return any(mine[column] != theirs[column] for column in (mine.keys() & theirs.keys()) - {"moodle_id"})


def _forms(name: str) -> set[str]:
    """Return what a name may look like: also with the last names first, as Canvas writes it, without spaces."""
    words = name.replace(",", " ").split()
    return {_folded("".join(words[turn:] + words[:turn])) for turn in range(len(words))}


def _folded(text: str) -> str:
    """Return text without case, spaces and commas, so that "Lovelace, Ada" is "lovelaceada"."""
    return unicodedata.normalize("NFC", re.sub(r"[^\w@.+-]|_", "", unicodedata.normalize("NFC", text)).casefold())
