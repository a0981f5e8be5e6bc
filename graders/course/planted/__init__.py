"""Planted bugs and correct variants: submissions that the checks must tell apart.

`a4.toml` lists mistakes, each a small change of the reference, and `a4-variants.toml` right answers written
differently. Both are submissions like any other; their text is made here from the reference.
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
    """A mistake that a student could make: in one file of the reference, replace becomes by."""

    id: str
    question: str
    file: str
    replace: str
    by: str
    says: str
    """The diagnosis that a student who makes this mistake should read."""
    files: Files
    """The reference with this mistake in it."""


@dataclass(frozen=True)
class Variant:
    """A right submission that is written differently."""

    id: str
    files: Files


def load_bugs(assignment: Assignment) -> list[Bug]:
    """Return the planted bugs of an assignment; raise BugError if one doesn't fit the reference."""
    reference = reference_files(assignment)
    bugs = []
    for row in _table(f"{assignment.name}.toml").get("bug", ()):
        file = solution_name(assignment.manifest.question(row["question"]).file)
        found = reference[file].count(row["replace"])
        if found != 1:
            raise BugError(f"bug {row['id']}: its text to replace is {found} times in {file}, expected once")
        mistaken = reference[file].replace(row["replace"], row["by"])
        bugs.append(Bug(**row, file=file, files={**reference, file: mistaken}))
    return bugs


def load_variants(assignment: Assignment) -> list[Variant]:
    """Return the correct variants of an assignment; raise BugError if one answers a question that isn't there."""
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
    """Return the reference submission of an assignment, with the modules that it has beside the files asked for."""
    return {name: content.decode() for name, content in assignment.reference.items()}


def _answered(text: str, answers: Mapping[str, str]) -> str:
    """Put answers, by question, in the place of the reference's."""
    return ANSWER.sub(lambda found: found[1] + answers.get(found[2], found[3]) + found[4], text)


def _table(name: str) -> dict[str, Any]:
    path = Path(__file__).parent / name
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
