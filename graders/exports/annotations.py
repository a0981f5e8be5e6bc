"""GitHub workflow commands: failed checks become annotations of the file with the answer."""

from __future__ import annotations

from collections.abc import Mapping

from graders.records.result import Result, Unread
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from sanity.core.verdict import Outcome


def workflow_commands(result: Result, files: Mapping[str, str]) -> str:
    """Return a line `::error …` for each check that did not pass and each training below full points, then the points.

    A question that is not trained yet is a warning. `files` has the path of each question's answer, relative to the
    repository, by question id; a question that is missing there gets no file.
    """
    lines = []
    for question in (question for question in result.questions if not question.settled):
        where = {"file": files[question.id]} if question.id in files else {}
        title = f"{question.id} {question.name}"
        for verdict in question.verdicts:
            if verdict.outcome is not Outcome.PASSED:
                text = verdict.message or verdict.sentence
                lines.append(_command("error", {**where, "title": title}, text))
        if question.metric and question.points < question.max_points:
            lines.append(_command("error" if question.training else "warning", {"title": title}, question.comment))
    points = f"{number(result.points)} of {number(result.max_points)} points"
    lines.append(_command("notice", {"title": result.assignment}, f"{clean_name(result.submission)}: {points}"))
    return "".join(f"{line}\n" for line in lines)


def unread_command(assignment: str, unread: Unread) -> str:
    """Return a line `::error …` for a submission that could not be read."""
    text = f"{clean_name(unread.submission)}: not read: {unread.reason}"
    return f"{_command('error', {'title': assignment}, text)}\n"


def _command(command: str, properties: Mapping[str, str], message: str) -> str:
    listed = ",".join(f"{name}={_property(clean_name(value))}" for name, value in properties.items())
    return f"::{command} {listed}::{_data(clean_text(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
