"""Grader: grades submissions by one plan, with a pool of zygotes and the reference's answers."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from graders.engine import local
from graders.grading.plan import Plan
from graders.grading.reference import Reference
from graders.grading.submission import OnQuestion, grade, ungraded
from graders.intake.submission import Submission, read_class
from graders.records.gradebook import Gradebook, result_key
from graders.records.result import Result, Signature
from graders.sandbox.isolation import Isolation, SandboxError
from graders.sandbox.profile import Profile
from graders.sandbox.zygote import Zygote
from graders.text.sanitize import clean_text

OnResult = Callable[[Result, bool], None]
"""Called with each result, and whether it was already in the gradebook."""


class Grader:
    """Grades submissions by one plan. Use as a context manager, which ends its zygotes.

    They start when there is something to grade.
    """

    def __init__(self, plan: Plan, isolation: Isolation, jobs: int) -> None:
        self.plan, self.isolation, self.jobs = plan, isolation, jobs
        self._profile = Profile.answering(plan.manifest)
        self._zygotes: queue.SimpleQueue[Zygote] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self.failures: dict[str, Result] = {}
        """By name: results without points of submissions that could not be graded because the grader failed."""
        self._started, self._prepared = 0, False
        self._reference = Reference(plan, isolation)
        versions = {**plan.assignment.versions, "trivium": version("trivium")}
        self.signature = Signature(plan.seed, isolation.value, plan.assignment.digest, versions)

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all zygotes."""
        self._reference.close()
        while not self._zygotes.empty():
            self._zygotes.get().close()

    def start(self, zygotes: int) -> None:
        """Start this number of zygotes, at most one for each job, unless they run; do not wait for them."""
        for _ in range(self._started, min(zygotes, self.jobs)):
            self._zygotes.put(Zygote(self._profile, self.isolation))
            self._started += 1

    def prepare(self) -> None:
        """Let the reference answer, in a zygote that has no submission yet; raise BrokenCheck or SandboxError."""
        if not self._prepared:
            self.start(1)
            zygote = self._zygotes.get()
            try:
                self._reference.prepare(zygote)
            finally:
                self._zygotes.put(zygote)
            self._prepared = True

    def grade(self, submission: Submission, on_question: OnQuestion = lambda result: None) -> Result:
        """Grade one submission in the next free zygote; if that fails, in another. Raise SandboxError if both fail.

        Call `prepare` first.
        """
        try:
            return self._grade(submission, on_question)
        except SandboxError:
            return self._grade(submission, on_question)

    def _grade(self, submission: Submission, on_question: OnQuestion) -> Result:
        with self._zygote() as zygote:
            return grade(self.plan, submission, zygote, self._reference, self.signature, on_question)

    @contextmanager
    def _zygote(self) -> Iterator[Zygote]:
        """Borrow a zygote from the pool; put it back afterwards, or a new one if it failed."""
        zygote = self._zygotes.get()
        try:
            zygote.wait_ready()
            yield zygote
        except SandboxError:
            zygote.close()
            zygote = Zygote(self._profile, self.isolation)
            raise
        finally:
            self._zygotes.put(zygote)

    def grade_all(
        self, paths: Sequence[Path], book: Gradebook, on_question: OnQuestion, on_result: OnResult
    ) -> list[Result]:
        """Grade submissions in parallel; return their results in the order of `paths`.

        Args:
            paths: the folder or archive of each submission.
            book: stores each result as it arrives. Submissions with a result there are not graded again; if the grader
                failed, nothing is stored, so that the next run tries again.
            on_question: called after every question, from several threads.
            on_result: called after every submission, from this thread.
        """
        self.failures.clear()
        results: dict[int, Result] = {}
        waiting: list[tuple[int, str, Submission]] = []

        def keep(index: int, key: str, result: Result, known: bool = False) -> None:
            results[index] = result
            if result.submission not in self.failures:
                book.put(key, result, paths[index].resolve())
            on_result(result, known)

        def done(job: tuple[int, str, Submission], outcome: Result | BaseException) -> None:
            index, key, submission = job
            keep(index, key, outcome if isinstance(outcome, Result) else self._failure(submission, outcome))

        for index, (submission, problem) in enumerate(read_class(paths, self.plan.manifest)):
            key = self._key(submission)
            known = book.get(key, submission.name)
            if known is not None:
                keep(index, key, known, known=True)
            elif problem:
                keep(index, key, ungraded(self.plan, submission, self.signature, problem))
            else:
                self.start(1)  # it imports while the rest of the class is read
                waiting.append((index, key, submission))
        if waiting:
            self.start(len(waiting))
            self.prepare()
        local.run(
            waiting,
            lambda job: self._until_stopping(job[2], on_question),
            done,
            workers=self.jobs,
            stop=self._stopping.set,
        )
        return [results[index] for index in range(len(paths))]

    def _until_stopping(self, submission: Submission, on_question: OnQuestion) -> Result:
        def report_unless_stopping(result: Result) -> None:
            if self._stopping.is_set():
                raise CancelledError
            on_question(result)

        return self.grade(submission, report_unless_stopping)

    def _failure(self, submission: Submission, error: BaseException) -> Result:
        """Record that the grader failed on a submission; return a result without points for it.

        So the rest of the class is graded.
        """
        why, trace = str(error), ""
        if not isinstance(error, SandboxError):  # a bug in the graders
            at = traceback.extract_tb(error.__traceback__)[-1]
            why = f"the grader failed: {type(error).__name__} in {Path(at.filename).name}, line {at.lineno}"
            trace = "".join(traceback.format_exception(error))
        message = f"could not be graded: {why}"
        self.failures[submission.name] = ungraded(self.plan, submission, self.signature, message, clean_text(trace))
        return self.failures[submission.name]

    def _key(self, submission: Submission) -> str:
        questions = [question.id for question in self.plan.questions]
        return result_key(self.plan.manifest.name, submission.digest, self.signature, questions)
