"""Grades the one submission that a platform puts before the autograder, by the call that grades a class."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs

from graders.autograder.settings import AutograderError, Settings, read_settings
from graders.course.assignment import Assignment, load_assignment
from graders.exports.gradescope import results_json
from graders.exports.not_graded import failed_json, unread_json
from graders.grading.classroom import GradeOptions, grade_class
from graders.intake.path_policy import IntakeError
from graders.intake.submission import read_submission
from graders.sandbox.isolation import Isolation, walls
from graders.text.numbers import number
from sanity.core.errors import UserError


@dataclass(frozen=True)
class Graded:
    """What the autograder has to say of a submission."""

    results: bytes
    """The content of results.json."""
    log: tuple[str, ...]
    """Lines for staff."""
    failed: bool = False
    """Whether the grader failed: then this was no attempt of the student."""


def grade_one(source: Path, submission: Path) -> Graded:
    """Grade a folder as one submission, by the settings in `source`. Nothing is raised."""
    try:
        settings = read_settings(source)
        assignment = load_assignment(settings.assignment)
        _require_same(assignment, settings)
        return _graded(assignment, settings, submission)
    except IntakeError as error:
        reason = str(error).removeprefix(f"{submission.name}: ")
        return Graded(unread_json(reason), (f"not read: {reason}",))
    except UserError as error:
        return Graded(failed_json(str(error)), (str(error),), failed=True)
    except Exception as error:  # a bug of ours. Its text may hold a hidden value: that is for staff
        trace = "".join(traceback.format_exception(error))
        return Graded(failed_json(trace), (trace,), failed=True)


def _graded(assignment: Assignment, settings: Settings, submission: Path) -> Graded:
    with _gradebook_of(assignment, submission) as out:
        options = GradeOptions(
            assignment=assignment.name,
            paths=[submission],
            single=True,
            out=out,
            jobs=1,
            seed=settings.seed,
            feedback=settings.feedback,
            isolation=settings.isolation,
        )
        report = grade_class(options)
    if report.unread_now:
        raise IntakeError(report.unread_now[0].reason)
    if report.problems:
        raise AutograderError(report.problems[0])
    [result] = report.this_run
    points = f"{assignment.name}: {number(result.points)} of {number(result.max_points)} points"
    log = [points if report.new else f"{points}, graded before", f"isolation: {settings.isolation.value}"]
    if settings.isolation is Isolation.NONE:
        log += [f"missing wall: {name}: {reason}" for name, reason in walls().items() if reason]
    return Graded(results_json(result, report.dial), tuple(log))


def _require_same(assignment: Assignment, settings: Settings) -> None:
    """Raise AutograderError if marks depend on other files here than where the zip was built."""
    if assignment.digest != settings.digest:
        raise AutograderError(
            f"the installed trivium grades {assignment.name} by other checks than this zip was built for; "
            "build the zip again, or install the wheel that is in it"
        )


@contextmanager
def _gradebook_of(assignment: Assignment, submission: Path) -> Iterator[Path]:
    """Yield the folder of a gradebook that knows nothing but this content, so that it is graded once.

    Its name follows from the files that count and from what intake says of the others. So a student can only get back
    what was said of the very same files, and a class's submissions, which all have the same name here, never meet. No
    submission can read it: the sandbox lets it read no cache of ours. Where no such folder can be made, it is
    temporary.
    """
    read = read_submission(submission, assignment.manifest)
    key = sha256("\0".join((read.digest, *read.notes)).encode()).hexdigest()
    out = platformdirs.user_cache_path("trivium") / "autograder" / assignment.name / key
    try:
        if not out.is_absolute():  # a user without a home
            raise OSError
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        with TemporaryDirectory() as folder:
            yield Path(folder)
        return
    yield out
