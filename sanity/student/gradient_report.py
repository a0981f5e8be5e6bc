"""Printing the findings of `sanity_check.py gradients`."""

from __future__ import annotations

from collections.abc import Sequence

from sanity.core.assignment_package import checks_of
from sanity.core.errors import NOT_IMPLEMENTED
from sanity.core.manifest import Manifest, Question
from sanity.core.verdict import Outcome
from sanity.student.console import BOLD, GREEN, RED, coloured, print_block, print_unwritten, row
from sanity.student.gradients import Finding, is_gradient_property

PASTE = "# Save this in the folder with your files, as try.py, and run it: python try.py"


def print_findings(question: Question, findings: Sequence[Finding]) -> None:
    """Print the findings about one question; for a property that does not hold, how it fails and on which case."""
    title = f"Question {question.id}: {question.name}"
    print(coloured(f"Running the gradient properties of {title}", BOLD))
    problems = [finding for finding in findings if finding.outcome is not Outcome.PASSED]
    for finding in findings:
        if finding.outcome is Outcome.PASSED:
            print(f"true of {finding.cases} cases: {finding.sentence}")
    if not problems:
        print(coloured(f"All gradient properties hold for {title}!", GREEN))
    elif all(problem.message == NOT_IMPLEMENTED for problem in problems):
        print_unwritten(question, problems[0])
    else:
        print(coloured(f"{len(problems)} of {len(findings)} gradient properties do not hold for {title}.", RED))
        for problem in problems:
            _print_problem(problem)
        for script in [problem.snippet for problem in problems if problem.snippet][:1]:
            print(f"\n{PASTE}\n{script.rstrip()}")
    print()


def _print_problem(problem: Finding) -> None:
    print_block(problem)
    if problem.side:
        print(row("side", problem.side))
    if problem.outcome is Outcome.FAILED:
        print(row("again", f"python sanity_check.py gradients {problem.question} --seed {problem.seed}"))


def print_properties(manifest: Manifest, questions: Sequence[Question]) -> None:
    """Print the gradient properties of each question."""
    checks = [check for check in checks_of(manifest) if is_gradient_property(check)]
    for question in questions:
        print(f"{question.id}  {question.name}")
        for check in checks:
            if check.question == question.id:
                print(f"      {check.sentence}")
