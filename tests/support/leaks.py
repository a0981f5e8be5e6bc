"""Answers that an archive gives away: lines that only a solution has, found however they are laid out."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from zipfile import ZipFile

from graders.course.assignment import load_assignment
from graders.course.planted import load_bugs, reference_files
from graders.course.stubs import derive


def squeeze(line: str) -> str:
    """Drop the comment and all space: an answer is recognised however it is laid out."""
    return "".join(line.partition("  # ")[0].split())


def lines_of(text: str) -> set[str]:
    """The squeezed lines of a text; those of fewer than ten signs say nothing."""
    return {line for line in map(squeeze, text.splitlines()) if len(line) >= 10}


@cache
def answers(assignment: str) -> set[str]:
    """The lines that only the solution has."""
    lines = set()
    for path in load_assignment(assignment).solutions.glob("*.py"):
        text = path.read_text()
        lines |= lines_of(text) - lines_of(derive(text, path))
    return lines


@cache
def mistakes(assignment: str) -> set[str]:
    """The lines that only planted bugs have."""
    right = set().union(*map(lines_of, reference_files(load_assignment(assignment)).values()))
    return (
        set().union(*(lines_of(text) for bug in load_bugs(load_assignment(assignment)) for text in bug.files.values()))
        - right
    )


def leaks(archive: Path, secrets: set[str]) -> list[tuple[str, str]]:
    """The secrets that an archive gives away: (file, secret), without its spaces."""
    found = []
    with ZipFile(archive) as files:
        for name in files.namelist():
            text = files.read(name).decode(errors="replace")
            if name.endswith(".ipynb"):
                text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
            squeezed = "".join(squeeze(line) for line in text.splitlines())
            found += [(name, secret) for secret in secrets if secret in squeezed]
    return found
