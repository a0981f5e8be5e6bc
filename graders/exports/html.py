"""The class report: one HTML page that stands alone, with plots, for staff. It shows what students must not see."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.exports.table import columns, first_problem
from graders.exports.training import curves, facts
from graders.records.result import QuestionResult, Result
from graders.records.scoring import earned, share, shares, withheld
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from graders.text.times import time_in_words
from sanity.core.verdict import Outcome

_BINS = 10
_MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.COULD_NOT_RUN: "!"}


@dataclass(frozen=True)
class Cell:
    """Points in the class table, with a mark that needs no colour: ● all, ◐ some, ○ none, ! nothing ran."""

    points: float
    share: float
    mark: str


@dataclass(frozen=True)
class Column:
    """One question over the class."""

    question: QuestionResult
    mean: float
    share: float


@dataclass(frozen=True)
class Bin:
    """How many totals lie from low to high per cent; height is relative to the fullest bin."""

    low: int
    high: int
    count: int
    height: float


def report_html(results: Sequence[Result]) -> str:
    """Return results as a page without scripts or outside resources; submitted text is cleaned, capped and escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"text": clean_text, "name": clean_name, "number": number}
    totals = [result.points for result in results]
    return environment.get_template("report.html.jinja").render(
        results=results,
        columns=question_columns(results),
        bins=histogram([share(result.points, result.max_points) for result in results]),
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
        share=share,
        withheld=withheld,
        marks=_MARKS,
        curves=curves,
        facts=facts,
    )


def question_columns(results: Sequence[Result]) -> list[Column]:
    """Return each question with its mean over the submissions in which it was graded."""
    points = defaultdict(list)
    for result in results:
        for question in result.questions:
            points[question.id].append(question.points)
    means = {id: statistics.fmean(values) for id, values in points.items()}
    return [Column(q, means[q.id], share(means[q.id], q.max_points)) for q in columns(results)]


def histogram(parts: Sequence[float]) -> list[Bin]:
    """Count parts, from 0 to 1, in ten equal bins; a part on an edge belongs to the bin above, 1 to the last."""
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
    """Return the places in results of submissions whose files are the same, group by group."""
    places = defaultdict(list)
    for place, result in enumerate(results):
        places[result.digest].append(place)
    return [group for group in places.values() if len(group) > 1]


def cell(result: Result, id: str) -> Cell | None:
    """Return the cell of a submission's question, or None if that was not graded."""
    question = next((question for question in result.questions if question.id == id), None)
    if question is None:
        return None
    part = share(question.points, question.max_points)
    ran = bool(question.comment) or any(verdict.outcome is not Outcome.COULD_NOT_RUN for verdict in question.verdicts)
    if question.training:
        ran = question.training.score is not None
    mark = "●" if part >= 1 else "◐" if part > 0 else "○" if ran else "!"
    return Cell(question.points, part, mark)
