"""Grades a class: finds submissions, grades them and writes exports. The API behind `trivium grade`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from graders.atomic import write_atomically
from graders.course.assignment import Assignment, load_assignment
from graders.engine.slurm import Slurm
from graders.errors import OptionError, check_seed, check_types, refuse_unused
from graders.exports import export_class
from graders.exports.gradescope import results_json
from graders.exports.junit import junit_xml
from graders.grading.dial import dial_now
from graders.grading.plan import make_plan
from graders.grading.recorded import Extras, RecordedClass, complete, current_class, read_extras, require_assignment
from graders.grading.run import GradingRun
from graders.intake.discovery import Class, find_class
from graders.intake.naming import apart_from
from graders.intake.roster import read_roster
from graders.intake.submission import Found, Submission, read_class
from graders.records.gradebook import Gradebook
from graders.records.manual_marks import read_marks
from graders.records.marks_sheet import completed_sheet
from graders.records.result import Result, Unread
from graders.sandbox.isolation import Isolation, require_walls
from graders.text.safe_names import safe_names
from sanity.core.feedback import Dial
from sanity.core.manifest import Manifest

SEED_BITS = 48
"""Of a random seed: too many to try for one that draws a case which was seen, and few enough for a spreadsheet."""


@dataclass(frozen=True, kw_only=True)
class GradeOptions:
    """What to grade, and how."""

    assignment: str
    """Its name, such as a4."""
    paths: Sequence[Path]
    """Submissions, or folders of submissions."""
    single: bool = False
    """Each path is one submission, whatever lies in it."""
    out: Path = Path("grades")
    """The folder of the gradebook and the exports."""
    questions: Sequence[str] = ()
    """Ids of the questions to grade; empty: all."""
    jobs: int | None = None
    """Number of submissions graded in parallel; None: the number of cores that this process may use.

    On a cluster: the number that each worker grades in parallel; None: one.
    """
    scheduler: str | None = None
    """The address of a Dask cluster to grade on, such as tcp://node1:8786."""
    slurm: int | None = None
    """Number of SLURM jobs to grade in, which are submitted for this run; their logs are in out/slurm."""
    seed: int | None = None
    """Seed of the hidden cases; None: that of the last run in `out`, or a random one."""
    roster: Path | None = None
    """CSV file with the names and numbers of the class."""
    marks: Path | None = None
    """File with manual marks; None: out/marks.csv, which is created for staff to fill in."""
    policy: Path | None = None
    """File with the rules on late work; None: out/policy.toml, if it is there."""
    submitted: Path | None = None
    """File with the times of submission; None: out/submitted.csv, if it is there."""
    junit: Path | None = None
    """Path of an additional JUnit XML file."""
    feedback: str = ""
    """What students are told, instead of what assignment.toml says: a level, or one of a question, as "1d=location"."""
    isolation: Isolation = Isolation.SANDLOCK

    def __post_init__(self) -> None:
        """Raise OptionError for a value of the wrong type or a number out of range."""
        check_types({"paths": (self.paths, Path), "questions": (self.questions, str)}, self.out, self.isolation)
        if self.jobs is not None and self.jobs < 1:
            raise OptionError(f"--jobs {self.jobs}: expected 1 or more")
        if self.slurm is not None and self.slurm < 1:
            raise OptionError(f"--slurm {self.slurm}: expected 1 or more")
        refuse_unused({"--slurm": self.slurm is not None and self.scheduler is not None}, "--scheduler has workers")
        check_seed(self.seed)

    @property
    def cluster(self) -> str | Slurm | None:
        """Where to grade, for `GradingRun`: None is this machine."""
        return self.scheduler if self.slurm is None else Slurm(self.slurm, self.out / "slurm")


@dataclass(frozen=True)
class ClassReport:
    """A graded class: all current results of its gradebook."""

    assignment: Assignment
    results: tuple[Result, ...]
    """One for each submission in the gradebook, sorted by name."""
    unread: tuple[Unread, ...]
    """The submissions that could not be read, sorted by name: they have no result."""
    found: tuple[str, ...]
    """Names of the submissions of this run."""
    graded: tuple[str, ...]
    """Names of those that have a result."""
    new: int
    """The number of them that were not graded before."""
    files: tuple[Path, ...]
    """The exports: gradebook.csv, report/index.html, then a results.json for each submission."""
    dial: Dial
    """What students are told."""
    marks: Path | None
    """The file of manual marks, if the assignment has written questions."""
    removed: tuple[str, ...]
    """Names of submissions that were left out of the exports, because they are no longer in their folder."""
    notes: tuple[str, ...]
    """One line each: what was found at the paths, and what was left out."""
    problems: tuple[str, ...]
    """One line for each submission that could not be read or graded, or whose training cannot be read."""
    warnings: tuple[str, ...] = ()
    """One line for each row of the marks, or of the times of submission, that does not count."""

    @property
    def this_run(self) -> list[Result]:
        """The results of the submissions of this run."""
        return [result for result in self.results if result.submission in self.graded]

    @property
    def unread_now(self) -> list[Unread]:
        """The submissions of this run that could not be read."""
        return [one for one in self.unread if one.submission in self.found]

    def below(self, percent: Decimal) -> list[Result]:
        """Return the results of this run with less than a percentage of their points, by exact arithmetic."""
        return [r for r in self.this_run if Decimal(_cents(r.points)) * 100 < percent * _cents(r.max_points)]


@dataclass(frozen=True)
class GradingProgress:
    """Progress of a run, after each submission."""

    done: int
    total: int
    result: Result | Unread
    """The submission that was finished last."""
    known: bool
    """Whether it is from an earlier run."""


OnProgress = Callable[[GradingProgress], None]


def grade_class(options: GradeOptions, on_progress: OnProgress = lambda progress: None) -> ClassReport:
    """Grade submissions into the gradebook of `options.out`, and write its exports.

    A submission that was graded before with the same files, checks and seed is not graded again, and a killed run
    resumes where it stopped. The exports contain the whole gradebook, not only the submissions and questions of this
    run.

    Raises UserError, with a one-line message, for errors that the caller can fix.
    """
    assignment = load_assignment(options.assignment)
    manifest = assignment.manifest
    manifest.select_questions(options.questions)
    klass = _found(options, manifest)
    extras = read_extras(manifest, options.out, options.marks, options.policy, options.submitted)
    dial = dial_now(manifest, options.feedback)
    if options.cluster is None:  # else its workers need them
        require_walls(options.isolation)
    with Gradebook(options.out / "gradebook.sqlite") as book:
        require_assignment(book, assignment.name, options.out)
        seed = options.seed if options.seed is not None else book.last_seed(assignment.name)
        plan = make_plan(assignment, options.questions, secrets.randbits(SEED_BITS) if seed is None else seed)
        found = apart_from(klass.found, book.students(assignment.name))
        new = done = 0

        def on_question(result: Result) -> None:
            if len(found) > 1:  # a class need not see it, and would pay a fifth of its time for it
                return
            [name] = safe_names([result.submission])
            write_atomically(options.out / "results" / f"{name}.json", results_json(result, dial))

        graded: set[str] = set()

        def on_result(result: Result | Unread, known: bool) -> None:
            nonlocal new, done
            if isinstance(result, Result):
                graded.add(result.submission)
                new += not known
            done += 1
            on_progress(GradingProgress(done, len(found), result, known))

        with GradingRun(plan, options.isolation, options.jobs, options.cluster) as run:
            run.grade_all(found, book, on_question, on_result)
        removed = _remove(book, assignment.name, found, options.paths)
        recorded = current_class(book, assignment, run.failures)
        recorded = complete(book, recorded, options.out, extras)
        marks_path = _write_marks(book, recorded, extras, options)
    results, unread = recorded.results, recorded.unread
    files = export_class(results, options.out, unread, dial)
    if options.junit:
        write_atomically(options.junit, junit_xml(results, unread, dial))
    this_run = [one.name for one in found]
    failures = [f"{name}: {result.questions[0].verdicts[0].message}" for name, result in run.failures.items()]
    return ClassReport(
        assignment=assignment,
        results=tuple(results),
        unread=tuple(unread),
        found=tuple(this_run),
        graded=tuple(name for name in this_run if name in graded),
        new=new,
        files=tuple(files),
        dial=dial,
        marks=marks_path,
        removed=tuple(removed),
        notes=klass.notes,
        problems=(
            *(f"{one.submission}: not read: {one.reason}" for one in unread if one.submission in this_run),
            *(f"{line}; grade again" for line in failures),
            *recorded.problems,
        ),
        warnings=recorded.warnings,
    )


def _found(options: GradeOptions, manifest: Manifest) -> Class:
    roster = read_roster(options.roster) if options.roster else None
    return find_class(options.paths, manifest, roster, options.single)


def _write_marks(book: Gradebook, recorded: RecordedClass, extras: Extras, options: GradeOptions) -> Path | None:
    """Add the rows that staff have to fill in to OUT/marks.csv; return the path of the marks, if there are any."""
    manifest = recorded.assignment.manifest
    whole = [r for r in recorded.results if {q.id for q in manifest.written} <= {q.id for q in r.questions}]
    if manifest.written and not options.marks and whole:
        with book.locked():  # the sheet as it is now: staff may have marked while the class was graded
            content = completed_sheet(read_marks(extras.marks.path, manifest), whole, manifest)
            if content is not None:
                write_atomically(extras.marks.path, content)
    return extras.marks.path if manifest.written else None


def read_only(options: GradeOptions) -> tuple[Class, list[tuple[Submission, str]]]:
    """Return the class that `grade_class` would grade: each submission, and why it cannot be read, or "".

    Nothing is graded, and nothing is written. Raises UserError, with a one-line message.
    """
    manifest = load_assignment(options.assignment).manifest
    manifest.select_questions(options.questions)
    klass = _found(options, manifest)
    return klass, list(read_class(klass.found, manifest))


def _remove(book: Gradebook, assignment: str, found: Sequence[Found], paths: Sequence[Path]) -> list[str]:
    """Note the submissions that are gone from a folder or archive of this run; return their names, sorted."""
    present = {one.name for one in found}
    folders = {path.resolve() for path in (*paths, *(one.source.parent for one in found))}
    before = book.removed(assignment)
    gone = (
        name
        for name, source in book.sources(assignment).items()
        if name not in present and source.parent in folders and not source.exists()
    )
    book.remove(assignment, gone)
    return sorted(book.removed(assignment) - before)


def _cents(points: float) -> int:
    return round(points * 100)
