"""Printing the findings of `sanity_check.py gradients`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sanity.core.assignment_package import checks_of
from sanity.core.errors import NOT_IMPLEMENTED
from sanity.core.manifest import Manifest, Question
from sanity.core.verdict import Outcome
from sanity.student.console import print_parts
from sanity.student.gradients import Finding, is_gradient_property
from sanity.student.parts import BAD, GOOD, TITLE, Line, Part, Row, problem_parts, unwritten

PASTE = "# Save this in the folder with your files, as try.py, and run it: python try.py"


def print_findings(question: Question, findings: Sequence[Finding]) -> None:
    """Print the findings about one question; for a property that does not hold, how it fails and on which case."""
    print_parts(_finding_parts(question, findings))
    print()


def _finding_parts(question: Question, findings: Sequence[Finding]) -> Iterator[Part]:
    title = f"Question {question.id}: {question.name}"
    yield Line(f"Running the gradient properties of {title}", TITLE)
    problems = [finding for finding in findings if finding.outcome is not Outcome.PASSED]
    for finding in findings:
        if finding.outcome is Outcome.PASSED:
            yield Line(f"true of {finding.cases} cases: {finding.sentence}")
    if not problems:
        yield Line(f"All gradient properties hold for {title}!", GOOD)
    elif all(problem.message == NOT_IMPLEMENTED for problem in problems):
        yield unwritten(question, problems[0])
    else:
        yield Line(f"{len(problems)} of {len(findings)} gradient properties do not hold for {title}.", BAD)
        for problem in problems:
            yield from problem_parts(problem)
            if problem.side:
                yield Row("side", problem.side)
            if problem.outcome is Outcome.FAILED:
                yield Row("again", f"python sanity_check.py gradients {problem.question} --seed {problem.seed}")
        for script in [problem.snippet for problem in problems if problem.snippet][:1]:
            yield Line(f"\n{PASTE}\n{script.rstrip()}")


def print_properties(manifest: Manifest, questions: Sequence[Question]) -> None:
    """Print the gradient properties of each question."""
    checks = [check for check in checks_of(manifest) if is_gradient_property(check)]
    for question in questions:
        print(f"{question.id}  {question.name}")
        for check in checks:
            if check.question == question.id:
                print(f"      {check.sentence}")
