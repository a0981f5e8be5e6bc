"""What a task is: all that the runner must know of translating, or of parsing, to train a model for it and score it.

A task has a module on each side of the sandbox: translation.py, beside this file, scores;
graders/sandbox/inside/translation.py trains and translates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graders.course.assignment import Assignment
from graders.intake.submission import Submission
from sanity.core.errors import UserError


class TaskError(UserError):
    """The task cannot be set up as asked, such as for want of data."""


@dataclass(frozen=True)
class Scores:
    """How good the answers for the test are."""

    score: float | None
    low: float | None = None
    """With high, a 95 % interval."""
    high: float | None = None
    other_scores: Mapping[str, float] = field(default_factory=dict)
    """By other metrics, by name."""
    signature: str = ""
    """How the score was computed, in the words of what computed it."""
    changed: float | None = None
    """The share of answers that were others when the same was asked among other sentences; None if it was not."""


@dataclass(frozen=True)
class Task(ABC):
    """One task with its data: what is trained on, and what is asked on dev and test."""

    assignment: Assignment
    question: str
    """The question that the training is marked under, such as "1h"."""
    metric: str
    program: str
    """The module that runs in the sandbox: see graders/sandbox/inside/trainer.py."""
    data_name: str
    """What the data is called in results."""
    dev: Sequence[str]
    """The sentences of dev, as the trainee sees them."""
    test: Sequence[str]
    """Those of the test; a task may ask them all twice, one time after the other."""
    references: Sequence[str]
    """What those of the test should be answered, once each."""
    margin: float
    """How far above the threshold dev must come for training to end: dev and test differ by chance."""

    def reference(self) -> Submission | None:
        """Return the right answer, whose code is asked the test with the same weights; None to do without."""
        return None

    @abstractmethod
    def code(self, submission: Submission) -> Mapping[str, bytes]:
        """Return the files to run: the handout's own, and the submission's laid over."""

    @abstractmethod
    def data(self) -> Mapping[str, bytes]:
        """Return the files that the trainee reads to train: whatever it trains on, and the sentences of dev."""

    @abstractmethod
    def test_data(self) -> Mapping[str, bytes]:
        """Return the files that it reads besides to answer: the sentences of the test."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Return what the program needs besides, as plain data: the model, the recipe, the seed."""

    @abstractmethod
    def dev_score(self, answers: Sequence[str]) -> float:
        """Return how good the answers for dev are, one for each sentence."""

    @abstractmethod
    def test_scores(self, answers: Sequence[str]) -> Scores:
        """Return how good the answers for the test are, one for each sentence of `test`."""
