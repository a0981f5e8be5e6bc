"""What each `trivium` command does. Errors that a user can mend end as one line and exit status 2."""

from __future__ import annotations

import argparse
import functools
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

from graders.course.assignment import CourseError, assignment_names, handout_folder
from sanity.core.manifest import ManifestError

Command = Callable[[argparse.Namespace], int]


def _one_line(command: Command) -> Command:
    """Turn the errors that a user can mend into one line."""

    @functools.wraps(command)
    def run(args: argparse.Namespace) -> int:
        from graders.course.handout import HandoutError
        from graders.course.stubs import StubError
        from graders.intake.pack import PackError

        try:
            return command(args)
        except (CourseError, ManifestError, StubError, HandoutError, PackError) as error:
            print(f"trivium {args.command}: {error}", file=sys.stderr)
            return 2

    return run


@_one_line
def grade(args: argparse.Namespace) -> int:
    """Grade submissions, print the gradebook and write the exports."""
    from graders.cli.grade import grade_and_report
    from graders.intake.path_policy import IntakeError
    from graders.records.gradebook import GradebookError
    from graders.records.manual_marks import MarksError
    from graders.sandbox.isolation import SandboxError
    from sanity.core.errors import CouldNotRun

    try:
        return grade_and_report(args)
    except (GradebookError, IntakeError, MarksError, SandboxError, CouldNotRun) as error:
        print(f"trivium grade: {error}", file=sys.stderr)
    except OSError as error:
        print(f"trivium grade: {error.filename or args.out}: {error.strerror or error}", file=sys.stderr)
    return 2


@_one_line
def train(args: argparse.Namespace) -> int:
    """Train submissions or the reference, and print how it went."""
    from graders.cli.train import train_and_report
    from graders.engine.dask import ClusterError
    from graders.intake.path_policy import IntakeError
    from graders.sandbox.isolation import SandboxError
    from graders.training.tasks.base import TaskError

    try:
        return train_and_report(args)
    except (ClusterError, IntakeError, SandboxError, TaskError) as error:
        print(f"trivium train: {error}", file=sys.stderr)
    except OSError as error:
        print(f"trivium train: {error.filename or args.out}: {error.strerror or error}", file=sys.stderr)
    return 2


def doctor(args: argparse.Namespace) -> int:
    """Print versions and which walls stand; exit status 1 if grading is not possible in the sandbox."""
    from graders.sandbox.isolation import walls

    print(f"{platform.system()} {platform.release()}, Python {platform.python_version()}")
    for package in ("trivium", "torch", "numpy", "hypothesis", "msgspec", "sandlock"):
        try:
            print(f"  {package:<11} {version(package)}")
        except PackageNotFoundError:
            print(f"  {package:<11} not installed")
    standing = walls()
    for wall, reason in standing.items():
        print(f"  {wall + ' wall':<14} {'stands' if not reason else 'does not stand: ' + reason}")
    stands = not any(standing.values())
    print(
        "submissions are graded in the sandbox" if stands else "only `--isolation none` works here: for code you trust"
    )
    return 0 if stands else 1


@_one_line
def stubs(args: argparse.Namespace) -> int:
    """Write the stubs, or say which are stale."""
    from graders.course.stubs import stale_stubs, write_stubs

    return _derive(args, "stubs", write_stubs, stale_stubs)


@_one_line
def record(args: argparse.Namespace) -> int:
    """Write the recordings, or say which are stale."""
    from graders.course.planted import BugError
    from graders.course.recording import RecordError, stale, write_recordings

    try:
        return _derive(args, "record", lambda name: [write_recordings(name)], stale)
    except (BugError, RecordError) as error:
        print(f"trivium record: {error}", file=sys.stderr)
        return 2


def _derive(
    args: argparse.Namespace,
    command: str,
    write: Callable[[str], Sequence[object]],
    stale: Callable[[str], Sequence[object]],
) -> int:
    """Write what is derived from an assignment's solution, or with --check only name what is stale."""
    if args.assignment:
        handout_folder(args.assignment)  # raises CourseError for an unknown name
    names = [args.assignment] if args.assignment else assignment_names()
    found = [item for name in names for item in (stale if args.check else write)(name)]
    for item in found:
        print(f"{'stale: ' if args.check else 'wrote '}{item}")
    if args.check and found:
        print(f"run `trivium {command}` and commit what it writes", file=sys.stderr)
        return 1
    if not found:
        print("up to date")
    return 0


@_one_line
def handout(args: argparse.Namespace) -> int:
    """Build the zip that students receive."""
    from graders.course.handout import build_handout

    print(build_handout(args.assignment, args.out))
    return 0


@_one_line
def pack(args: argparse.Namespace) -> int:
    """Build the zip that a student hands in."""
    from graders.intake.pack import pack as pack_folder

    path, warnings = pack_folder(args.folder, args.out)
    for warning in warnings:
        print(f"note: {warning}")
    print(path)
    return 0
