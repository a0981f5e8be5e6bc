"""What submissions are called: each has a name of its own, that of its students if a roster knows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from graders.intake.roster import Roster, combined, numbers_of
from graders.intake.submission import Found, place_of
from graders.records.student import Student
from sanity.core.file_names import listed, shown


def with_roster(found: Sequence[Found], roster: Roster | None) -> tuple[list[Found], list[str]]:
    """Return the submissions with what a roster says of their students, and a note on those that it does not know."""
    if roster is None:
        return list(found), []
    joined: list[Found] = []
    strangers: list[str] = []
    present: set[Student | None] = set()
    for one in found:
        known = [roster.find(student) for student in one.students] or [roster.find_label(one.name)]
        present.update(known)
        if None in known:
            strangers.append(one.name)
        students = tuple(combined(row, student) for row, student in zip_longest(known, one.students, fillvalue=None))
        labels = [roster.label(row) for row in known if row]
        name = shown(", ".join(labels), keep="") if len(labels) == len(known) and all(labels) else one.name
        joined.append(replace(one, name=name, students=tuple(s for s in students if s != Student())))
    notes = [f"not in the roster: {listed(strangers)}"] if strangers else []
    absent = [student.name or student.id or student.email for student in roster.students if student not in present]
    if absent and len(found) > 1:  # one alone is no class
        notes.append(f"no submission: {len(absent)} of {len(roster.students)} in the roster: {listed(absent)}")
    return joined, notes


def distinct(found: Sequence[Found]) -> list[Found]:
    """Return the submissions sorted by name, each name once.

    Of those that share one each gets what tells them apart: a number of its students, or the folder that it lies in.
    What a submission is called does not depend on the order in which they were found.
    """
    reserved = {one.name for one in found}
    for tell_apart in (_with_number, _with_folder):
        uses = Counter(one.name for one in found)
        names = [tell_apart(one) if uses[one.name] > 1 else one.name for one in found]
        found = [one if name in reserved else replace(one, name=name) for one, name in zip(found, names, strict=True)]
    reserved |= {one.name for one in found}
    named: dict[str, Found] = {}
    for one in sorted(found, key=lambda one: (one.name, str(one.source), one.students)):
        name, number = one.name, 2
        while name in named or (name in reserved and name != one.name):
            name, number = f"{one.name} ({number})", number + 1
        named[name] = replace(one, name=name)
    return sorted(named.values(), key=lambda one: one.name)


def apart_from(found: Sequence[Found], known: Mapping[str, Sequence[Student]]) -> tuple[Found, ...]:
    """Return the submissions; one with the name of an earlier one, by other students, gets their number.

    So two sections with an Ada Lovelace each may be graded one after the other.
    """
    return tuple(
        replace(one, name=_with_number(one)) if _are_others(one.students, known.get(one.name, ())) else one
        for one in found
    )


def _are_others(students: Sequence[Student], known: Sequence[Student]) -> bool:
    """Return whether students have numbers of the same kind as these, but none in common."""
    mine, theirs = ({number for student in some for number in numbers_of(student)} for some in (students, known))
    return mine.isdisjoint(theirs) and bool({kind for kind, _ in mine} & {kind for kind, _ in theirs})


def _with_number(one: Found) -> str:
    numbers = [s.canvas_id or s.moodle_id or s.id or s.email for s in one.students]
    return f"{one.name} ({shown(', '.join(numbers), keep='')})" if all(numbers) and numbers else one.name


def _with_folder(one: Found) -> str:
    return f"{one.name} ({shown(place_of(one.source).parent.name, keep='')})"
