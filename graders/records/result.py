"""A Result: all verdicts of one submission, with points and a signature. Every export is a function of it."""

from __future__ import annotations

import msgspec

from graders.records.scoring import total
from graders.records.student import Student
from graders.records.training import Training
from sanity.core.verdict import Verdict


class Signature(msgspec.Struct, frozen=True):
    """What a result depends on besides the submission; with it, grading again gives the same numbers."""

    seed: int
    isolation: str
    """sandlock, or none."""
    graders: str
    """Hash over the checks, the graders, the handout and the reference."""
    versions: dict[str, str]
    """Versions of python, trivium and the libraries that the assignment uses, such as numpy and torch."""


class Unread(msgspec.Struct, frozen=True):
    """A submission that could not be read: it has no mark, and somebody must act."""

    submission: str
    reason: str
    """One line."""


class QuestionResult(msgspec.Struct, frozen=True):
    """One question of one submission."""

    id: str
    name: str
    points: float
    """Points earned, from 0 to max_points."""
    max_points: float
    verdicts: tuple[Verdict, ...]
    printed: str = ""
    """For staff: the start and the end of the submission's output, sanitized."""
    comment: str = ""
    """For the student, of a question without verdicts: one marked by hand or trained."""
    training: Training | None = None
    """The training of a trained question."""
    metric: str = ""
    """The name of a trained question's score, even if it was not trained yet; empty for other questions."""


class Result(msgspec.Struct, frozen=True):
    """One submission, graded."""

    assignment: str
    title: str
    submission: str
    """The name of its folder or archive."""
    digest: str
    """Hash of the submitted files' contents."""
    questions: tuple[QuestionResult, ...]
    signature: Signature
    notes: tuple[str, ...] = ()
    """What intake did or refused: "unwrapped the folder hw4/", "missing: utils.py", …"""
    written: str = ""
    """For staff: the answers to written questions, sanitized and shortened."""
    graded_at: str = ""
    """UTC, ISO 8601. Only this and `seconds` differ between equal runs."""
    seconds: float = 0.0
    students: tuple[Student, ...] = ()
    """Who handed it in, as far as a platform or a roster says."""

    @property
    def points(self) -> float:
        """Points earned."""
        return total(question.points for question in self.questions)

    @property
    def max_points(self) -> float:
        """Points that could be earned in the questions graded."""
        return total(question.max_points for question in self.questions)
