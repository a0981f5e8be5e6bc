"""Questions that a transformer learns to answer, scored by exact match: what strings.py and world.py share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graders.course.assignment import Assignment
from graders.intake.submission import Submission, submission_of
from graders.training.job import Job
from graders.training.tasks.base import Scores, Task, TaskError, lines_of
from graders.training.tasks.secret_seeds import training_seed

SCORES = (0.0, 100.0)
"""The lowest and highest share of right answers, in percent."""
Z = 1.959964
"""Of a 95 % interval."""

Pairs = Sequence[tuple[str, str]]
"""Questions, each with its answer."""


@dataclass(frozen=True)
class Questions(Task):
    """Questions for training, dev and the test, with documents to read before."""

    recipe: str
    """Its name in training/recipe.py."""
    documents: Sequence[str]
    train: Pairs
    dev_answers: Sequence[str]
    hyperparameters: Mapping[str, Any]
    """Changes to the recipe."""

    @property
    def files(self) -> Sequence[str]:
        """The files of a submission that are trained. If some are handed in, the reference's stand in for the rest."""
        [trained] = [one for one in self.assignment.manifest.trained if one.id == self.question]
        return trained.files

    def reference(self) -> Submission:
        """Return the solution."""
        return submission_of("reference", self.assignment.reference, self.assignment.solutions)

    def code(self, submission: Submission) -> Mapping[str, bytes]:
        """Return the submission's modules and the handout's training/; a submission cannot replace those.

        A stub as it was handed out is not handed in.
        """
        folder = self.assignment.folder
        given = {f"training/{path.name}": path.read_bytes() for path in sorted((folder / "training").glob("*.py"))}
        modules = {name: content for name, content in submission.files.items() if name.endswith(".py")}
        handed_in = [name for name in self.files if name in modules and modules[name] != self._stub(name)]
        reference = self.assignment.reference if handed_in else {}
        stand_ins = {name: reference[name] for name in self.files if name not in handed_in and name in reference}
        return {**modules, **stand_ins, **given, **self.assignment.given}

    def _stub(self, name: str) -> bytes:
        path = self.assignment.folder / name
        return path.read_bytes() if path.is_file() else b""

    def data(self) -> Mapping[str, bytes]:
        """Return the documents, the questions for training with their answers, and those of dev without."""
        questions, answers = zip(*self.train, strict=True)
        files = {"documents": self.documents, "train.questions": questions, "train.answers": answers}
        return lines_of({**files, "dev.questions": self.dev})

    def test_data(self) -> Mapping[str, bytes]:
        """Return the questions of the test."""
        return lines_of({"test.questions": self.test})

    def settings(self) -> Mapping[str, Any]:
        """Return the recipe and its changes."""
        return {"recipe": self.recipe, "changes": dict(self.hyperparameters)}

    def dev_score(self, answers: Sequence[str]) -> float:
        """Return the share of right answers for dev, in percent."""
        return exact_match(answers, self.dev_answers)

    def test_scores(self, answers: Sequence[str]) -> Scores:
        """Return the share of right answers for the test, in percent, its interval, and the batch sensitivity."""
        n = len(self.references)
        uniform, mixed = answers[:n], answers[n:]
        score = exact_match(uniform, self.references)
        low, high = wilson_interval(score / 100, n)
        sensitivity = sum(one != other for one, other in zip(uniform, mixed, strict=True)) / n
        return Scores(score, 100 * low, 100 * high, {}, f"exact match of {n} answers", sensitivity)


def exact_match(answers: Sequence[str], references: Sequence[str]) -> float:
    """Return the share of answers that are the references, in percent.

    >>> exact_match(["a", "b", "", ""], ["a", "c", "d", "e"])
    25.0
    """
    return 100 * sum(one == other for one, other in zip(answers, references, strict=True)) / len(references)


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share among n.

    >>> [round(bound, 3) for bound in wilson_interval(0.9, 100)]
    [0.826, 0.945]
    """
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def make_questions(
    assignment: Assignment,
    job: Job,
    recipe: str,
    parts: tuple[Pairs, Pairs, Pairs],
    margin: float,
    documents: Sequence[str] = (),
) -> Questions:
    """Return the task of a job; `parts` are the questions of training, dev and test. Raises TaskError: unknown data.

    For the margin, in percent, see `Task.margin`.
    """
    if job.data != recipe:
        raise TaskError(f"--data {job.data}: question {job.question} is trained on {recipe} alone")
    train, dev, test = parts
    return Questions(
        assignment=assignment,
        question=job.question,
        metric="exact match",
        program="graders.sandbox.inside.transformer",
        data_name=job.data,
        dev=[question for question, _ in dev],
        test=[question for question, _ in test] * 2,
        references=[answer for _, answer in test],
        margin=margin,
        recipe=recipe,
        documents=documents,
        train=train,
        dev_answers=[answer for _, answer in dev],
        hyperparameters={"seed": training_seed(job.seed), **job.hyperparameters},
    )
