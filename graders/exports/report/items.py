"""Statistics of a class: totals, items, pairs of items, diagnoses and times. Pure functions of results.

A question is an item of a test, and the words are those of classical test theory. Its difficulty is the mean share of
its points that was earned: 1 is easy. Its discrimination is the corrected item-total correlation: Pearson's r between
the share of its points and the share of all other points, so that no question is compared with itself (Henrysson,
"Correction of item-total correlations in item analysis", Psychometrika 28, 1963). A question below 0.2 tells the strong
from the weak badly (Ebel and Frisbie, Essentials of Educational Measurement, 1991). Of two questions, r between the
shares of points is the phi coefficient where points are all or nothing.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from graders.exports.table import columns
from graders.records.result import QuestionResult, Result
from graders.records.scoring import fraction
from sanity.core.verdict import Outcome

BINS = 10
LOW = 0.2
"""A discrimination below this is worth a look at the question."""
FEWEST = 3
"""Submissions of which a correlation is made: two lie on a line, always."""


@dataclass(frozen=True)
class Item:
    """One question over the submissions for which it counts."""

    question: QuestionResult
    counted: int
    """The number of submissions for which the question counts."""
    passed: int
    """The number of those with all points."""
    mean: float
    difficulty: float
    """The mean share of its points, from 0 to 1."""
    discrimination: float | None
    """None where it is undefined: too few submissions, or all of them are alike."""


@dataclass(frozen=True)
class Bin:
    """The number of totals from `low` to `high` per cent; `height` is relative to the largest bin."""

    low: int
    high: int
    count: int
    height: float


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis, and in how many submissions it is."""

    question: str
    text: str
    count: int

    @property
    def key(self) -> str:
        """A short name for links, which stays the same from run to run."""
        return diagnosis_key(self.question, self.text)


def share(question: QuestionResult) -> float:
    """Return the share of a question's points; of one without points, such as a bonus, whether there are any."""
    return fraction(question.points, question.max_points) if question.max_points else float(question.points > 0)


def ran(question: QuestionResult) -> bool:
    """Return whether anything of a question could run."""
    if question.training:
        return question.training.score is not None
    if not question.verdicts:
        return bool(question.comment)
    return any(verdict.outcome is not Outcome.COULD_NOT_RUN for verdict in question.verdicts)


def items_of(results: Sequence[Result]) -> list[Item]:
    """Return each question over the class, in the assignment's order."""
    own, rest, points = defaultdict(list), defaultdict(list), defaultdict(list)
    for result in results:
        for question in (question for question in result.questions if question.counts):
            points[question.id].append(question.points)
            own[question.id].append(share(question))
            others = result.max_points - question.max_points
            rest[question.id].append((result.points - question.points) / others if others > 0 else 0.0)
    return [
        Item(
            question=question,
            counted=len(points[question.id]),
            passed=sum(part >= 1 for part in own[question.id]),
            mean=statistics.fmean(points[question.id] or [0.0]),
            difficulty=statistics.fmean(own[question.id] or [0.0]),
            discrimination=correlation(own[question.id], rest[question.id]),
        )
        for question in columns(results)
    ]


def correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return Pearson's r; None where it is undefined.

    >>> correlation([0, 0, 1, 1], [0, 1, 1, 2])
    0.7071067811865475
    >>> correlation([1, 1, 1], [0, 1, 2]) is None
    True
    """
    if len(x) < FEWEST:
        return None
    try:
        return statistics.correlation(x, y)
    except statistics.StatisticsError:
        return None


def pairs(results: Sequence[Result], items: Sequence[Item]) -> list[list[float | None]]:
    """Return r of each question with those before it: a row has as many entries as there are questions before its own.

    A pair is compared on the submissions for which both count.
    """
    found = [{question.id: share(question) for question in r.questions if question.counts} for r in results]
    ids = [item.question.id for item in items]

    def both(a: str, b: str) -> float | None:
        shared = [shares for shares in found if a in shares and b in shares]
        return correlation([shares[a] for shares in shared], [shares[b] for shares in shared])

    return [[both(one, other) for other in ids[:place]] for place, one in enumerate(ids)]


def histogram(parts: Sequence[float]) -> list[Bin]:
    """Count parts, from 0 to 1, in ten equal bins. A part on an edge belongs to the bin above, 1 to the last bin.

    >>> [bin.count for bin in histogram([0.1, 0.95, 1.0])]
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    """
    counts = Counter(min(int(round(part, 9) * BINS), BINS - 1) for part in parts)
    fullest = max(counts.values(), default=1)
    step = 100 // BINS
    return [Bin(i * step, (i + 1) * step, counts[i], counts[i] / fullest) for i in range(BINS)]


def diagnoses_of(result: Result) -> list[tuple[str, str]]:
    """Return the diagnoses of a submission, once each, as pairs of a question and a text."""
    return list(dict.fromkeys((v.question, v.diagnosis) for q in result.questions for v in q.verdicts if v.diagnosis))


def diagnoses(results: Sequence[Result]) -> list[Diagnosis]:
    """Return all diagnoses of a class, the most common first."""
    found = Counter(pair for result in results for pair in diagnoses_of(result))
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [Diagnosis(question, text, count) for (question, text), count in ranked]


def diagnosis_key(question: str, text: str) -> str:
    """Return a short name for a diagnosis.

    >>> diagnosis_key("1d", "halves swapped")
    'c63f0c'
    """
    return sha256(f"{question} {text}".encode("utf-8", "backslashreplace")).hexdigest()[:6]


def same_files(results: Sequence[Result]) -> list[list[int]]:
    """Return groups of submissions with the same files, each as indices in `results`."""
    places = defaultdict(list)
    for place, result in enumerate(results):
        places[result.digest].append(place)
    return [group for group in places.values() if len(group) > 1]


def slowest(results: Sequence[Result], most: int = 3) -> list[int]:
    """Return the submissions that took longest to grade, as indices in `results`."""
    timed = [place for place, result in enumerate(results) if result.seconds > 0]
    return sorted(timed, key=lambda place: -results[place].seconds)[:most]
