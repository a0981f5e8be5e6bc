"""A Result: all verdicts of one submission, with points and a signature. Every export is a function of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from graders.records.policies import Adjustment
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


class Standing(StrEnum):
    """Whether a question counts: one that does not is outside the total and the percentage."""

    COUNTED = "counted"
    UNMARKED = "not marked yet"
    """A person has to mark it."""
    EXCUSED = "excused"


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
    """For the student, from staff or of a training."""
    training: Training | None = None
    """The training of a trained question."""
    metric: str = ""
    """The name of a trained question's score, even if it was not trained yet; empty for other questions."""
    standing: Standing = Standing.COUNTED
    graded_points: float | None = None
    """The points before staff changed them by hand; None if they did not."""
    history: tuple[str, ...] = ()
    """For staff: the marks that a person gave before, with their reasons, the newest first."""

    @property
    def counts(self) -> bool:
        """Whether the question counts for the total and the percentage."""
        return self.standing is Standing.COUNTED

    @property
    def settled(self) -> bool:
        """Whether its failed checks matter no more: it does not count, or staff gave all points by hand."""
        return not self.counts or (self.graded_points is not None and self.points >= self.max_points)


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
    policy: Adjustment | None = None
    """What the course's rules on late work change; None if there are no such rules."""
    students: tuple[Student, ...] = ()
    """Who handed it in, as far as a platform or a roster says."""
    submitted: str = ""
    """When it was handed in, as the platform writes it; "" if that is not told."""

    @property
    def points(self) -> float:
        """Points earned in the questions that count, before any policy."""
        return total(question.points for question in self.questions if question.counts)

    @property
    def max_points(self) -> float:
        """Points that could be earned in the questions that count."""
        return total(question.max_points for question in self.questions if question.counts)

    @property
    def final_points(self) -> float:
        """Points after the policy, if there is one."""
        return self.policy.points if self.policy else self.points

    @property
    def unmarked(self) -> tuple[str, ...]:
        """Ids of the questions that a person has to mark."""
        return tuple(question.id for question in self.questions if question.standing is Standing.UNMARKED)
