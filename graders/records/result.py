"""A Result: all verdicts of one submission, with points and a signature. Every export is a function of it."""

from __future__ import annotations

import msgspec

from graders.records.training import Training
from sanity.core.verdict import Verdict


class Signature(msgspec.Struct, frozen=True):
    """What is needed to get the same numbers again."""

    seed: int
    isolation: str
    """sandlock, or none."""
    graders: str
    """Hash over the checks, the graders, the handout and the reference."""
    versions: dict[str, str]
    """python, torch, numpy, trivium, … in the workers."""


class QuestionResult(msgspec.Struct, frozen=True):
    """One question of one submission."""

    id: str
    name: str
    points: float
    """Earned, between 0 and max_points."""
    max_points: float
    verdicts: tuple[Verdict, ...]
    printed: str = ""
    """For staff: the start and end of what the submission printed, control characters escaped."""
    comment: str = ""
    """Of a question without verdicts, which a person marks or training does: what the student should read."""
    training: Training | None = None
    """Of a question that was trained."""
    metric: str = ""
    """Of a question that is graded by training, whether it was or not: what its score is called."""


class Result(msgspec.Struct, frozen=True):
    """One submission, graded."""

    assignment: str
    title: str
    submission: str
    """The name of the folder or archive, as found."""
    digest: str
    """Hash of the submitted files' contents."""
    questions: tuple[QuestionResult, ...]
    signature: Signature
    notes: tuple[str, ...] = ()
    """What intake did or refused: "unwrapped the folder hw4/", "missing: utils.py", …"""
    written: str = ""
    """For staff: the answers in words, cleaned and capped."""
    graded_at: str = ""
    """UTC, ISO 8601. A time field: the only part that differs between equal runs, with seconds."""
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """Points earned."""
        return sum(question.points for question in self.questions)

    @property
    def max_points(self) -> float:
        """Points that could be earned in the questions graded."""
        return sum(question.max_points for question in self.questions)
