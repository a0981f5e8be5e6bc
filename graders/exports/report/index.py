"""The index of the report, for staff: the class in numbers and pictures, and a table that sorts and filters."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from graders.exports.report.items import (
    LOW,
    diagnoses,
    diagnoses_of,
    diagnosis_key,
    histogram,
    items_of,
    pairs,
    ran,
    same_files,
    share,
    slowest,
)
from graders.exports.report.templates import template
from graders.exports.table import first_problem, mark_text, policy_text
from graders.records.result import QuestionResult, Result, Unread
from graders.records.scoring import fraction
from graders.text.times import time_in_words

SQUARE = 34
"""Pixels of a square in the picture of pairs."""
MOST_DIAGNOSES = 40
"""Of the table of common mistakes: the rarest are on the pages of their submissions."""
LONGEST_PROBLEM = 70


@dataclass(frozen=True)
class Cell:
    """One cell of the class table. The level is its colour, which the text does not need."""

    text: str
    level: str
    """f0: no points; f1: less than half; f2: half or more; f3: all; fe: nothing could run; fn: does not count."""


@dataclass(frozen=True)
class Pair:
    """One square of the picture of pairs."""

    x: int
    y: int
    level: str
    """n4 to n1 for a negative correlation, z for none, p1 to p4 for a positive one, x where it is undefined."""
    text: str
    questions: str


def index_html(results: Sequence[Result], unread: Sequence[Unread] = (), names: Sequence[str] | None = None) -> str:
    """Return the page, which loads nothing. Submitted text is sanitized, shortened and escaped.

    Args:
        results: the class.
        unread: the submissions that could not be read.
        names: the file name of each submission's page, without its extension; None: there are no pages.
    """
    totals = [result.final_points for result in results]
    items = items_of(results)
    counted = [item for item in items if item.counted]
    found = diagnoses(results)
    times = [result.seconds for result in results if result.seconds > 0]
    return template("index.html.jinja").render(
        results=results,
        unread=unread,
        links=None if names is None else [f"submissions/{quote(name)}.html" for name in names],
        items=items,
        counted=counted,
        low=LOW,
        bins=histogram([fraction(result.final_points, result.max_points) for result in results]),
        pairs=squares([item.question.id for item in counted], pairs(results, counted)),
        square=SQUARE,
        diagnoses=found[:MOST_DIAGNOSES],
        rarer=len(found[MOST_DIAGNOSES:]),
        late=any(result.policy for result in results),
        mean=statistics.fmean(totals) if totals else 0.0,
        median=statistics.median(totals) if totals else 0.0,
        deviation=statistics.pstdev(totals) if totals else 0.0,
        full=sum(result.max_points > 0 and result.points >= result.max_points for result in results),
        most=max((result.max_points for result in results), default=0.0),
        median_time=statistics.median(times) if times else None,
        slowest=slowest(results),
        twins=same_files(results),
        signatures=list({repr(result.signature): result.signature for result in results}.values()),
        graded_at=time_in_words(max((result.graded_at for result in results), default="")),
        cells=lambda result: cells(result, [item.question.id for item in items]),
        keys=lambda result: " ".join(diagnosis_key(*pair) for pair in diagnoses_of(result)),
        problem=lambda result: shortened(first_problem(result)),
        policy_text=policy_text,
        fraction=fraction,
    )


def cells(result: Result, ids: Sequence[str]) -> list[Cell]:
    """Return the cells of a submission's row, one for each question."""
    found = {question.id: question for question in result.questions}
    return [cell(found[id]) if id in found else Cell("", "fn") for id in ids]


def cell(question: QuestionResult) -> Cell:
    """Return the cell of a question."""
    if not question.counts:
        return Cell(mark_text(question), "fn")
    part = share(question)
    if part <= 0 and not ran(question):
        return Cell(f"{mark_text(question)}!", "fe")
    return Cell(mark_text(question), "f3" if part >= 1 else "f2" if part >= 0.5 else "f1" if part > 0 else "f0")


def squares(ids: Sequence[str], rows: Sequence[Sequence[float | None]]) -> list[Pair]:
    """Return the squares of the picture of pairs, below its diagonal."""
    return [
        Pair(x * SQUARE, (y - 1) * SQUARE, _level(r), spelt(r), f"{ids[y]} and {ids[x]}")
        for y, row in enumerate(rows)
        for x, r in enumerate(row)
    ]


def _level(r: float | None) -> str:
    if r is None:
        return "x"
    strength = min(int(abs(r) * 5 + 1e-9), 4)
    return "z" if strength == 0 else f"{'n' if r < 0 else 'p'}{strength}"


def spelt(r: float | None) -> str:
    """Spell a correlation.

    >>> [spelt(r) for r in (0.345, -0.5, 0.999, 0.001, None)]
    ['.34', '−.50', '1.0', '.00', '–']
    """
    if r is None:
        return "–"
    text = f"{abs(r):.2f}"
    return ("−" if r < 0 and float(text) else "") + ("1.0" if text == "1.00" else text[1:])


def shortened(text: str) -> str:
    """Return a text for a cell, cut where it is long."""
    return text if len(text) <= LONGEST_PROBLEM else text[: LONGEST_PROBLEM - 1].rstrip() + "…"
