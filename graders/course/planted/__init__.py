"""Planted bugs and correct variants: submissions that the checks must tell apart.

`a4.toml` holds mistakes by question and id, each a small change of the reference; `a4-variants.toml` holds right
answers that are written differently. This module makes submissions of both, from the text of the reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from graders.course.assignment import Assignment
from sanity.core.errors import UserError
from sanity.core.manifest import ManifestError, solution_name

TABLES = Path(__file__).parent
Files = dict[str, str]
"""A submission: text by file name."""

ANSWER = re.compile(r"(?ms)(^ *### BEGIN SOLUTION ([\w.]+)\n)(.*?)(^ *### END SOLUTION$)")


T = TypeVar("T")


class BugError(UserError):
    """A table of bugs or variants does not fit the reference."""


class Slip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of a table of bugs, under [question.id]."""

    replace: str
    """Text that stands once in the reference's file for the question."""
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
    says: str
    """The diagnosis for a student who makes this mistake."""
    files: Files
    """The reference with this mistake."""


@dataclass(frozen=True)
class Variant:
    """A right submission, written differently from the reference."""

    id: str
    files: Files


def load_bugs(assignment: Assignment) -> list[Bug]:
    """Return the planted bugs of an assignment, by question and id in its table.

    Raise BugError if the table is not valid, for an unknown question, and unless each replaced text occurs once.
    """
    reference, table = reference_files(assignment), f"{assignment.name}.toml"
    bugs = []
    for question, slips in _read(table, dict[str, dict[str, Slip]]).items():
        try:
            file = solution_name(assignment.manifest.question(question).file)
        except ManifestError as error:
            raise BugError(f"{table}: [{question}]: {error}") from None
        for id, slip in slips.items():
            found = reference[file].count(slip.replace)
            if found != 1:
                raise BugError(f"{table}: {id}: the text to replace occurs {found} times in {file}, expected once")
            mistaken = {**reference, file: reference[file].replace(slip.replace, slip.by)}
            bugs.append(Bug(id, question, file, slip.says, mistaken))
    return bugs


def load_variants(assignment: Assignment) -> list[Variant]:
    """Return the correct variants of an assignment, with their answers by question id.

    Raise BugError if the table is not valid, or answers an unknown question.
    """
    reference, table = reference_files(assignment), f"{assignment.name}-variants.toml"
    questions = {found[2] for text in reference.values() for found in ANSWER.finditer(text)}
    variants = []
    for id, answers in _read(table, dict[str, dict[str, str]]).items():
        if unknown := answers.keys() - questions:
            raise BugError(f"{table}: {id}: no question {min(unknown)} in the reference")
        variants.append(Variant(id, {name: _answered(text, answers) for name, text in reference.items()}))
    return variants


def reference_files(assignment: Assignment) -> Files:
    """Return the reference submission of an assignment, including its additional modules."""
    return {name: content.decode() for name, content in assignment.reference.items()}


def _answered(text: str, answers: Mapping[str, str]) -> str:
    """Replace the reference's answers by these, by question id."""
    return ANSWER.sub(lambda found: found[1] + answers.get(found[2], found[3]) + found[4], text)


def _read(name: str, kind: type[T]) -> T:
    """Read a table; an empty one if the file is not there."""
    path = TABLES / name
    try:
        return msgspec.toml.decode(path.read_bytes() if path.is_file() else b"", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BugError(f"{name}: {error}") from None
