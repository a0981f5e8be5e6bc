"""Planted bugs and correct variants: submissions that the checks must tell apart.

`a4.toml` lists mistakes, each a small change of the reference; `a4-variants.toml` lists right answers that are written
differently. This module makes submissions of both, from the text of the reference.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.course.assignment import Assignment
from sanity.core.errors import UserError
from sanity.core.manifest import solution_name

Files = dict[str, str]
"""A submission: text by file name."""

ANSWER = re.compile(r"(?ms)(^ *### BEGIN SOLUTION ([\w.]+)\n)(.*?)(^ *### END SOLUTION$)")


class BugError(UserError):
    """A table of bugs or variants does not fit the reference."""


@dataclass(frozen=True)
class Bug:
    """A mistake that a student could make: one file of the reference, with the text `replace` replaced by `by`."""

    id: str
    question: str
    file: str
    replace: str
    by: str
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
    """Return the planted bugs of an assignment; raise BugError unless each replaced text occurs once."""
    reference = reference_files(assignment)
    bugs = []
    for row in _table(f"{assignment.name}.toml").get("bug", ()):
        file = solution_name(assignment.manifest.question(row["question"]).file)
        found = reference[file].count(row["replace"])
        if found != 1:
            raise BugError(f"bug {row['id']}: the text to replace occurs {found} times in {file}, expected once")
        mistaken = reference[file].replace(row["replace"], row["by"])
        bugs.append(Bug(**row, file=file, files={**reference, file: mistaken}))
    return bugs


def load_variants(assignment: Assignment) -> list[Variant]:
    """Return the correct variants of an assignment; raise BugError if one answers an unknown question."""
    reference = reference_files(assignment)
    questions = {found[2] for text in reference.values() for found in ANSWER.finditer(text)}
    variants = []
    for row in _table(f"{assignment.name}-variants.toml").get("variant", ()):
        id = row.pop("id")
        if row.keys() - questions:
            raise BugError(f"variant {id}: no question {min(row.keys() - questions)} in the reference")
        variants.append(Variant(id, {name: _answered(text, row) for name, text in reference.items()}))
    return variants


def reference_files(assignment: Assignment) -> Files:
    """Return the reference submission of an assignment, including its additional modules."""
    return {name: content.decode() for name, content in assignment.reference.items()}


def _answered(text: str, answers: Mapping[str, str]) -> str:
    """Replace the reference's answers by these, by question id."""
    return ANSWER.sub(lambda found: found[1] + answers.get(found[2], found[3]) + found[4], text)


def _table(name: str) -> dict[str, Any]:
    path = Path(__file__).parent / name
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
