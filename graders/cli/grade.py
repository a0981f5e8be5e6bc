"""`trivium grade`: progress, a table of the class, and the exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path

from graders.cli.terminal import echo, error, is_terminal, progress_bar
from graders.engine.slurm import Slurm, job_script
from graders.errors import OptionError, refuse_unused
from graders.exports.annotations import Places, unread_command, workflow_commands
from graders.exports.explanation import EVERYTHING
from graders.exports.job_summary import job_summary, unread_summary
from graders.exports.table import console_table, terminal_table
from graders.grading.answer_places import answer_places, repository_of
from graders.grading.classroom import (
    ClassReport,
    GradeOptions,
    GradingProgress,
    OnProgress,
    grade_class,
    read_only,
)
from graders.grading.recorded import GRADEBOOK
from graders.records.result import Unread
from graders.sandbox.isolation import Isolation
from graders.text.numbers import number
from graders.text.sanitize import clean_name


def grade(args: argparse.Namespace) -> int:
    """Grade submissions, print the class and the paths of its exports; return the exit status."""
    options = GradeOptions(
        assignment=args.assignment,
        paths=args.paths,
        out=args.out,
        questions=[id for id in args.questions.split(",") if id],
        jobs=args.jobs,
        scheduler=args.scheduler,
        slurm=args.slurm,
        seed=args.seed,
        roster=args.roster,
        marks=args.marks,
        policy=args.policy,
        submitted=args.submitted,
        junit=args.junit,
        feedback=args.feedback,
        isolation=Isolation(args.isolation),
    )
    if args.dry_run:
        unused = {"--fail-under": args.fail_under is not None, "--junit": bool(args.junit)}
        unused |= {"--feedback": bool(args.feedback)}
        refuse_unused(unused, "--dry-run grades nothing")
        return _dry_run(options)
    fail_under = None if args.fail_under is None else _percentage(args.fail_under)
    if os.environ.get("CI"):
        _refuse_students_gradebook(options)
    if options.slurm:
        jobs = "1 job" if options.slurm == 1 else f"{options.slurm} jobs"
        error(f"grading in {jobs} of SLURM, with logs in {options.out / 'slurm'}; Ctrl-C cancels them")
    with _progress() as on_progress:
        report = grade_class(options, on_progress)
    _print(report, options)
    for line in report.warnings:
        error(f"warning: {line}")
    for line in report.problems:
        error(line)
    below = report.below(fail_under) if fail_under is not None else []
    for result in below:
        points = f"{number(result.points)} of {number(result.max_points)} points"
        error(f"{result.submission}: {points} is below --fail-under {args.fail_under} %")
    return 1 if report.problems or below else 0


def _refuse_students_gradebook(options: GradeOptions) -> None:
    """Raise OptionError where a gradebook is in a checkout that is graded: its author may have written the marks.

    A job begins with a new checkout, so a gradebook in it was pushed. Elsewhere it is that of an earlier run.
    """
    out = options.out.resolve()
    if (out / GRADEBOOK).exists():
        for path in options.paths:
            if path.is_dir() and out.is_relative_to(path.resolve()):
                raise OptionError(
                    f"--out {options.out}: the gradebook there came with {path}; choose a folder outside of it"
                )


def _dry_run(options: GradeOptions) -> int:
    """Print what would be graded, and what cannot be read; return 1 if there is any of that."""
    klass, submissions = read_only(options)
    for submission, problem in submissions:
        echo(f"{submission.name}: {f'not read: {problem}' if problem else ', '.join(submission.files)}")
        for note in submission.notes:
            if note != problem:
                echo(f"  {clean_name(note)}")
    for note in klass.notes:
        echo(f"note: {note}")
    unread = sum(bool(problem) for _, problem in submissions)
    echo(
        f"class of {len(submissions)}, {unread} not read; nothing was graded"
        if unread
        else f"class of {len(submissions)}; nothing was graded"
    )
    if isinstance(options.cluster, Slurm):
        echo(f"\neach of {options.cluster.jobs} jobs of SLURM would run:\n")
        echo(job_script(options.cluster, options.jobs or 1))
    return 1 if unread else 0


def _print(report: ClassReport, options: GradeOptions) -> None:
    if report.marks and any(result.unmarked for result in report.results):
        echo(f"enter the marks for written answers in {report.marks}, then run the same command again\n")
    dial = report.dial if os.environ.get("CI") else EVERYTHING  # a student can read the log of a job
    if is_terminal(sys.stdout):
        from rich.console import Console

        Console().print(terminal_table(report.results, report.unread, dial))
    else:
        echo(console_table(report.results, report.unread, dial))
    size = len(report.results) + len(report.unread)
    if size > len(report.graded):
        not_read = f", {len(report.unread)} not read" if report.unread else ""
        echo(f"class of {size}, {report.new} graded{not_read}")
    for note in report.notes:
        echo(f"note: {note}")
    for name in report.removed:
        echo(f"left out: {name} was removed from the folder")
    csv, html, *results = report.files
    for path in (csv, html, results[0] if len(results) == 1 else options.out / "results" / "*.json"):
        echo(path)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        _annotate(report, options)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.writelines(job_summary(result, report.dial) for result in report.this_run)
            file.writelines(map(unread_summary, report.unread_now))


def _annotate(report: ClassReport, options: GradeOptions) -> None:
    """Print annotations of the files of this run, with their paths in the repository that they are in."""
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or ".")
    _, submissions = read_only(options)
    places = {
        one.name: answer_places(report.assignment, one, repository_of(one.source) or workspace)
        for one, problem in submissions
        if not problem
    }
    for result in report.this_run:
        echo(workflow_commands(result, places.get(result.submission, Places()), report.dial))
    for one in report.unread_now:
        echo(unread_command(report.assignment.name, one))


def _percentage(text: str) -> Decimal:
    """Return a percentage exactly as it was typed; raise OptionError for anything else."""
    with suppress(InvalidOperation):
        percent = Decimal(text)
        if percent.is_finite() and 0 <= percent <= 100:
            return percent
    raise OptionError(f"--fail-under {text}: expected a percentage from 0 to 100")


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """Show progress on standard error: a bar on a terminal, else a line for each submission."""
    if is_terminal(sys.stderr):
        with progress_bar() as bar:
            task = bar.add_task("grading", total=None)

            def move(progress: GradingProgress) -> None:
                name = progress.result.submission[:24]
                bar.update(task, completed=progress.done, total=progress.total, description=name)

            yield move
        return

    def line(progress: GradingProgress) -> None:
        result = progress.result
        if isinstance(result, Unread):
            error(f"{progress.done}/{progress.total} {result.submission}: not read")
            return
        score = f"{number(result.points)}/{number(result.max_points)}"
        time = "graded before" if progress.known else f"{result.seconds:.1f} s"
        error(f"{progress.done}/{progress.total} {result.submission}: {score} ({time})")

    yield line
