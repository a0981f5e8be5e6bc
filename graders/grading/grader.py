"""Grader: grades submissions by one plan, with a pool of zygotes and the live reference."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from graders.grading.plan import Plan
from graders.grading.reference import Reference
from graders.grading.submission import OnQuestion, grade
from graders.intake.submission import Submission
from graders.records.result import Result, Signature
from graders.sandbox.isolation import Isolation, SandboxError
from graders.sandbox.profile import Profile
from graders.sandbox.zygote import Zygote


class Grader:
    """Grades submissions by one plan. Use as a context manager, which ends its zygotes."""

    def __init__(self, plan: Plan, isolation: Isolation, jobs: int) -> None:
        self.plan, self.isolation, self.jobs = plan, isolation, jobs
        self._profile = Profile.answering(plan.manifest)
        self._zygotes: queue.SimpleQueue[Zygote] = queue.SimpleQueue()
        self._reference = Reference(plan, isolation)
        try:
            for _ in range(jobs):
                self._zygotes.put(Zygote(self._profile, isolation))
            versions = {**self._reference.start(), "trivium": version("trivium")}
        except BaseException:
            self.close()
            raise
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

    def grade(self, submission: Submission, on_question: OnQuestion = lambda result: None) -> Result:
        """Grade one submission in the next free zygote; if that fails, in another. Raise SandboxError if both fail."""
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
