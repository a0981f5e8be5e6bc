"""Grader: grades submissions by one plan, with a pool of zygotes and the reference's answers."""

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


def signature_of(plan: Plan, isolation: Isolation) -> Signature:
    """Return the signature of the results that this plan gives here; nothing is started for it."""
    versions = {**plan.assignment.versions, "trivium": version("trivium")}
    return Signature(plan.seed, isolation.value, plan.assignment.digest, versions)


class Grader:
    """Grades submissions by one plan. Threads may share it. `close` ends its zygotes."""

    def __init__(self, plan: Plan, isolation: Isolation) -> None:
        self.plan, self.isolation = plan, isolation
        self._profile = Profile.answering(plan.manifest)
        self._zygotes: queue.SimpleQueue[Zygote] = queue.SimpleQueue()
        self._started, self._prepared = 0, False
        self._reference = Reference(plan, isolation)
        self.signature = signature_of(plan, isolation)

    def close(self) -> None:
        """End all zygotes."""
        self._reference.close()
        while not self._zygotes.empty():
            self._zygotes.get().close()

    def start(self, zygotes: int) -> None:
        """Start this number of zygotes, unless they run; do not wait for them. Call it from one thread at a time."""
        for _ in range(self._started, zygotes):
            self._zygotes.put(Zygote(self._profile, self.isolation))
            self._started += 1

    def prepare(self) -> None:
        """Let the reference answer, in a zygote that has no submission yet; raise BrokenCheck or SandboxError.

        Call it from one thread at a time.
        """
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
