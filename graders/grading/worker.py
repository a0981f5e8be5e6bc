"""Grades one submission where the engine runs jobs: in a thread of this process, or in a Dask worker.

A job is plain. What all jobs of a run need besides, the plan with a live reference and zygotes, each process makes once
and keeps for the next job.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

from graders.course.assignment import Assignment, load_assignment
from graders.engine.job import JobFailed, RunFailed, Tell
from graders.grading.grader import Grader, signature_of
from graders.grading.plan import Plan, make_plan
from graders.grading.reference import BrokenCheck
from graders.intake.submission import Submission
from graders.records.result import Result
from graders.sandbox.isolation import Isolation, SandboxError, require_walls
from graders.text.sanitize import clean_text
from sanity.core.errors import UserError

MOST_UNUSED = 1
"""How many graders a process keeps for runs that have no job in it: a run that was killed never says that it ended."""


@dataclass(frozen=True)
class Setup:
    """What the gradings of a run have in common. From it, every process makes the same plan."""

    assignment: str
    """Its name."""
    questions: tuple[str, ...]
    """Ids of the questions to grade."""
    seed: int
    """Seed of the hidden cases."""
    isolation: Isolation
    graders: str
    """The assignment's digest where the run was started."""
    versions: tuple[tuple[str, str], ...]
    """Library versions there, by name."""

    @classmethod
    def of(cls, plan: Plan, isolation: Isolation) -> Setup:
        """Return the setup of a plan, as it is here."""
        signature = signature_of(plan, isolation)
        ids = tuple(question.id for question in plan.questions)
        versions = tuple(sorted(signature.versions.items()))
        return cls(plan.manifest.name, ids, plan.seed, isolation, signature.graders, versions)

    def require_same(self, here: Setup) -> None:
        """Raise RunFailed unless marks depend on the same things here as where the run was started."""
        problem = ""
        if self.graders != here.graders:
            problem = f"it has another version of {self.assignment}, of its reference or of the graders"
        elif different := [name for name, _ in sorted({*self.versions} ^ {*here.versions})]:
            versions = (dict(setup.versions).get(different[0], "none") for setup in (here, self))
            problem = "its version of {} is {}, this machine's {}".format(different[0], *versions)
        if problem:
            raise RunFailed(f"{problem}; bring all machines to the same version, and restart the workers")


@dataclass(frozen=True)
class GradingJob:
    """One submission to grade."""

    setup: Setup
    submission: Submission
    share: int = 1
    """How many jobs of this run a process has at the same time: so many zygotes it starts."""


def grade_job(job: GradingJob, tell: Tell) -> Result | JobFailed:
    """Grade one submission with this process's grader; tell the result so far after each question.

    Raises SandboxError if the grader fails on this submission, RunFailed if it cannot start.
    """
    with GRADERS.lend(job.setup) as lent:
        grader = lent.ready(job.share)
        try:
            return grader.grade(job.submission, tell)
        except (SandboxError, CancelledError):
            raise
        except BrokenCheck as error:
            raise RunFailed(str(error)) from None
        except Exception as error:  # a bug in the graders. Its text may hold a hidden value: that is for staff
            at = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(at.filename).name}, line {at.lineno}"
            trace = clean_text("".join(traceback.format_exception(error)))
            return JobFailed(f"the grader failed: {type(error).__name__} in {where}", trace)


def finish(setup: Setup) -> None:
    """End this process's grader of a run, as soon as no job uses it."""
    GRADERS.finish(setup)


class LentGrader:
    """The grader of one setup in this process, made when it is first needed. Threads may share it."""

    def __init__(self, setup: Setup, plan: Plan | None) -> None:
        self._setup, self._plan = setup, plan
        self._lock = threading.Lock()
        self._grader: Grader | None = None
        self._problem = ""
        self.users = 0
        self.finished = False

    def start(self, zygotes: int) -> Grader:
        """Start this number of zygotes, unless they run; do not wait for them."""
        with self._lock:
            return self._started(zygotes)

    def ready(self, zygotes: int) -> Grader:
        """Return the grader, ready to grade. Raise RunFailed if it cannot be: then it cannot for any other job."""
        with self._lock:
            if self._problem:
                raise RunFailed(self._problem)
            try:
                grader = self._started(zygotes)
                grader.prepare()
            except UserError as error:
                self._problem = str(error)
                raise RunFailed(self._problem) from None
            return grader

    def _started(self, zygotes: int) -> Grader:
        if self._grader is None:
            self._grader = Grader(self._plan or self._planned_here(), self._setup.isolation)
        self._grader.start(zygotes)
        return self._grader

    def _planned_here(self) -> Plan:
        """Make the plan, in another process than the one where the run was started."""
        setup = self._setup
        require_walls(setup.isolation)
        plan = make_plan(_assignment(setup.assignment), setup.questions, setup.seed)
        setup.require_same(Setup.of(plan, setup.isolation))
        return plan

    def close(self) -> None:
        """End its zygotes."""
        if self._grader is not None:
            self._grader.close()


@cache
def _assignment(name: str) -> Assignment:
    """Return an assignment as this process first met it: the checks and graders that it has imported since then.

    So after a change on disk, a worker that was not restarted refuses, too.
    """
    return load_assignment(name)


class Graders:
    """The graders of this process by setup, those used last at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lent: dict[Setup, LentGrader] = {}
        self._at_exit: Finalize | None = None

    @contextmanager
    def lend(self, setup: Setup, plan: Plan | None = None) -> Iterator[LentGrader]:
        """Lend the grader of a setup. A plan that is already there need not be made."""
        with self._lock:
            if not self._at_exit:  # a Dask worker is a process of multiprocessing, which runs no `atexit`
                self._at_exit = Finalize(None, self._close_all, exitpriority=0)
            lent = self._lent.pop(setup) if setup in self._lent else LentGrader(setup, plan)
            self._lent[setup] = lent
            lent.users, lent.finished = lent.users + 1, False
        try:
            yield lent
        finally:
            with self._lock:
                lent.users -= 1
            self._close_unused()

    def finish(self, setup: Setup) -> None:
        """End the grader of a setup, as soon as it is not lent."""
        with self._lock:
            if setup in self._lent:
                self._lent[setup].finished = True
        self._close_unused()

    def _close_unused(self) -> None:
        with self._lock:
            unused = [setup for setup, lent in self._lent.items() if not lent.users]
            kept = [setup for setup in unused if not self._lent[setup].finished][-MOST_UNUSED:]
            closing = [self._lent.pop(setup) for setup in unused if setup not in kept]
        for lent in closing:
            lent.close()

    def _close_all(self) -> None:
        while self._lent:
            self._lent.popitem()[1].close()


GRADERS = Graders()
"""Those of this process: a job finds here what the job before it has made."""
