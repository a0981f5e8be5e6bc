"""Grades submissions by one plan into a gradebook. Those that are not there yet are jobs for an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import chain, islice

from msgspec.structs import replace as replace_fields

from graders import engine
from graders.cores import usable_cores
from graders.engine.job import JobFailed
from graders.engine.slurm import Slurm
from graders.grading.grader import Grader, signature_of
from graders.grading.plan import Plan
from graders.grading.submission import OnQuestion, notes_on, ungraded
from graders.grading.worker import GRADERS, GradingJob, Setup, finish, grade_job
from graders.intake.submission import Found, Submission, read_class
from graders.records.gradebook import Gradebook, result_key
from graders.records.result import Result, Unread
from graders.sandbox.isolation import Isolation

OnResult = Callable[[Result | Unread, bool], None]
"""Called with each result, and whether it was already in the gradebook; and with what could not be read."""


class GradingRun:
    """Grades submissions by one plan. Use as a context manager, which ends the zygotes of this process.

    Args:
        plan: the checks and the cases.
        isolation: how submissions are isolated.
        jobs: the number of submissions graded in parallel; with a scheduler, by each worker. None: the number of cores
            that this process may use; with a scheduler, one.
        scheduler: the address of a Dask cluster, or jobs of SLURM; None: this machine.
    """

    def __init__(
        self, plan: Plan, isolation: Isolation, jobs: int | None = None, scheduler: str | Slurm | None = None
    ) -> None:
        self.plan = plan
        self._jobs, self._scheduler = jobs, scheduler
        self._setup = Setup.of(plan, isolation)
        self.signature = signature_of(plan, isolation)
        self.failures: dict[str, Result] = {}
        """By name: results without points of submissions that could not be graded because the grader failed."""
        self._lease = ExitStack()

    def __enter__(self) -> GradingRun:
        self._lent = self._lease.enter_context(GRADERS.lend(self._setup, self.plan))
        return self

    def __exit__(self, *error: object) -> None:
        finish(self._setup)
        self._lease.close()

    @property
    def grader(self) -> Grader:
        """The grader of this process, with at least one zygote."""
        return self._lent.start(1)

    def grade_all(self, found: Iterable[Found], book: Gradebook, on_question: OnQuestion, on_result: OnResult) -> None:
        """Grade submissions in parallel. Each is read when there is room for it: a class need not fit in memory.

        Args:
            found: the submissions.
            book: stores each result as it arrives, and what could not be read. Submissions with a result there are not
                graded again; if the grader failed, nothing is stored, so that the next run tries again.
            on_question: called with the result so far before the first question and after each, from several threads;
                not with a scheduler.
            on_result: called after every submission, from this thread.
        """
        self.failures.clear()
        keys: dict[str, str] = {}

        def keep(submission: Submission, key: str, result: Result, known: bool = False) -> None:
            if result.submission not in self.failures:
                book.put(key, result, submission.source.resolve())
            on_result(result, known)

        def done(job: GradingJob, outcome: Result | JobFailed) -> None:
            if isinstance(outcome, JobFailed):
                outcome = self._failure(job.submission, outcome)
            keep(job.submission, keys.pop(job.submission.name), outcome)

        def jobs() -> Iterator[GradingJob]:
            for submission, problem in read_class(found, self.plan.manifest):
                if problem:
                    unread = Unread(submission.name, problem)
                    book.put_unread(self.plan.manifest.name, unread, submission.source.resolve())
                    on_result(unread, False)
                    continue
                key = result_key(self.plan.manifest.name, submission.digest, self.signature, self._setup.questions)
                known = book.get(key, submission.name)
                if known is not None:
                    now = replace_fields(
                        known,
                        notes=notes_on(submission, self.plan),
                        students=submission.students,
                        submitted=submission.submitted,
                    )
                    keep(submission, key, now, known=True)
                else:
                    if self._scheduler is None:
                        self._lent.start(1)  # it imports while more of the class is read
                    keys[submission.name] = key
                    yield GradingJob(self._setup, submission)

        self._run(jobs(), done, on_question)

    def _run(
        self,
        jobs: Iterator[GradingJob],
        done: Callable[[GradingJob, Result | JobFailed], None],
        on_question: OnQuestion,
    ) -> None:
        """Run the jobs on the engine, as many at a time as there should be, but no more than there are."""
        share = self._jobs or (usable_cores() if self._scheduler is None else 1)
        first = list(islice(jobs, share)) if self._scheduler is None else []
        share = min(share, len(first)) or share
        engine.run(
            (replace(job, share=share) for job in chain(first, jobs)),
            grade_job,
            done,
            told=lambda job, result: on_question(result),
            share=share,
            finish=partial(finish, self._setup),
            scheduler=self._scheduler,
        )

    def _failure(self, submission: Submission, failed: JobFailed) -> Result:
        """Record that the grader failed on a submission; return a result without points for it.

        So the rest of the class is graded.
        """
        message = f"could not be graded: {failed.message}"
        result = self.failures[submission.name] = ungraded(
            self.plan, submission, self.signature, message, failed.detail
        )
        return result
