"""Printing verdicts for a student: the course's lines for checks that pass, one clear block for a problem."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict

from sanity.core.assignment_package import checks_of
from sanity.core.errors import NOT_IMPLEMENTED
from sanity.core.manifest import Manifest, Question
from sanity.core.verdict import Outcome, Verdict, all_passed

GREEN, RED, BOLD = "32", "31", "1"
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
    """Print the verdicts on one question: a block for one problem, a line for each other one.

    With verbose, also the sentence of each check that passed; otherwise how many there are.
    """
    title = f"Question {question.id}: {question.name}"
    print(coloured(f"Running Sanity Check for {title}", BOLD))
    passed = [verdict for verdict in verdicts if verdict.outcome is Outcome.PASSED]
    problems = [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASSED]
    wrong = {output for verdict in problems for output in verdict.outputs}
    for output in dict.fromkeys(output for verdict in passed for output in verdict.outputs):
        if output not in wrong:
            print(coloured(f"{output} Sanity Checks Passed!", GREEN))
    hints = [verdict for verdict in passed if verdict.message]
    others = [verdict for verdict in passed if not verdict.outputs and verdict not in hints]
    if verbose:
        for verdict in others:
            print(f"also true: {verdict.sentence}")
    elif others and not problems:
        print(f"and {len(others)} more {'check' if len(others) == 1 else 'checks'} passed; --verbose names what")
    if not problems:
        _print_hints(hints)
        print(coloured(f"All Sanity Checks Passed for {title}!", GREEN))
    elif all(problem.message == NOT_IMPLEMENTED for problem in problems):
        print_unwritten(question, problems[0])
    else:
        print(coloured(f"{len(problems)} of {len(verdicts)} checks did not pass for {title}.", RED))
        _print_problems(problems)
        _print_hints(hints)
    print()


def print_summary(answered: Sequence[tuple[Question, Sequence[Verdict]]]) -> None:
    """Print how many questions pass, and which do not, if there are several."""
    if len(answered) > 1:
        failing = [question.id for question, verdicts in answered if not all_passed(verdicts)]
        said = f"{len(answered) - len(failing)} of {len(answered)} questions pass"
        print(coloured(said + (f"; not yet: {', '.join(failing)}" if failing else ""), RED if failing else GREEN))


def _print_hints(hints: Sequence[Verdict]) -> None:
    """Print what could be better about checks that passed."""
    for verdict in hints:
        print(textwrap.fill(f"passed, but: {verdict.message}", WIDTH, subsequent_indent=" " * 10))
        if verdict.hint:
            print(row("hint", verdict.hint))


def print_unwritten(question: Question, problem: Verdict) -> None:
    """Print that a question, or one that it needs, is still as the handout has it."""
    first = problem.detail.partition(":")[0]
    waits = "is" if first == question.id else f"waits for question {first}, which is"
    print(coloured(f"Question {question.id}: {question.name} {waits} {NOT_IMPLEMENTED}.", RED))


def _print_problems(problems: Sequence[Verdict]) -> None:
    """Print a block for the wrong output whose cause is known, else for the first problem; a line for each other."""
    shown = first_block(problems)
    print_block(shown)
    others = [problem for problem in problems if problem is not shown]
    alike = [o for o in others if o.outcome is Outcome.COULD_NOT_RUN and o.message == shown.message]
    if others:
        print()
    said = {"", shown.diagnosis, shown.hint}
    for problem in others:
        if problem not in alike:
            raised = f" ({problem.message})" if problem.outcome is Outcome.COULD_NOT_RUN else ""
            print(f"also {problem.outcome}{raised}: {problem.sentence}")
            for label, text in (("likely", problem.diagnosis), ("hint", problem.hint)):
                if text not in said:
                    print(row(label, text))
                    said.add(text)
    if alike:
        print(f"{len(alike)} more could not run for the same reason.")


def first_block(problems: Sequence[Verdict]) -> Verdict:
    """Return the problem that a student reads first.

    It is the first wrong output with a diagnosis, or else the first with a hint, or else the first problem.
    """
    return min(problems, key=_rank)


def _rank(problem: Verdict) -> int:
    if problem.outputs and (problem.diagnosis or problem.hint):
        return 0 if problem.diagnosis else 1
    return 2


def print_block(problem: Verdict) -> None:
    """Print all that is known about one problem."""
    print(f"\n{problem.outcome}: {problem.sentence}")
    for label, text in (
        ("found", problem.message),
        ("values", problem.detail if problem.outcome is Outcome.FAILED else ""),
        ("case", problem.case),
        ("likely", problem.diagnosis),
        ("hint", problem.hint),
    ):
        if text:
            print(row(label, text))
    if problem.outcome is Outcome.COULD_NOT_RUN and problem.detail:
        print(textwrap.indent(problem.detail.rstrip(), "    "))


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
        {"question": question.id, "name": question.name, "checks": [asdict(verdict) for verdict in verdicts]}
        for question, verdicts in answered
    ]
    print(json.dumps(document, indent=2))
