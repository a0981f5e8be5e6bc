"""A job's summary in Markdown, as GitHub shows it: the points of a submission, and what students are told."""

from __future__ import annotations

import html
import re

from graders.exports.explanation import AS_EVER, explanation
from graders.exports.table import mark_text
from graders.records.result import QuestionResult, Result, Unread
from graders.records.scoring import fraction
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from sanity.core.feedback import Dial
from sanity.core.verdict import Outcome


def job_summary(result: Result, dial: Dial = AS_EVER) -> str:
    """Return a heading, the points, and a table with a row for each question."""
    points = f"{number(result.points)} of {number(result.max_points)} points"
    lines = [
        f"## {_plain(clean_name(result.submission))}: {points} ({fraction(result.points, result.max_points):.0%})",
        "",
        *([f"{number(result.final_points)} points count: {_plain(result.policy.why)}", ""] if result.policy else []),
        "| question | points | found |",
        "|---|---:|---|",
        *(_row(question, dial) for question in result.questions),
    ]
    return "\n".join(lines) + "\n\n"


def unread_summary(unread: Unread) -> str:
    """Return the summary of a submission that could not be read."""
    return f"## {_plain(clean_name(unread.submission))}: not read\n\n{_plain(clean_text(unread.reason))}\n\n"


def _row(question: QuestionResult, dial: Dial) -> str:
    bad = [v for v in question.verdicts if v.outcome is not Outcome.PASSED and not question.settled]
    found = [f"{verdict.outcome}: {verdict.sentence}\n{explanation(verdict, dial)}" for verdict in bad]
    text = "\n".join(filter(None, [*found, question.comment]))
    points = f"{mark_text(question)} of {number(question.max_points)}"
    name = _plain(clean_name(f"{question.id} {question.name}"))
    return f"| {name} | {points} | {_plain(clean_text(text)).replace(chr(10), '<br>')} |"


def _plain(text: str) -> str:
    """Return text in which nothing is Markdown or HTML, for a cell or a heading."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(re.sub(r"([\\`*_{}\[\]()#+!|~@:-])", r"\\\1", html.escape(line)) for line in lines if line)
