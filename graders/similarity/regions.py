"""Which lines of a submission answer which question: between the handout's comments, or else in the same function."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from graders.course.assignment import Assignment
from graders.grading.answer_places import answer_line
from graders.similarity.code import File

_MARK = re.compile(r"\s*# Question (?P<question>[\w.]+): your code (?P<what>starts|ends) here\.")
_NO_STATEMENT = re.compile(r"\s*([#)\]}].*)?")
"""Lines that may be further to the left than the body of the function around them."""


@dataclass(frozen=True)
class Region:
    """Lines that answer a question, from 1, both included."""

    question: str
    first: int
    last: int


def regions(assignment: Assignment, file: File) -> list[Region]:
    """Return the lines of a file that answer questions. The text is searched, not parsed: it may be no Python."""
    lines = file.text.split("\n")
    found = list(_marked(lines))
    marked = {region.question for region in found}
    for question in assignment.manifest.questions:
        name = assignment.manifest.spelling(question.file, [file.name])
        if name and question.id not in marked and question.file.endswith(".py") and file.name.endswith(".py"):
            stub = (assignment.folder / question.file).read_text("utf-8")
            if first := answer_line(stub, file.text, question.id):
                found.append(Region(question.id, first, _end(lines, first)))
    return found


def questions_at(regions: Sequence[Region], first: int, last: int) -> set[str]:
    """Return the questions that lines answer."""
    return {region.question for region in regions if region.first <= last and first <= region.last}


def _marked(lines: Sequence[str]) -> list[Region]:
    """Return what lies between the handout's comments."""
    found, begun = [], dict[str, int]()
    for number, line in enumerate(lines, start=1):
        if match := _MARK.match(line):
            question = match["question"]
            if match["what"] == "starts":
                begun[question] = number
            elif question in begun:
                found.append(Region(question, begun.pop(question), number))
    return found


def _end(lines: Sequence[str], first: int) -> int:
    """Return the last line of the function or class that begins on a line, by its indentation."""
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    last = first
    for number, line in enumerate(lines[first:], start=first + 1):
        if _NO_STATEMENT.fullmatch(line):
            continue
        if len(line) - len(line.lstrip()) <= indent:
            break
        last = number
    return last
