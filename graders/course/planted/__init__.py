"""Planted bugs and correct variants: submissions that the checks must tell apart.

`a4.toml` holds mistakes by question and id, each a small change of the reference; `a4-variants.toml` holds right
answers that are written differently. This module makes submissions of both, from the text of the reference.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from graders.course.assignment import Assignment
from sanity.core.errors import UserError
from sanity.core.manifest import ManifestError, solution_name

TABLES = Path(__file__).parent
Files = dict[str, str]
"""A submission: text by file name."""

ANSWER = re.compile(r"(?ms)(^ *### BEGIN SOLUTION ([\w.]+)\n)(.*?)(^ *### END SOLUTION$)")


class BugError(UserError):
    """A table of bugs or variants does not fit the reference."""


class Slip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of a table of bugs, under [question.id]."""

    replace: str
    """Text that stands once in the reference's answer to the question, or once in its file outside of it."""
    by: str
    """What stands there instead."""
    says: str
    """The diagnosis for a student who makes this mistake."""


@dataclass(frozen=True)
class Bug:
    """A mistake that a student could make, in one file of the reference."""

    id: str
    question: str
    file: str
    slip: Slip
    files: Files
    """The reference with this mistake."""

    @property
    def says(self) -> str:
        """The diagnosis for a student who makes this mistake."""
        return self.slip.says


@dataclass(frozen=True)
class Variant:
    """A right submission, written differently from the reference."""

    id: str
    files: Files


def load_bugs(assignment: Assignment) -> list[Bug]:
    """Return the planted bugs of an assignment, in the order of its table.

    Raise BugError if the table is not valid, for an unknown question, for a name that is there twice, and unless the
    text to replace occurs once.
    """
    reference, table = reference_files(assignment), _Table(f"{assignment.name}.toml")
    bugs: dict[str, Bug] = {}
    for question, id, row in table.rows():
        slip = table.slip(question, id, row)
        try:
            file = solution_name(assignment.manifest.question(question).file)
        except ManifestError as error:
            raise table.error(question, id, str(error)) from None
        if id in bugs:
            raise table.error(question, id, f"question {bugs[id].question} has a bug of this name, too")
        mistaken, found = make_slip(reference[file], question, slip)
        if found != 1:
            said = f"the text to replace occurs {found} times in {file}, in the answer to {question} or else outside it"
            raise table.error(question, id, said)
        bugs[id] = Bug(id, question, file, slip, {**reference, file: mistaken})
    return list(bugs.values())


def make_slip(text: str, question: str, slip: Slip) -> tuple[str, int]:
    """Make a mistake in the answers to a question, or else in the rest of the file, such as a signature.

    Return the text, and how often the text to replace was there.
    """
    found = 0

    def replaced(answer: re.Match[str]) -> str:
        nonlocal found
        if answer[2] != question:
            return answer[0]
        found += answer[3].count(slip.replace)
        return answer[1] + answer[3].replace(slip.replace, slip.by) + answer[4]

    mistaken = ANSWER.sub(replaced, text)
    return (mistaken, found) if found else (text.replace(slip.replace, slip.by), text.count(slip.replace))


def load_variants(assignment: Assignment) -> list[Variant]:
    """Return the correct variants of an assignment, with their answers by question id.

    An answer is a text, or a list of them for a question that has as many answers in its file.

    Raise BugError if the table is not valid, or answers an unknown question.
    """
    reference, table = reference_files(assignment), _Table(f"{assignment.name}-variants.toml")
    parts = Counter(found[2] for text in reference.values() for found in ANSWER.finditer(text))
    variants: list[Variant] = []
    for id, question, answer in table.rows():
        if question not in parts:
            raise table.error(id, "", f"no question {question} in the reference")
        answers = [answer] if isinstance(answer, str) else answer
        if not isinstance(answers, list) or not all(isinstance(one, str) for one in answers):
            raise table.error(id, "", f"{question}: expected text, or a list of texts")
        if len(answers) != parts[question]:
            raise table.error(id, "", f"{question}: expected {parts[question]} answers, found {len(answers)}")
        if not variants or variants[-1].id != id:
            variants.append(Variant(id, reference))
        remaining = iter(answers)
        files = {name: _answered(text, question, remaining) for name, text in variants[-1].files.items()}
        variants[-1] = Variant(id, files)
    return variants


def reference_files(assignment: Assignment) -> Files:
    """Return the reference submission of an assignment, including its additional modules."""
    return {name: content.decode() for name, content in assignment.reference.items()}


def _answered(text: str, question: str, answers: Iterator[str]) -> str:
    """Replace the reference's answers to a question by these, one after the other."""
    return ANSWER.sub(
        lambda found: found[1] + (next(answers) if found[2] == question else found[3]) + found[4],
        text,
    )


class _Table:
    """A table of bugs or of variants: TOML with two levels of names."""

    def __init__(self, name: str) -> None:
        self.name, path = name, TABLES / name
        try:
            self.text = path.read_text(encoding="utf-8") if path.is_file() else ""
            self.content: dict[str, Any] = tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BugError(f"{name}: not valid TOML: {error}") from None

    def rows(self) -> Iterator[tuple[str, str, Any]]:
        """Yield each row with its two names."""
        for first, rows in self.content.items():
            if not isinstance(rows, dict):
                raise BugError(f"{self.name}: {first}: expected a table under a header such as [1a.name]")
            for second, row in rows.items():
                yield first, second, row

    def slip(self, question: str, id: str, row: Any) -> Slip:
        """Return a row as a Slip; raise BugError for wrong fields."""
        try:
            return msgspec.convert(row, Slip)
        except msgspec.ValidationError as error:
            raise self.error(question, id, f"{error}; expected replace, by and says") from None

    def error(self, first: str, second: str, said: str) -> BugError:
        """Return the error of a row, with the line of its header."""
        header = re.compile(r"\[\W*" + r"\W+".join(map(re.escape, filter(None, (first, second)))) + r"\W*\]")
        line = next((number for number, text in enumerate(self.text.splitlines(), 1) if header.match(text)), 0)
        name = f"{first}.{second}" if second else first
        return BugError(f"{self.name}:{line}: [{name}]: {said}")
