"""Compares two gradings of a class: who gains, who loses, by which question and check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from graders.records.result import QuestionResult, Result, Standing
from graders.records.scoring import earned, total


class CheckChange(Struct, frozen=True):
    """A check with another outcome, or one that only one of the gradings has."""

    check: str
    old: str | None
    """Its outcome; None if there was no such check."""
    new: str | None
    points: float
    """What the question gains by it; less than 0 for a loss."""


class QuestionChange(Struct, frozen=True):
    """A question with other points or another standing."""

    question: str
    old: float | None
    """Points; None where they do not count, or the question was not there: then `old_standing` says why."""
    new: float | None
    old_standing: str
    new_standing: str
    checks: tuple[CheckChange, ...]

    @property
    def gain(self) -> float:
        """The points gained; less than 0 for a loss."""
        return total([self.new or 0.0, -(self.old or 0.0)])


class SubmissionChange(Struct, frozen=True):
    """A submission whose marks differ."""

    submission: str
    old: float
    """Points before."""
    new: float
    questions: tuple[QuestionChange, ...]
    policy: tuple[float, float] | None
    """The points after the policy on late work, before and now, where they are not the points."""
    other_files: bool
    """Whether other files were graded."""

    @property
    def gain(self) -> float:
        """The points gained, after the policy; less than 0 for a loss."""
        old, new = self.policy or (self.old, self.new)
        return total([new, -old])


class ClassDiff(Struct, frozen=True):
    """What differs between two gradings of a class."""

    changed: tuple[SubmissionChange, ...]
    """The largest loss first, the largest gain last."""
    added: tuple[str, ...]
    """Submissions that only the new grading has."""
    removed: tuple[str, ...]
    same: int
    """The number of submissions without a difference."""

    @property
    def is_empty(self) -> bool:
        """Whether the gradings give the same marks."""
        return not (self.changed or self.added or self.removed)


def compare(old: Iterable[Result], new: Iterable[Result]) -> ClassDiff:
    """Return what differs between two gradings, by the submissions' names."""
    before, now = ({result.submission: result for result in results} for results in (old, new))
    both = sorted(before.keys() & now.keys())
    changed = [change for name in both if (change := _submission(before[name], now[name]))]
    return ClassDiff(
        tuple(sorted(changed, key=lambda change: change.gain)),
        tuple(sorted(now.keys() - before.keys())),
        tuple(sorted(before.keys() - now.keys())),
        len(both) - len(changed),
    )


def _submission(old: Result, new: Result) -> SubmissionChange | None:
    before, now = ({question.id: question for question in result.questions} for result in (old, new))
    ids = dict.fromkeys([*(question.id for question in new.questions), *before])
    questions = [change for id in ids if (change := _question(id, before.get(id), now.get(id)))]
    finals = old.final_points, new.final_points
    late = finals != (old.points, new.points)
    if not questions and finals[0] == finals[1]:
        return None
    return SubmissionChange(
        old.submission, old.points, new.points, tuple(questions), finals if late else None, old.digest != new.digest
    )


def _question(id: str, old: QuestionResult | None, new: QuestionResult | None) -> QuestionChange | None:
    (old_points, old_standing), (new_points, new_standing) = _mark(old), _mark(new)
    if (old_points, old_standing) == (new_points, new_standing):
        return None
    return QuestionChange(id, old_points, new_points, old_standing, new_standing, _checks(old, new))


def _mark(question: QuestionResult | None) -> tuple[float | None, str]:
    """Return the points that count, and why they are what they are."""
    if question is None:
        return None, "not there"
    if not question.counts:
        return None, question.standing.value
    return question.points, Standing.COUNTED.value if question.graded_points is None else "changed by staff"


def _checks(old: QuestionResult | None, new: QuestionResult | None) -> tuple[CheckChange, ...]:
    """Return the checks with another outcome, or other points."""
    before, now = _outcomes(old), _outcomes(new)
    changes = []
    for check in dict.fromkeys([*now, *before]):
        (outcome, points), (new_outcome, new_points) = before.get(check, _NO_CHECK), now.get(check, _NO_CHECK)
        if (outcome, points) != (new_outcome, new_points):
            changes.append(CheckChange(check, outcome, new_outcome, total([new_points, -points])))
    return tuple(changes)


_NO_CHECK: tuple[str | None, float] = None, 0.0


def _outcomes(question: QuestionResult | None) -> dict[str, tuple[str | None, float]]:
    """Return outcome and points of each check."""
    if question is None:
        return {}
    points: Sequence[float] = earned(question.verdicts, question.max_points)
    return {v.check: (v.outcome.value, share) for v, share in zip(question.verdicts, points, strict=True)}
