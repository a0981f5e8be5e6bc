"""Compares the submissions of a class, and writes what they share: pages for staff, and a table for spreadsheets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

from graders.atomic import write_atomically
from graders.course.assignment import Assignment, load_assignment
from graders.errors import OptionError
from graders.grading.recorded import require_folder_of
from graders.intake.discovery import find_class
from graders.intake.roster import numbers_of, read_roster
from graders.intake.submission import place_of, read_class
from graders.records.student import Student
from graders.similarity.code import File, code_of
from graders.similarity.fingerprints import Code, Handout, fingerprint, handout_of
from graders.similarity.pairs import LEAST, Comparison, compare, groups
from graders.similarity.report import Report, Row, index_page, pair_page, table_csv
from graders.similarity.view import view

MOST_PAGES = 300
"""Pairs that are shown. Nobody reads more, and a class with more has a shared source or a threshold too low."""
FOLDER = "similar"
Progress = Callable[[str, int, int], None]
"""Called with the name of what is done, how many are done, and of how many."""


@dataclass(frozen=True)
class SimilarOptions:
    """What to compare. `trivium similar` takes the same."""

    assignment: str
    paths: Sequence[Path]
    out: Path = Path("grades")
    """The pages go to its folder similar/."""
    threshold: float | None = None
    """Show the pairs that share so much of the code of one of them, in per cent; None: those far out of the class."""
    roster: Path | None = None

    def __post_init__(self) -> None:
        """Raise OptionError for a threshold out of range."""
        if self.threshold is not None and not 0 < self.threshold <= 100:
            raise OptionError(f"--threshold {self.threshold:g}: expected a percentage above 0, up to 100")


@dataclass(frozen=True)
class _Member:
    """A submission of the class, as it is compared."""

    name: str
    students: tuple[Student, ...]
    files: tuple[File, ...]


def find_similar(options: SimilarOptions, on_progress: Progress = lambda name, done, of: None) -> Report:
    """Compare a class, and write its pages; raise UserError, with a one-line message.

    A submission that cannot be read is named in the report, and the others are compared.
    """
    if find_spec("copydetect") is None:
        raise OptionError("copydetect is not installed: pip install 'trivium[similar]'")
    assignment = load_assignment(options.assignment)
    require_folder_of(assignment.name, options.out)
    roster = read_roster(options.roster) if options.roster else None
    klass = find_class(options.paths, assignment.manifest, roster)
    found = [one for one in klass.found if place_of(one.source) != place_of(options.out)]  # as in `similar a4 .`
    handout = _handout_of(assignment)
    members, fingerprints, unread, notes = list[_Member](), [], dict[str, str](), list(klass.notes)
    for done, (submission, problem) in enumerate(read_class(found, assignment.manifest), start=1):
        on_progress(submission.name, done, len(found))
        if problem:
            unread[submission.name] = problem
            continue
        files, said = code_of(submission.files)
        notes += (f"{submission.name}: {note}" for note in said)
        members.append(_Member(submission.name, submission.students, files))
        fingerprints.append(fingerprint(files, handout).fingerprints)
    comparison = compare(fingerprints, _of_one_student(members))
    threshold = None if options.threshold is None else options.threshold / 100
    report = Report(
        assignment=assignment.manifest,
        names=tuple(member.name for member in members),
        rows=tuple(_rows(assignment, members, comparison, threshold, handout)),
        comparison=comparison,
        threshold=threshold,
        too_little=tuple(m.name for m, size in zip(members, comparison.sizes, strict=True) if size < LEAST),
        unread=unread,
        notes=tuple(notes),
        folder=options.out / FOLDER,
    )
    _write(report)
    return report


def _rows(
    assignment: Assignment,
    members: Sequence[_Member],
    comparison: Comparison,
    threshold: float | None,
    handout: Handout,
) -> list[Row]:
    """Return the pairs to show, the most similar first."""
    flagged = comparison.flagged(threshold)
    numbers = {one: number for number, group in enumerate(groups(flagged), start=1) for one in group}

    @cache  # made again, for these few: the hashes of a whole class would fill the memory
    def code(member: int) -> Code:
        return fingerprint(members[member].files, handout)

    return [
        Row(
            number,
            pair,
            members[pair.first].name,
            members[pair.second].name,
            numbers.get(pair.first, 0),
            view(assignment, code(pair.first), code(pair.second), comparison.common),
        )
        for number, pair in enumerate(flagged[:MOST_PAGES], start=1)
    ]


def _of_one_student(members: Sequence[_Member]) -> frozenset[tuple[int, int]]:
    """Return the pairs of submissions that have a student in common."""
    known: dict[tuple[str, str], list[int]] = {}
    for number, member in enumerate(members):
        for key in {key for student in member.students for key in numbers_of(student) or [("name", student.name)]}:
            known.setdefault(key, []).append(number)
    return frozenset(pair for numbers in known.values() for pair in combinations(numbers, 2))


def _handout_of(assignment: Assignment) -> Handout:
    """Return the code that students receive."""
    names = [name for name in assignment.handout_files() if name.endswith((".py", ".ipynb"))]
    files, _ = code_of({name: (assignment.folder / name).read_bytes() for name in names})
    return handout_of(file.text for file in files)


def _write(report: Report) -> None:
    """Write all pages and the table; pages of an earlier run that are no more are removed."""
    for path in report.folder.glob("pair-*.html"):
        path.unlink()
    for row in report.rows:
        write_atomically(report.folder / row.page, pair_page(report, row))
    write_atomically(report.folder / "similar.csv", table_csv(report.rows))
    write_atomically(report.index, index_page(report))
