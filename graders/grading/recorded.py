"""A graded class as its folder has it: results, with trainings, marks by hand and the policy on late work.

`trivium grade` ends with it; `trivium export` and `trivium diff` begin with it, and grade nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from graders.course.assignment import Assignment, load_assignment
from graders.errors import OptionError
from graders.grading.trained import with_trainings
from graders.records.gradebook import Gradebook
from graders.records.groups import with_comments
from graders.records.history import with_history
from graders.records.manual_marks import Marks, MarksSheet, read_marks, with_marks
from graders.records.policies import Policy
from graders.records.policy_file import known_as, read_policy, read_times, times_of, with_policy
from graders.records.result import Result, Unread
from sanity.core.manifest import Manifest

GRADEBOOK = "gradebook.sqlite"


@dataclass(frozen=True)
class Extras:
    """What staff add to a grading."""

    marks: MarksSheet
    policy: Policy | None
    submitted: Path | None
    """The sheet with the times of submission."""


@dataclass(frozen=True)
class RecordedClass:
    """The current results of a gradebook."""

    assignment: Assignment
    results: tuple[Result, ...]
    """One for each submission that could be read, sorted by name."""
    unread: tuple[Unread, ...]
    problems: tuple[str, ...] = ()
    """One line for each training that cannot be read."""
    warnings: tuple[str, ...] = ()
    """One line for each row of staff's files that does not count."""
    marks: Marks = field(default_factory=dict)
    """The marks by hand that count."""
    names: frozenset[str] = frozenset()
    """All submissions that a row of marks may mean, also those that were not read or were removed."""


def read_extras(
    manifest: Manifest,
    out: Path,
    marks: Path | None = None,
    policy: Path | None = None,
    submitted: Path | None = None,
) -> Extras:
    """Read the files that staff name, else those that lie in `out`. Raises UserError."""
    sheet = read_marks(marks or out / "marks.csv", manifest, must_exist=marks is not None)
    rules = policy or _if_there(out / "policy.toml")
    if submitted and not rules:
        raise OptionError(f"--submitted {submitted}: there is no policy that needs it; add --policy FILE")
    return Extras(sheet, read_policy(rules) if rules else None, submitted or _if_there(out / "submitted.csv"))


def _if_there(path: Path) -> Path | None:
    return path if path.is_file() else None


def load_class(
    out: Path,
    marks: Path | None = None,
    policy: Path | None = None,
    submitted: Path | None = None,
    note: bool = True,
) -> RecordedClass:
    """Return the class of a folder that `trivium grade` wrote, or of a gradebook's file.

    The marks by hand are noted in the history, unless `note` is False. Raises UserError if there is no gradebook.
    """
    path = gradebook_path(out)
    with Gradebook(path) as book:
        names = book.assignments()
        if not names:
            raise OptionError(f"{path}: this gradebook is empty; run `trivium grade` first")
        assignment = load_assignment(names[0])
        extras = read_extras(assignment.manifest, path.parent, marks, policy, submitted)
        return complete(book, current_class(book, assignment), path.parent, extras, note)


def gradebook_path(out: Path) -> Path:
    """Return the path of a folder's gradebook, or `out` if it is one; raise OptionError if there is none."""
    path = out / GRADEBOOK if out.is_dir() else out
    if not path.is_file():
        raise OptionError(f"{out}: no gradebook there: expected the --out folder of `trivium grade`")
    return path


def require_assignment(book: Gradebook, assignment: str, out: Path) -> None:
    """Raise OptionError if the gradebook in `out` is of another assignment."""
    if others := [name for name in book.assignments() if name != assignment]:
        raise OptionError(f"--out {out}: has the gradebook of {others[0]}; choose another folder for {assignment}")


def require_folder_of(assignment: str, out: Path) -> None:
    """Raise OptionError if `out` has a gradebook, and it is of another assignment."""
    if (out / GRADEBOOK).is_file():
        with Gradebook(out / GRADEBOOK) as book:
            require_assignment(book, assignment, out)


def current_class(
    book: Gradebook, assignment: Assignment, failures: Mapping[str, Result] | None = None
) -> RecordedClass:
    """Return the current results, as graded, and what could not be read; an earlier result of that does not count.

    `failures` are results, by name, of submissions on which the grader failed: they are in no gradebook.
    """
    failures = dict(failures or {})
    removed = book.removed(assignment.name) - failures.keys()
    unread = [one for one in book.unread(assignment.name) if one.submission not in {*removed, *failures}]
    left_out = {*removed, *(one.submission for one in unread)}
    questions = [question.id for question in assignment.manifest.questions]
    current = {result.submission: result for result in book.current(assignment.name, questions)} | failures
    results = (current[name] for name in sorted(current) if name not in left_out)
    return RecordedClass(assignment, tuple(results), tuple(unread))


def complete(book: Gradebook, recorded: RecordedClass, out: Path, extras: Extras, note: bool = True) -> RecordedClass:
    """Add trainings, marks by hand, comments of groups and the policy, in this order, and `note` marks in the history.

    A training counts by what was graded, whatever staff change afterwards. The sheet of marks is read again: it may
    have changed while a class was graded.
    """
    manifest, history = recorded.assignment.manifest, book.history(recorded.assignment.name)
    checked = {question.id for question in manifest.questions}
    whole = [result for result in recorded.results if checked <= {question.id for question in result.questions}]
    trained, problems = with_trainings(whole, manifest, out)
    by_name = {result.submission: result for result in recorded.results} | {r.submission: r for r in trained}
    removed = book.removed(recorded.assignment.name)
    names = frozenset([*by_name, *removed, *(one.submission for one in recorded.unread)])
    with book.locked() if note else nullcontext():
        marks, warnings = read_marks(extras.marks.path, manifest).marks(names)
        if note:
            history.note_marks(marks)
    marked = {student for student, _ in marks}
    warnings += [
        f"{extras.marks.path}: {name} could not be read: its marks count when it is"
        for name in (one.submission for one in recorded.unread)
        if name in marked
    ]
    results = with_history(with_marks(list(by_name.values()), manifest, marks), history.earlier_marks())
    results = with_comments(results, history.comments())
    if extras.policy:
        known = known_as(results) | {name: name for name in (*removed, *(one.submission for one in recorded.unread))}
        times, late = read_times(extras.submitted, known, extras.policy) if extras.submitted else ({}, [])
        results, nobody = with_policy(results, extras.policy, times_of(results, extras.policy) | times)
        warnings += [*late, *nobody, *_late_without_time(results)]
    return replace(
        recorded,
        results=tuple(results),
        problems=tuple(problems),
        warnings=tuple(warnings),
        marks=marks,
        names=names,
    )


def _late_without_time(results: Iterable[Result]) -> Iterator[str]:
    """Yield a warning for each submission that a platform calls late without saying when it came."""
    for result in results:
        known = result.policy and result.policy.submitted
        for note in result.notes:
            if not known and note.startswith("late, says "):
                yield f"{result.submission}: {note}, but no time of submission is known: it is taken as on time"
