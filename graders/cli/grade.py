"""`trivium grade`: a class graded, with progress, a table and the exports."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from graders.atomic import write_atomically
from graders.cores import usable_cores
from graders.course.assignment import handout_folder
from graders.exports import export_class
from graders.exports.annotations import workflow_commands
from graders.exports.gradescope import results_json
from graders.exports.junit import junit_xml
from graders.exports.table import console_table, rich_table
from graders.grading.grader import Grader, OnResult
from graders.grading.plan import make_plan
from graders.grading.trained import with_trainings
from graders.intake.discovery import find_submissions
from graders.records.gradebook import Gradebook
from graders.records.manual_marks import marks_csv, read_marks, with_marks
from graders.records.result import Result
from graders.records.scoring import share
from graders.sandbox.isolation import Isolation, require_walls
from graders.text.filenames import safe_names
from graders.text.numbers import number
from sanity.core.manifest import ManifestError, read_manifest


def grade_and_report(args: argparse.Namespace) -> int:
    """Do what `trivium grade` was asked; return the exit status."""
    isolation = Isolation(args.isolation)
    manifest = read_manifest(handout_folder(args.assignment))
    questions = [id for id in args.questions.split(",") if id]
    manifest.choose(questions)
    if args.jobs is not None and args.jobs < 1:
        raise ManifestError(f"--jobs {args.jobs}: expected 1 or more")
    if args.seed is not None and not 0 <= args.seed < 2**63:
        raise ManifestError(f"--seed {args.seed}: expected a number from 0 to {2**63 - 1}")
    if args.fail_under is not None and not 0 <= args.fail_under <= 100:
        raise ManifestError(f"--fail-under {args.fail_under}: expected a percentage from 0 to 100")
    paths = find_submissions(args.paths, manifest)
    marks_path = args.marks or args.out / "marks.csv"
    marks = read_marks(marks_path, manifest, must_exist=args.marks is not None)
    require_walls(isolation)
    with Gradebook(args.out / "gradebook.sqlite") as book:
        seed = args.seed if args.seed is not None else _seed(book, args.assignment)
        plan = make_plan(args.assignment, questions, seed)

        def tell(result: Result) -> None:
            [name] = safe_names([result.submission])
            write_atomically(args.out / "results" / f"{name}.json", results_json(result))

        jobs = min(args.jobs or usable_cores(), len(paths)) if len(paths) > 1 else 1
        with Grader(plan, isolation, jobs) as grader, _progress(len(paths)) as done:
            results = grader.grade_class(paths, book, tell, done)
    if manifest.written and not questions:
        results = with_marks(results, manifest, marks, marks_path)
        if not args.marks:
            write_atomically(marks_path, marks_csv(results, manifest, marks))
            print(f"marks for the answers in words go into {marks_path}: fill it in and run this again\n")
    unread: list[str] = []
    if not questions:
        results, unread = with_trainings(results, manifest, args.out)
    _print_table(results)
    for path in export_class(results, args.out)[:2]:
        print(path)
    print(args.out / "results" / ("*.json" if len(results) > 1 else f"{safe_names([results[0].submission])[0]}.json"))
    if args.junit:
        write_atomically(args.junit, junit_xml(results))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for result in results:
            print(workflow_commands(result, {question.id: question.file for question in plan.questions}))
    for line in (*(f"{line}; grade again" for line in grader.failures), *unread):
        print(line, file=sys.stderr)
    return 1 if grader.failures or unread else _status(results, args.fail_under)


def _seed(book: Gradebook, assignment: str) -> int:
    """Return the seed of this gradebook's last run, so that a killed run goes on; else a new one."""
    results = [result for result in book.results() if result.assignment == assignment]
    last = max(results, key=lambda result: result.graded_at, default=None)
    return last.signature.seed if last else secrets.randbits(31)


def _status(results: list[Result], fail_under: float | None) -> int:
    """Return 1 and name the submissions below the threshold, if there are any."""
    below = [r for r in results if fail_under is not None and 100 * share(r.points, r.max_points) < fail_under]
    for result in below:
        print(
            f"{result.submission}: {number(result.points)} of {number(result.max_points)} points "
            f"is below --fail-under {number(fail_under or 0)} %",
            file=sys.stderr,
        )
    return 1 if below else 0


def _print_table(results: list[Result]) -> None:
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(rich_table(results))
    else:
        print(console_table(results))


@contextmanager
def _progress(total: int) -> Iterator[OnResult]:
    """Show progress on standard error: a bar on a terminal, else a line for each submission."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("grading", total=total)
            yield lambda result, known: bar.update(task, advance=1, description=result.submission[:24])
        return
    count = 0

    def line(result: Result, known: bool) -> None:
        nonlocal count
        count += 1
        score = f"{number(result.points)}/{number(result.max_points)}"
        said = "graded before" if known else f"{result.seconds:.1f} s"
        print(f"{count}/{total} {result.submission}: {score} ({said})", file=sys.stderr, flush=True)

    yield line
