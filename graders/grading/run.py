"""Grades submissions by one plan into a gradebook. Those that are not there yet are jobs for an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from msgspec.structs import replace as replace_fields

from graders import engine
from graders.cores import usable_cores
from graders.engine.job import JobFailed
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
        scheduler: the address of a Dask cluster; None: this machine.
    """

    def __init__(self, plan: Plan, isolation: Isolation, jobs: int | None = None, scheduler: str | None = None) -> None:
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

    def grade_all(
        self, found: Sequence[Found], book: Gradebook, on_question: OnQuestion, on_result: OnResult
    ) -> list[Result]:
        """Grade submissions in parallel; return the results of those that could be read, in the order of `found`.

        Args:
            found: the submissions.
            book: stores each result as it arrives, and what could not be read. Submissions with a result there are not
                graded again; if the grader failed, nothing is stored, so that the next run tries again.
            on_question: called with the result so far before the first question and after each, from several threads;
                not with a scheduler.
            on_result: called after every submission, from this thread.
        """
        self.failures.clear()
        results: dict[int, Result] = {}
        waiting: list[GradingJob] = []
        places: dict[str, tuple[int, str]] = {}

        def keep(index: int, key: str, result: Result, known: bool = False) -> None:
            results[index] = result
            if result.submission not in self.failures:
                book.put(key, result, found[index].source.resolve())
            on_result(result, known)

        def done(job: GradingJob, outcome: Result | JobFailed) -> None:
            if isinstance(outcome, JobFailed):
                outcome = self._failure(job.submission, outcome)
            keep(*places[job.submission.name], outcome)

        for index, (submission, problem) in enumerate(read_class(found, self.plan.manifest)):
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
                keep(index, key, now, known=True)
            else:
                if self._scheduler is None:
                    self._lent.start(1)  # it imports while the rest of the class is read
                waiting.append(GradingJob(self._setup, submission))
                places[submission.name] = index, key
        self._run(waiting, done, on_question)
        return [results[index] for index in sorted(results)]

    def _run(
        self,
        jobs: Sequence[GradingJob],
        done: Callable[[GradingJob, Result | JobFailed], None],
        on_question: OnQuestion,
    ) -> None:
        """Run the jobs on the engine, as many at a time as there should be."""
        share = self._jobs or (usable_cores() if len(jobs) > 1 and self._scheduler is None else 1)
        if self._scheduler is None:
            share = min(share, max(1, len(jobs)))
        engine.run(
            [replace(job, share=share) for job in jobs],
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
