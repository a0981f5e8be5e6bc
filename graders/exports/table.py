"""The class as a table: CSV for spreadsheets and learning platforms, and text for a terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from graders.records.result import QuestionResult, Result, Unread
from graders.records.scoring import fraction, total
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from graders.text.spreadsheet import escape_formula
from sanity.core.verdict import Outcome

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 110
"""Characters in a line of `console_table`."""


def columns(results: Sequence[Result]) -> list[QuestionResult]:
    """Return one QuestionResult for each question in results, in the assignment's order."""
    # A result with more questions has the assignment's order, so it comes first.
    fullest_first = sorted(results, key=lambda result: -len(result.questions))
    found = {question.id: question for result in reversed(fullest_first) for question in result.questions}
    order = dict.fromkeys(question.id for result in fullest_first for question in result.questions)
    return [found[id] for id in order]


def first_problem(result: Result) -> str:
    """Return a submission's first problem as one line; an empty string if there is none."""
    for question in result.questions:
        for verdict in question.verdicts:
            if verdict.outcome is not Outcome.PASSED:
                text = verdict.diagnosis or verdict.hint or verdict.message or verdict.outcome.value
                return _in_one_line(question.id, text)
        if question.metric and question.points < question.max_points:
            return _in_one_line(question.id, question.comment)
    return ""


def _in_one_line(id: str, text: str) -> str:
    return f"{id}: {' '.join(clean_text(text, limit=200).split())}"


def gradebook_csv(results: Sequence[Result], unread: Sequence[Unread] = ()) -> str:
    """Return CSV with a row for each result: name, points per question, total, max, percent, notes, digest, seed.

    Then come the submissions that could not be read, without a mark: the notes say why.
    A trained question has an additional column with its score. Questions that were not graded or trained have empty
    cells. Text that a spreadsheet would evaluate gets a leading apostrophe.
    """
    ids = [question.id for question in columns(results)]
    score_titles = {question.id: f"{question.id} {question.metric}" for question in columns(results) if question.metric}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    header = ["submission", *ids, "total", "max", "percent", *score_titles.values(), "notes", "digest", "seed"]
    writer.writerow([escape_formula(title) for title in header])
    for result in results:
        earned = {question.id: question.points for question in result.questions}
        scores = {question.id: question.training.score for question in result.questions if question.training}
        notes = "; ".join(clean_name(note) for note in result.notes)
        writer.writerow(
            [
                escape_formula(clean_name(result.submission)),
                *(number(earned[id]) if id in earned else "" for id in ids),
                number(result.points),
                number(result.max_points),
                number(100 * fraction(result.points, result.max_points)),
                *("" if (score := scores.get(id)) is None else number(score) for id in score_titles),
                escape_formula(clean_text(notes)),
                escape_formula(result.digest),
                result.signature.seed,
            ]
        )
    for one in unread:
        cells = dict.fromkeys(header, "") | {
            "submission": escape_formula(clean_name(one.submission)),
            "notes": escape_formula(clean_text(f"not read: {one.reason}")),
        }
        writer.writerow(cells.values())
    return out.getvalue()


def rich_table(results: Sequence[Result], unread: Sequence[Unread] = ()) -> Table:
    """Return the class as a rich table: points per question, total, percent and the first problem.

    What could not be read has dashes, and comes last.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    questions = columns(results)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("submission", no_wrap=True, max_width=28, overflow="ellipsis")
    for question in questions:
        table.add_column(Text(question.id), justify="right", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("%", justify="right", no_wrap=True)
    table.add_column(
        Text("first problem", no_wrap=True)
    )  # the only one that may wrap, so the only one that shrinks; its cells are cut

    for result in results:
        found = {question.id: question for question in result.questions}
        cells = [
            _points(found[q.id].points, found[q.id].max_points) if q.id in found else ("–", "dim") for q in questions
        ]
        percent = f"{100 * fraction(result.points, result.max_points):.0f}"
        table.add_row(
            Text(clean_name(result.submission)),
            *(Text(text, style) for text, style in [*cells, _points(result.points, result.max_points)]),
            percent,
            Text(first_problem(result), no_wrap=True, overflow="ellipsis"),
        )
    for one in unread:
        problem = Text(f"not read: {clean_name(one.reason)}", no_wrap=True, overflow="ellipsis")
        dashes = [Text("–", "dim") for _ in range(len(questions) + 2)]
        table.add_row(Text(clean_name(one.submission)), *dashes, problem)
    table.add_section()
    worth = [question.max_points for question in questions]
    table.add_row("of", *map(number, worth), number(total(worth)), "", "", style="dim")
    return table


def _points(points: float, max_points: float) -> tuple[str, str]:
    part = fraction(points, max_points)
    return number(points), "green" if part >= 1 else "yellow" if part > 0 else "red"


def console_table(results: Sequence[Result], unread: Sequence[Unread] = ()) -> str:
    """Return `rich_table` as text without colours, in lines of at most WIDTH characters."""
    from rich.console import Console

    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None).print(rich_table(results, unread))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n") + "\n"
