"""Printing verdicts for a student: the course's lines for checks that pass, one clear block for a problem."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sanity.core.assignment_package import checks_of
from sanity.core.manifest import Manifest, Question
from sanity.core.verdict import Verdict
from sanity.student.parts import BAD, GOOD, PASSED_BUT, TITLE, Folded, Line, Part, Row, Trace, question_parts

COLOURS = {TITLE: "1", GOOD: "32", BAD: "31"}
WIDTH = 100


def in_colours() -> bool:
    """Return whether standard output is a terminal that shows colours, and NO_COLOR is not set."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return False
    if sys.platform == "win32":
        try:
            import colorama  # with tqdm, on Windows only
        except ModuleNotFoundError:
            return False
        colorama.just_fix_windows_console()
    return True


def coloured(text: str, code: str) -> str:
    """Return text in a colour, where there are colours."""
    return f"\033[{code}m{text}\033[0m" if in_colours() else text


def print_question(question: Question, verdicts: Sequence[Verdict], verbose: bool = False) -> None:
    """Print the verdicts on one question; with verbose, also the sentence of each check that passed."""
    print_parts(question_parts(question, verdicts), verbose)
    print()


def print_parts(parts: Iterable[Part], verbose: bool = False, unfold: str = "; --verbose names what") -> None:
    """Print parts; with verbose also what is folded, otherwise how it can be seen."""
    for part in parts:
        for line in _lines(part, verbose, unfold):
            print(line)


def _lines(part: Part, verbose: bool, unfold: str) -> Iterator[str]:
    match part:
        case Line(text, style) if style in COLOURS:
            yield coloured(text, COLOURS[style])
        case Line(text) if text.startswith(PASSED_BUT):
            yield textwrap.fill(text, WIDTH, subsequent_indent=" " * 10)
        case Line(text):
            yield text
        case Row(label, text):
            yield row(label, text)
        case Trace(text):
            yield textwrap.indent(text, "    ")
        case Folded(sentences, counted):
            if verbose:
                yield from (f"also true: {sentence}" for sentence in sentences)
            elif counted:
                yield f"and {part.count} passed{unfold}"


def row(label: str, text: str) -> str:
    """Return a labelled text, filled."""
    return textwrap.fill(text, WIDTH, initial_indent=f"  {label:<8}", subsequent_indent=" " * 10)


def print_list(manifest: Manifest, questions: Sequence[Question]) -> None:
    """Print the questions and what is checked about each."""
    checks = checks_of(manifest)
    for question in questions:
        print(f"{question.id}  {question.name}, {question.worth}, in {question.file}")
        for check in checks:
            if check.question == question.id:
                print(f"      {check.sentence}")


def print_json(answered: Sequence[tuple[Question, Sequence[Verdict]]]) -> None:
    """Print the verdicts as JSON: a list of questions with their checks."""
    document = [
        {"question": question.id, "name": question.name, "checks": [_fields(verdict) for verdict in verdicts]}
        for question, verdicts in answered
    ]
    print(json.dumps(document, indent=2))


def _fields(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain data, without what is for staff, and the outline: here the case itself is told."""
    return {
        name: value
        for name, value in asdict(verdict).items()
        if name not in ("outline", "script", "difference", "answer_digest")
    }
