"""Grading a class: one zygote a job, results into the gradebook as they arrive, resumed after a kill."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from graders.exam import Exam, Reference, exam_digest
from graders.grade import OnQuestion, grade, ungraded
from graders.gradebook import Gradebook, key_of
from graders.intake import IntakeError, Submission, take_in
from graders.result import Result, Signature
from graders.sandbox import Isolation, SandboxError, Zygote

OnResult = Callable[[Result, bool], None]
"""Told of each finished result, and whether it was already in the gradebook."""


class Engine:
    """Grades submissions against one exam. Use as a context manager: it ends its zygotes."""

    def __init__(self, exam: Exam, isolation: Isolation, jobs: int) -> None:
        self.exam, self.isolation, self.jobs = exam, isolation, jobs
        self._zygotes: queue.SimpleQueue[Zygote] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._reference = Reference(exam, isolation)
        try:
            for _ in range(jobs):
                self._zygotes.put(Zygote(exam.manifest, isolation))
            versions = {**self._reference.start(), "trivium": version("trivium")}
        except BaseException:
            self.close()
            raise
        self.signature = Signature(exam.seed, isolation.value, exam_digest(exam.manifest), versions)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all zygotes."""
        self._reference.close()
        while not self._zygotes.empty():
            self._zygotes.get().close()

    def grade(self, submission: Submission, tell: OnQuestion = lambda result: None) -> Result:
        """Grade one submission in the next free zygote; one whose zygote dies twice is a result that says so."""
        for _ in range(2):
            with self._zygote() as zygote:
                try:
                    return grade(self.exam, submission, zygote, self._reference, self.signature, tell)
                except SandboxError as error:
                    problem = f"could not be graded: {error}"
        return ungraded(self.exam, submission, self.signature, problem)

    @contextmanager
    def _zygote(self) -> Iterator[Zygote]:
        """Take a zygote, and put back that one, or a new one if it died."""
        zygote = self._zygotes.get()
        try:
            zygote.wait_ready()
            yield zygote
        finally:
            if not zygote.alive():
                zygote.close()
                zygote = Zygote(self.exam.manifest, self.isolation)
            self._zygotes.put(zygote)

    def grade_class(self, paths: Sequence[Path], book: Gradebook, tell: OnQuestion, done: OnResult) -> list[Result]:
        """Grade all submissions, in parallel; return their results in the order of paths.

        Args:
            paths: one folder or archive a submission.
            book: where results go as they arrive; those already there are not graded again.
            tell: told of every question, from several threads.
            done: told of every submission, from this thread.
        """
        results: dict[int, Result] = {}
        waiting: dict[Future[Result], tuple[int, str]] = {}
        with ThreadPoolExecutor(self.jobs) as pool:
            try:
                names: Counter[str] = Counter()
                for index, path in enumerate(paths):
                    submission, problem = self._take_in(path)
                    names[submission.name] += 1
                    if names[submission.name] > 1:  # the gradebook tells submissions apart by name
                        submission = replace(submission, name=f"{submission.name} ({names[submission.name]})")
                    key = self._key(submission)
                    known = book.get(key, submission.name)
                    if known is not None or problem:
                        results[index] = known or ungraded(self.exam, submission, self.signature, problem)
                        book.put(key, results[index])
                        done(results[index], known is not None)
                    else:
                        waiting[pool.submit(self._unless_stopping, submission, tell)] = (index, key)
                for future in as_completed(waiting):
                    index, key = waiting.pop(future)
                    results[index] = future.result()
                    book.put(key, results[index])
                    done(results[index], False)
            except BaseException:  # Ctrl-C: let running questions end, start no other
                self._stopping.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return [results[index] for index in range(len(paths))]

    def _unless_stopping(self, submission: Submission, tell: OnQuestion) -> Result:
        if self._stopping.is_set():
            raise SandboxError("stopped")
        return self.grade(submission, tell)

    def _key(self, submission: Submission) -> str:
        signature = self.signature
        questions = [question.id for question in self.exam.questions]
        assignment = self.exam.manifest.name
        return key_of(assignment, submission.digest, signature.graders, signature.seed, signature.isolation, questions)

    def _take_in(self, path: Path) -> tuple[Submission, str]:
        """Read a submission; if that fails, return an empty one and the reason."""
        try:
            return take_in(path, self.exam.manifest), ""
        except IntakeError as error:
            digest = sha256(str(error).encode()).hexdigest()
            return Submission(path.name, {}, digest, (str(error),), path), f"cannot read this submission: {error}"
