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
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from pathlib import Path

from graders.course.assignment import load_assignment
from graders.engine.job import JobFailed, RunFailed, Tell
from graders.grading.grader import Grader
from graders.grading.plan import Plan, make_plan
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
    digest: str
    """The assignment's digest where the run was started: a process with another one refuses."""
    zygotes: int = field(default=1, compare=False)
    """How many to start in each process: one for each grading at a time."""


@dataclass(frozen=True)
class GradingJob:
    """One submission to grade."""

    setup: Setup
    submission: Submission


def grade_job(job: GradingJob, tell: Tell) -> Result | JobFailed:
    """Grade one submission with this process's grader; tell the result so far after each question.

    Raises SandboxError if the grader fails on this submission, RunFailed if it cannot start.
    """
    with GRADERS.lend(job.setup) as lent:
        grader = lent.grader()
        try:
            return grader.grade(job.submission, tell)
        except (SandboxError, CancelledError):
            raise
        except Exception as error:  # a bug in the graders. Its text may hold a hidden value: that is for staff
            at = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(at.filename).name}, line {at.lineno}"
            trace = clean_text("".join(traceback.format_exception(error)))
            return JobFailed(f"the grader failed: {type(error).__name__} in {where}", trace)


def finish(setup: Setup) -> None:
    """End this process's grader of a run, as soon as no job uses it."""
    GRADERS.finish(setup)


class LentGrader:
    """The grader of one setup in this process, started when it is first asked for. Threads may share it."""

    def __init__(self, setup: Setup, plan: Plan | None) -> None:
        self._setup, self._plan = setup, plan
        self._lock = threading.Lock()
        self._grader: Grader | None = None
        self._problem = ""
        self.users = 0
        self.finished = False

    def grader(self) -> Grader:
        """Return the grader, started. Raise RunFailed if it does not start: then it would for no other job."""
        with self._lock:
            if self._problem:
                raise RunFailed(self._problem)
            if self._grader is None:
                try:
                    self._grader = self._start()
                except UserError as error:
                    self._problem = str(error)
                    raise RunFailed(self._problem) from None
            return self._grader

    def _start(self) -> Grader:
        setup = self._setup
        if self._plan is None:
            require_walls(setup.isolation)
            assignment = load_assignment(setup.assignment)
            if assignment.digest != setup.digest:
                raise RunFailed(
                    f"it has another version of {setup.assignment}, of its reference or of the graders; "
                    "bring all machines to the same version, and restart the workers"
                )
            self._plan = make_plan(assignment, setup.questions, setup.seed)
        return Grader(self._plan, setup.isolation, setup.zygotes)

    def close(self) -> None:
        """End its zygotes."""
        if self._grader is not None:
            self._grader.close()


class Graders:
    """The graders of this process by setup, those used last at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lent: dict[Setup, LentGrader] = {}

    @contextmanager
    def lend(self, setup: Setup, plan: Plan | None = None) -> Iterator[LentGrader]:
        """Lend the grader of a setup. A plan that is already there need not be made."""
        with self._lock:
            if not self._lent:
                # Also in a Dask worker, which is a process of multiprocessing and runs no `atexit`.
                Finalize(None, self._close_all, exitpriority=0)
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
