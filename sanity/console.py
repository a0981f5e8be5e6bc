"""Printing verdicts for a student: the course's lines where all is well, one clear block where it is not."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict

from sanity.check import load_checks
from sanity.manifest import Manifest, Question
from sanity.verdict import Outcome, Verdict

GREEN, RED, BOLD = "32", "31", "1"
WIDTH = 100


def coloured(text: str, code: str) -> str:
    """Return text in a colour, if standard output is a terminal and NO_COLOR is not set."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{code}m{text}\033[0m"


def print_question(question: Question, verdicts: Sequence[Verdict]) -> None:
    """Print what was found about one question: a block for the first problem, a line for each other one."""
    title = f"Question {question.id}: {question.name}"
    print(coloured(f"Running Sanity Check for {title}", BOLD))
    problems = [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASSED]
    for verdict in verdicts:
        if verdict.outcome is Outcome.PASSED:
            for output in verdict.outputs:
                print(coloured(f"{output} Sanity Checks Passed!", GREEN))
    if not problems:
        laws = [verdict.sentence for verdict in verdicts if not verdict.outputs]
        for sentence in laws:
            print(f"also true: {sentence}")
        print(coloured(f"All Sanity Checks Passed for {title}!", GREEN))
    elif all(problem.message == "not implemented yet" for problem in problems):
        print(coloured(f"{title} is not implemented yet.", RED))
    else:
        print(coloured(f"{len(problems)} of {len(verdicts)} checks did not pass for {title}.", RED))
        _print_block(problems[0])
        for problem in problems[1:]:
            print(f"\nalso {problem.outcome}: {problem.sentence}")
            if problem.slip and problem.slip != problems[0].slip:
                print(_row("likely", problem.slip))
    print()


def _print_block(problem: Verdict) -> None:
    """Print all that is known about one problem."""
    print(f"\n{problem.outcome}: {problem.sentence}")
    for label, text in (
        ("found", problem.message),
        ("values", problem.detail if problem.outcome is Outcome.FAILED else ""),
        ("on", problem.case),
        ("likely", problem.slip),
    ):
        if text:
            print(_row(label, text))
    if problem.outcome is Outcome.COULD_NOT_RUN and problem.detail:
        print(textwrap.indent(problem.detail.rstrip(), "    "))


def _row(label: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=f"  {label:<8}", subsequent_indent=" " * 10)


def print_list(manifest: Manifest, questions: Sequence[Question]) -> None:
    """Print the questions and what is checked about each."""
    checks = load_checks(manifest.name)
    for question in questions:
        print(f"{question.id}  {question.name}, {question.points:g} points, in {question.file}")
        for check in checks:
            if check.question == question.id:
                print(f"      {check.sentence}")


def print_json(answered: Sequence[tuple[Question, Sequence[Verdict]]]) -> None:
    """Print the verdicts as JSON: a list of questions with their checks."""
    document = [
        {"question": question.id, "name": question.name, "checks": [asdict(verdict) for verdict in verdicts]}
        for question, verdicts in answered
    ]
    print(json.dumps(document, indent=2))
