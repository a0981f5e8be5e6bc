"""The job that Classroom 50 runs in a student's checkout: it grades, and writes result.json and release-body.md.

The checkout is the student's, who may have put anything there: a result.json, a gradebook, a module of our name. So
the files are removed first, and the gradebook lies elsewhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from graders.atomic import write_atomically
from graders.errors import OptionError
from graders.exports.classroom50 import SCALE, Handin, classroom50_json
from graders.exports.job_summary import job_summary, unread_summary
from graders.grading.classroom import ClassReport, GradeOptions, grade_class
from graders.records.result import Result
from graders.sandbox.isolation import Isolation
from sanity.core.errors import UserError

RESULT, BODY = "result.json", "release-body.md"
OWNERS = ("USERNAME", "OWNER")
"""The variables that may name the student; the first that is set counts."""
VARIABLES = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "tag": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}


class NotGraded(UserError):
    """There is no result: the submission could not be read, or we failed. Nothing counts as 0."""

    exit_status = 1


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """What to grade, and how."""

    assignment: str
    """Our name of it, such as a4."""
    folder: Path
    """The student's checkout, where result.json is written."""
    seed: int | None = None
    feedback: str = ""
    """What students are told, as in `GradeOptions`."""
    isolation: Isolation = Isolation.SANDLOCK


def handin_of(environment: Mapping[str, str]) -> Handin:
    """Return what Classroom 50 says; raise OptionError that names each variable that is not set."""
    absent = [name for name in VARIABLES.values() if not environment.get(name)]
    owner = next((environment[name] for name in OWNERS if environment.get(name)), "")
    if not owner:
        absent.append(" or ".join(OWNERS))
    if absent:
        raise OptionError(
            f"not set: {', '.join(absent)}; Classroom 50 sets these where it runs autograder.py: see docs/ta/ci.md"
        )
    return Handin(**{field: environment[name] for field, name in VARIABLES.items()}, owner=owner)


def run_job(options: JobOptions, environment: Mapping[str, str] = os.environ) -> Result:
    """Grade a checkout, and write result.json and release-body.md to it; return the result.

    Raises UserError, with a one-line message, and then there is no result.json: NotGraded if the submission could not
    be read, of which release-body.md says why, or if the fault is ours.
    """
    if not options.folder.is_dir():
        raise OptionError(f"{options.folder}: no such folder")
    result_path, body_path = options.folder / RESULT, options.folder / BODY
    for path in (result_path, body_path):
        _remove(path)
    handin = handin_of(environment)
    with TemporaryDirectory(prefix="trivium-") as out:
        report = grade_class(
            GradeOptions(
                assignment=options.assignment,
                paths=[options.folder],
                single=True,  # a student may lay it out as a class
                out=Path(out),
                jobs=1,
                seed=options.seed,
                feedback=options.feedback,
                isolation=options.isolation,
            )
        )
    if report.unread_now:
        [unread] = report.unread_now
        write_atomically(body_path, unread_summary(msgspec.structs.replace(unread, submission=handin.owner)))
    result = _only(report)
    result = msgspec.structs.replace(result, submission=handin.owner)
    write_atomically(body_path, _body(result, report))
    write_atomically(result_path, classroom50_json(result, handin, datetime.now(UTC), report.dial))
    return result


def _only(report: ClassReport) -> Result:
    """Return the result; raise NotGraded if there is none that counts."""
    if report.problems or not report.this_run:
        raise NotGraded("; ".join(report.problems) or "nothing was graded")
    [result] = report.this_run
    return result


def _body(result: Result, report: ClassReport) -> str:
    """Return release-body.md, in the words of a job's summary."""
    note = f"Classroom 50 counts in whole numbers: a point is {SCALE} there.\n"
    return job_summary(result, report.dial) + note


def _remove(path: Path) -> None:
    """Remove what a checkout has in the place of a file of ours; it may be a folder or a link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
