"""The summary of a job: Markdown in which nothing of a submission is markup."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from graders.exports.job_summary import job_summary, unread_summary
from graders.records.result import Result, Unread
from sanity.core.feedback import Dial, Level
from tests.support.results import CRASHED, FAILED, HOSTILE, PASSED, made
from tests.support.results import results as any_result

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})


def test_the_summary_in_full() -> None:
    assert job_summary(made("ada", FAILED, CRASHED)) == (
        "## ada: 0 of 16 points (0%)\n\n"
        "| question | points | found |\n"
        "|---|---:|---|\n"
        "| 1d Encode | 0 of 8 | failed\\: encode\\(\\) returns the hidden states.<br>h\\_0 is wrong\\:"
        "<br>its halves are swapped.<br>likely\\: halves swapped |\n"
        "| 1e Decode | 0 of 8 | could not run\\: decode\\(\\) returns the outputs.<br>No answer in 20 s. |\n\n"
    )
    assert "| 1d Encode | 8 of 8 |  |" in job_summary(made("ada", PASSED))
    assert "h\\_0" not in job_summary(made("ada", FAILED), Dial(default=Level.DIAGNOSIS))


def test_what_a_person_says_of_a_question_is_told_below_what_was_found() -> None:
    result = made("ada", FAILED)
    [question] = result.questions
    said = msgspec.structs.replace(question, comment="Lecture 7,\nslide 3.")
    [row] = [
        line for line in job_summary(msgspec.structs.replace(result, questions=(said,))).splitlines() if "1d" in line
    ]
    assert row.endswith("likely\\: halves swapped<br>Lecture 7,<br>slide 3. |")
    good = msgspec.structs.replace(question, comment="Well done.", verdicts=(), points=8.0)
    assert "| 1d Encode | 8 of 8 | Well done. |" in job_summary(msgspec.structs.replace(result, questions=(good,)))


@given(any_result())
def test_any_result_is_one_heading_and_one_table_without_markup(result: Result) -> None:
    html = MARKDOWN.render(job_summary(result))
    assert html.count("<h2>") == html.count("<table>") == 1
    assert html.count("<tr>") == 1 + len(result.questions) and html.count("<t") == html.count("</t")
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {"h2", "table", "thead", "tbody", "tr", "th", "td", "br"}


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_not_read_is_named_without_markup(text: str) -> None:
    html = MARKDOWN.render(unread_summary(Unread(text, f"is odd: {text}")))
    assert set(re.findall(r"<(\w+)", html)) <= {"h2", "p"}
    assert MARKDOWN.render(job_summary(made("ada", replace(FAILED, message=text)))).count("<tr>") == 2
