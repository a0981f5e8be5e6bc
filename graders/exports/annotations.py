"""GitHub workflow commands: failed checks become annotations of the student's own lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from graders.exports.explanation import AS_EVER, explanation
from graders.records.result import Result, Unread
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from sanity.core.feedback import Dial
from sanity.core.verdict import Outcome

_RAISED = re.compile(
    r"(?:\bin |^)(?P<file>[\w./-]+\.py)(?:, line | is not valid Python: \w+ at line )(?P<line>\d+)", re.M
)
"""How our messages name the line of an exception."""


@dataclass(frozen=True)
class Places:
    """Where a submission's files and answers lie."""

    paths: Mapping[str, str] = field(default_factory=dict)
    """Paths relative to the repository, by the names under which files count, such as hw4/utils.py by utils.py."""
    answers: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """By question: the file with the answer, under the name by which it counts, and its line there; 0 if unknown."""

    def of(self, question: str, said: str) -> dict[str, str]:
        """Return file and line: of the exception that is said to be raised, else of the answer; {} if not known."""
        found = _RAISED.search(said)
        if found and found["file"] in self.paths:
            file, line = found["file"], int(found["line"])
        else:
            file, line = self.answers.get(question, ("", 0))
        path = {"file": self.paths.get(file, file)} if file else {}
        return {**path, "line": str(line)} if path and line else path


def workflow_commands(result: Result, places: Places, dial: Dial = AS_EVER) -> str:
    """Return a line `::error …` for each check that did not pass and each training below full points, then the points.

    A question that is not trained yet is a warning.
    """
    lines = []
    for question in (question for question in result.questions if not question.settled):
        title = f"{question.id} {question.name}"
        for verdict in question.verdicts:
            if verdict.outcome is not Outcome.PASSED:
                said = explanation(verdict, dial)
                where = places.of(question.id, said)
                lines.append(
                    _command("error", {**where, "title": title}, said or f"{verdict.outcome}: {verdict.sentence}")
                )
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
