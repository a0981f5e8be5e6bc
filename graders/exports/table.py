"""The class as a table: CSV for spreadsheets and learning platforms, and text for a terminal."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from graders.exports.explanation import AS_EVER, EVERYTHING
from graders.records.result import QuestionResult, Result, Standing, Unread
from graders.records.scoring import fraction, total
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from graders.text.spreadsheet import escape_formula
from sanity.core.feedback import Dial
from sanity.core.verdict import Outcome

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 110
"""Characters in a line of `console_table`."""
MOST_ROWS = 100
"""A larger class is shown by its problems: nobody reads a line for each of a thousand submissions on a terminal."""
MOST_PROBLEMS = 30
"""As many of them as a terminal shows at once."""
MOST_COLUMNS = 12
"""More questions than these share a column with those of the same number, such as 1a to 1f."""


def columns(results: Sequence[Result]) -> list[QuestionResult]:
    """Return one QuestionResult for each question in results, in the assignment's order."""
    # A result with more questions has the assignment's order, so it comes first.
    fullest_first = sorted(results, key=lambda result: -len(result.questions))
    found = {question.id: question for result in reversed(fullest_first) for question in result.questions}
    order = dict.fromkeys(question.id for result in fullest_first for question in result.questions)
    return [found[id] for id in order]


def mark_text(question: QuestionResult) -> str:
    """Return a question's points as a cell: – if a person has to mark it, EX if the student is excused."""
    if question.counts:
        return number(question.points)
    return "–" if question.standing is Standing.UNMARKED else "EX"


def first_problem(result: Result, dial: Dial = EVERYTHING) -> str:
    """Return a submission's first problem as one line; an empty string if there is none. By default for staff."""
    for question in result.questions:
        if question.settled:
            continue
        for verdict in question.verdicts:
            if verdict.outcome is not Outcome.PASSED:
                told = dial.told(verdict)
                text = told.diagnosis or told.hint or told.message or told.sentence
                return _in_one_line(question.id, text)
        if question.metric and question.points < question.max_points:
            return _in_one_line(question.id, question.comment)
    return ""


def feedback(result: Result, dial: Dial = AS_EVER, most: int = 2000) -> str:
    """Return what a student reads beside the mark, in one line: points by question with what was found, and the sum."""
    parts = []
    for question in result.questions:
        points = f"{question.id} {mark_text(question)}/{number(question.max_points)}"
        bad = next((dial.told(verdict) for verdict in question.verdicts if verdict.outcome is not Outcome.PASSED), None)
        found = bad.diagnosis or bad.message or bad.sentence if bad else ""
        found = found if question.points < question.max_points else ""
        by_hand = question.graded_points is not None or not question.counts
        text = question.comment if by_hand and question.comment else ". ".join(filter(None, (found, question.comment)))
        parts.append(f"{points}: {clean_name(text, 300)}" if text else points)
    parts.append(f"{number(result.points)} of {number(result.max_points)} points")
    if result.policy and result.policy.why != "on time":
        parts.append(f"{number(result.final_points)} count: {clean_name(result.policy.why)}")
    return clean_name("; ".join(parts), most)


def policy_text(result: Result) -> str:
    """Return what the policy on late work makes of a result, in words; an empty string if there is none."""
    return result.policy.why if result.policy else ""


def _in_one_line(id: str, text: str) -> str:
    return f"{id}: {' '.join(clean_text(text, limit=200).split())}"


def gradebook_csv(results: Sequence[Result], unread: Sequence[Unread] = ()) -> str:
    """Return CSV with a row for each result: name, points per question, total, max, percent, notes, digest, seed.

    With a policy on late work, `final` has the points after it, and `policy` says why.

    Then come the submissions that could not be read, without a mark: the notes say why.
    A trained question has an additional column with its score. Questions that were not graded or trained have empty
    cells. Text that a spreadsheet would evaluate gets a leading apostrophe.
    """
    ids = [question.id for question in columns(results)]
    score_titles = {question.id: f"{question.id} {question.metric}" for question in columns(results) if question.metric}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    late = any(result.policy for result in results)
    policy_titles = ["final", "policy"] if late else []
    sums = ["total", "max", "percent", *policy_titles]
    header = ["submission", *ids, *sums, *score_titles.values(), "notes", "digest", "seed"]
    writer.writerow([escape_formula(title) for title in header])
    for result in results:
        earned = {question.id: mark_text(question) for question in result.questions}
        scores = {question.id: question.training.score for question in result.questions if question.training}
        notes = "; ".join(clean_name(note) for note in result.notes)
        writer.writerow(
            [
                escape_formula(clean_name(result.submission)),
                *(earned.get(id, "") for id in ids),
                number(result.points),
                number(result.max_points),
                number(100 * fraction(result.points, result.max_points)),
                *([number(result.final_points), escape_formula(clean_name(policy_text(result)))] if late else []),
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


def rich_table(results: Sequence[Result], unread: Sequence[Unread] = (), dial: Dial = EVERYTHING) -> Table:
    """Return the class as a rich table: points per question, total, percent and the first problem.

    What could not be read has dashes, and comes last. A question that is marked for nobody yet has no column; many
    questions share columns.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    marked = {q.id for result in results for q in result.questions if q.standing is not Standing.UNMARKED}
    groups = _in_groups([question for question in columns(results) if question.id in marked])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("submission", no_wrap=True, max_width=28, overflow="ellipsis")
    for group in groups:
        title = group[0].id if len(group) == 1 else f"{group[0].id}–{group[-1].id}"
        table.add_column(Text(title), justify="right", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("%", justify="right", no_wrap=True)
    late = any(result.policy for result in results)
    if late:
        table.add_column("final", justify="right", no_wrap=True)
    table.add_column(
        Text("first problem", no_wrap=True)
    )  # the only one that may wrap, so the only one that shrinks; its cells are cut

    for result in results:
        found = {question.id: question for question in result.questions}
        cells = [_marks([found[q.id] for q in group if q.id in found]) for group in groups]
        percent = f"{100 * fraction(result.points, result.max_points):.0f}" if result.max_points else "–"
        table.add_row(
            Text(clean_name(result.submission)),
            *(Text(text, style) for text, style in [*cells, _points(result.points, result.max_points)]),
            percent,
            *([number(result.final_points)] if late else []),
            Text(first_problem(result, dial), no_wrap=True, overflow="ellipsis"),
        )
    for one in unread:
        problem = Text(f"not read: {clean_name(one.reason)}", no_wrap=True, overflow="ellipsis")
        dashes = [Text("–", "dim") for _ in range(len(groups) + 2 + late)]
        table.add_row(Text(clean_name(one.submission)), *dashes, problem)
    table.add_section()
    worth = [total(question.max_points for question in group) for group in groups]
    table.add_row(
        "of",
        *(number(points) if points else "" for points in worth),
        number(total(worth)),
        *[""] * (2 + late),
        style="dim",
    )
    return table


def _in_groups(questions: Sequence[QuestionResult]) -> list[list[QuestionResult]]:
    """Return the questions of each column."""
    if len(questions) <= MOST_COLUMNS:
        return [[question] for question in questions]
    return [list(group) for _, group in groupby(questions, key=lambda question: re.sub(r"\D.*", "", question.id))]


def _marks(questions: Sequence[QuestionResult]) -> tuple[str, str]:
    """Return the text and the style of a cell, for the questions of its column that a result has."""
    counting = [question for question in questions if question.counts]
    if counting:
        return _points(total(q.points for q in counting), total(q.max_points for q in counting))
    return mark_text(questions[0]) if questions else "–", "dim"


def _points(points: float, max_points: float) -> tuple[str, str]:
    part = fraction(points, max_points)
    return number(points), "green" if part >= 1 else "yellow" if part > 0 else "red"


def terminal_table(results: Sequence[Result], unread: Sequence[Unread] = (), dial: Dial = EVERYTHING) -> Table:
    """Return what a terminal shows of a class: `rich_table`, or for a large one `problems_table`."""
    shown = rich_table if len(results) + len(unread) <= MOST_ROWS else problems_table
    return shown(results, unread, dial)


def problems_table(results: Sequence[Result], unread: Sequence[Unread] = (), dial: Dial = EVERYTHING) -> Table:
    """Return a large class as a rich table: how many have which first problem, the most frequent one first.

    Those that could not be read come before all others, for somebody must act.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    not_read: dict[str, list[str]] = {}
    for one in unread:
        not_read.setdefault(f"not read: {clean_name(one.reason)}", []).append(one.submission)
    problems: dict[str, list[str]] = {}
    for result in results:
        problems.setdefault(first_problem(result, dial) or "none", []).append(result.submission)
    rows = [(*item, by) for by in (not_read, problems) for item in sorted(by.items(), key=lambda item: -len(item[1]))]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("submissions", justify="right", no_wrap=True)
    table.add_column(Text("first problem", no_wrap=True), ratio=1)
    table.add_column("such as", no_wrap=True, max_width=28, overflow="ellipsis")
    for problem, names, by in rows[:MOST_PROBLEMS]:
        style = "red" if by is not_read else "green" if problem == "none" else ""
        text = Text(problem, style, no_wrap=True, overflow="ellipsis")
        table.add_row(str(len(names)), text, Text(clean_name(names[0])))
    if rest := rows[MOST_PROBLEMS:]:
        table.add_row(str(sum(len(names) for _, names, _ in rest)), Text(f"{len(rest)} other problems", "dim"), "")
    if results:
        table.add_section()
        mean = sum(fraction(result.points, result.max_points) for result in results) / len(results)
        table.add_row(str(len(results)), f"mean {100 * mean:.0f} %", "", style="dim")
    return table


def console_table(results: Sequence[Result], unread: Sequence[Unread] = (), dial: Dial = EVERYTHING) -> str:
    """Return `terminal_table` as text without colours, in lines of at most WIDTH characters."""
    from rich.console import Console

    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None).print(terminal_table(results, unread, dial))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n") + "\n"
