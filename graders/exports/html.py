"""The class report for staff: one self-contained HTML page with plots. Students must not see it."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from graders.exports.table import columns, first_problem, mark_text, policy_text
from graders.exports.training import curves, facts
from graders.records.result import QuestionResult, Result, Unread
from graders.records.scoring import earned, fraction, shares, withheld
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from graders.text.times import time_in_words
from sanity.core.verdict import Outcome

if TYPE_CHECKING:
    from jinja2 import Template

_BINS = 10
_SYMBOLS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.COULD_NOT_RUN: "!"}


@dataclass(frozen=True)
class Cell:
    """One cell of the class table. Its mark needs no colour: ● all points, ◐ some, ○ none, ! nothing ran."""

    points: float
    fraction: float
    mark: str


@dataclass(frozen=True)
class Column:
    """One question, averaged over the class."""

    question: QuestionResult
    counted: int
    """The number of submissions for which the question counts."""
    mean: float
    fraction: float


@dataclass(frozen=True)
class Bin:
    """The number of totals from `low` to `high` per cent; `height` is relative to the largest bin."""

    low: int
    high: int
    count: int
    height: float


@cache
def template() -> Template:
    """Return the page's template, compiled once in a process."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"text": clean_text, "name": clean_name, "number": number, "own_time": own_time}
    return environment.get_template("report.html.jinja")


def own_time(text: str) -> str:
    """Return an ISO time in words, in its own offset."""
    return time_in_words(text, datetime.fromisoformat(text).tzinfo)


def report_html(results: Sequence[Result], unread: Sequence[Unread] = ()) -> str:
    """Return the page, without scripts and external resources. Submitted text is sanitized, shortened and escaped."""
    totals = [result.final_points for result in results]
    return template().render(
        results=results,
        unread=unread,
        late=any(result.policy for result in results),
        columns=question_columns(results),
        bins=histogram([fraction(result.final_points, result.max_points) for result in results]),
        mean=statistics.fmean(totals) if totals else 0.0,
        median=statistics.median(totals) if totals else 0.0,
        most=max((result.max_points for result in results), default=0.0),
        diagnoses=common_diagnoses(results),
        twins=same_files(results),
        signatures=list({repr(result.signature): result.signature for result in results}.values()),
        graded_at=time_in_words(max((result.graded_at for result in results), default="")),
        cell=cell,
        checks=lambda question: zip(
            question.verdicts,
            earned(question.verdicts, question.max_points),
            shares(question.verdicts, question.max_points),
            strict=True,
        ),
        first_problem=first_problem,
        mark_text=mark_text,
        policy_text=policy_text,
        fraction=fraction,
        withheld=withheld,
        marks=_SYMBOLS,
        curves=curves,
        facts=facts,
    )


def question_columns(results: Sequence[Result]) -> list[Column]:
    """Return each question with its mean over the submissions for which it counts."""
    points = defaultdict(list)
    for result in results:
        for question in result.questions:
            if question.counts:
                points[question.id].append(question.points)
    means = {id: statistics.fmean(values) for id, values in points.items()}
    return [
        Column(q, len(points[q.id]), mean := means.get(q.id, 0.0), fraction(mean, q.max_points))
        for q in columns(results)
    ]


def histogram(parts: Sequence[float]) -> list[Bin]:
    """Count parts, from 0 to 1, in ten equal bins. A part on an edge belongs to the bin above, 1 to the last bin.

    >>> [bin.count for bin in histogram([0.1, 0.95, 1.0])]
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    """
    counts = Counter(min(int(round(part, 9) * _BINS), _BINS - 1) for part in parts)
    fullest = max(counts.values(), default=1)
    step = 100 // _BINS
    return [Bin(i * step, (i + 1) * step, counts[i], counts[i] / fullest) for i in range(_BINS)]


def common_diagnoses(results: Sequence[Result], most: int = 10) -> list[tuple[str, str, int]]:
    """Return question, diagnosis and number of submissions of the most common diagnoses."""
    found = Counter(
        found
        for result in results
        for found in {(v.question, v.diagnosis) for q in result.questions for v in q.verdicts if v.diagnosis}
    )
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [(question, diagnosis, count) for (question, diagnosis), count in ranked[:most]]


def same_files(results: Sequence[Result]) -> list[list[int]]:
    """Return groups of submissions with the same files, each as indices in `results`."""
    places = defaultdict(list)
    for place, result in enumerate(results):
        places[result.digest].append(place)
    return [group for group in places.values() if len(group) > 1]


def cell(result: Result, id: str) -> Cell | None:
    """Return the table cell of a submission's question; None if it was not graded, or does not count."""
    question = next((question for question in result.questions if question.id == id), None)
    if question is None or not question.counts:
        return None
    part = fraction(question.points, question.max_points) if question.max_points else float(question.points > 0)
    ran = bool(question.comment) or any(verdict.outcome is not Outcome.COULD_NOT_RUN for verdict in question.verdicts)
    if question.training:
        ran = question.training.score is not None
    mark = "●" if part >= 1 else "◐" if part > 0 else "○" if ran else "!"
    return Cell(question.points, part, mark)
