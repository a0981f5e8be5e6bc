"""Grading a class: one zygote a job, results into the gradebook as they arrive, resumed after a kill."""

from __future__ import annotations

import queue
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from graders.grading.plan import Plan, exam_digest
from graders.grading.reference import Reference
from graders.grading.submission import OnQuestion, grade, ungraded
from graders.intake.path_policy import IntakeError
from graders.intake.submission import Submission, read_submission, submission_name
from graders.records.gradebook import Gradebook, key_of
from graders.records.result import Result, Signature
from graders.sandbox.isolation import Isolation, SandboxError
from graders.sandbox.zygote import Zygote
from graders.text.sanitize import clean_text

OnResult = Callable[[Result, bool], None]
"""Told of each finished result, and whether it was already in the gradebook."""


class Grader:
    """Grades submissions against one exam. Use as a context manager: it ends its zygotes."""

    def __init__(self, plan: Plan, isolation: Isolation, jobs: int) -> None:
        self.plan, self.isolation, self.jobs = plan, isolation, jobs
        self._zygotes: queue.SimpleQueue[Zygote] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self.failures: list[str] = []
        """One line for each submission that could not be graded, for no fault of its own."""
        self._reference = Reference(plan, isolation)
        try:
            for _ in range(jobs):
                self._zygotes.put(Zygote(plan.manifest, isolation))
            versions = {**self._reference.start(), "trivium": version("trivium")}
        except BaseException:
            self.close()
            raise
        self.signature = Signature(plan.seed, isolation.value, exam_digest(plan.manifest), versions)

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all zygotes."""
        self._reference.close()
        while not self._zygotes.empty():
            self._zygotes.get().close()

    def grade(self, submission: Submission, tell: OnQuestion = lambda result: None) -> Result:
        """Grade one submission in the next free zygote; if that one dies, in another. Raise SandboxError if both do."""
        try:
            return self._grade(submission, tell)
        except SandboxError:
            return self._grade(submission, tell)

    def _grade(self, submission: Submission, tell: OnQuestion) -> Result:
        with self._zygote() as zygote:
            return grade(self.plan, submission, zygote, self._reference, self.signature, tell)

    @contextmanager
    def _zygote(self) -> Iterator[Zygote]:
        """Take a zygote, and put back that one, or a new one if it failed."""
        zygote = self._zygotes.get()
        try:
            zygote.wait_ready()
            yield zygote
        except SandboxError:
            zygote.close()
            zygote = Zygote(self.plan.manifest, self.isolation)
            raise
        finally:
            self._zygotes.put(zygote)

    def grade_class(self, paths: Sequence[Path], book: Gradebook, tell: OnQuestion, done: OnResult) -> list[Result]:
        """Grade all submissions, in parallel; return their results in the order of paths.

        Args:
            paths: one folder or archive a submission.
            book: where results go as they arrive; those already there are not graded again. One that could not be
                graded, for no fault of the submission's, is not kept: the next run tries again.
            tell: told of every question, from several threads.
            done: told of every submission, from this thread.
        """
        results: dict[int, Result] = {}
        waiting: dict[Future[Result], tuple[int, str, Submission]] = {}
        with ThreadPoolExecutor(self.jobs) as pool:
            try:
                names: Counter[str] = Counter()
                for index, path in enumerate(paths):
                    submission, problem = self._read_submission(path)
                    names[submission.name] += 1
                    if names[submission.name] > 1:  # the gradebook tells submissions apart by name
                        submission = replace(submission, name=f"{submission.name} ({names[submission.name]})")
                    key = self._key(submission)
                    known = book.get(key, submission.name)
                    if known is not None or problem:
                        results[index] = known or ungraded(self.plan, submission, self.signature, problem)
                        book.put(key, results[index])
                        done(results[index], known is not None)
                    else:
                        waiting[pool.submit(self._until_stopping, submission, tell)] = (index, key, submission)
                for future in as_completed(waiting):
                    index, key, submission = waiting.pop(future)
                    if error := future.exception():
                        results[index] = self._not_graded(submission, error)
                    else:
                        results[index] = future.result()
                        book.put(key, results[index])
                    done(results[index], False)
            except BaseException:  # Ctrl-C: let running questions end, start no other
                self._stopping.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return [results[index] for index in range(len(paths))]

    def _until_stopping(self, submission: Submission, tell: OnQuestion) -> Result:
        def tell_unless_stopping(result: Result) -> None:
            if self._stopping.is_set():
                raise CancelledError
            tell(result)

        return self.grade(submission, tell_unless_stopping)

    def _not_graded(self, submission: Submission, error: BaseException) -> Result:
        """Return the result of a submission on which the grader failed, so that the rest of the class is graded."""
        why, trace = str(error), ""
        if not isinstance(error, SandboxError):  # a bug of ours
            at = traceback.extract_tb(error.__traceback__)[-1]
            why = f"the grader failed: {type(error).__name__} in {Path(at.filename).name}, line {at.lineno}"
            trace = "".join(traceback.format_exception(error))
        self.failures.append(f"{submission.name}: could not be graded: {why}")
        return ungraded(self.plan, submission, self.signature, f"could not be graded: {why}", clean_text(trace))

    def _key(self, submission: Submission) -> str:
        signature = self.signature
        questions = [question.id for question in self.plan.questions]
        assignment = self.plan.manifest.name
        return key_of(assignment, submission.digest, signature.graders, signature.seed, signature.isolation, questions)

    def _read_submission(self, path: Path) -> tuple[Submission, str]:
        """Read a submission; if that fails, return an empty one and the reason."""
        try:
            return read_submission(path, self.plan.manifest), ""
        except IntakeError as error:
            digest = sha256(str(error).encode()).hexdigest()
            return Submission(
                submission_name(path), {}, digest, (str(error),), path
            ), f"cannot read this submission: {error}"
