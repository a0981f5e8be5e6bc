"""What a student reads about a question, in parts that the console prints and a notebook shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sanity.core.errors import NOT_IMPLEMENTED
from sanity.core.manifest import Question
from sanity.core.verdict import Outcome, Verdict, all_passed

PASSED_BUT = "passed, but: "
"""How a line starts about a check that passed and has something to say."""
TITLE, GOOD, BAD, PLAIN = "title", "good", "bad", "plain"


@dataclass(frozen=True)
class Line:
    """A line of text, with what it is: TITLE, GOOD, BAD or PLAIN."""

    text: str
    style: str = PLAIN


@dataclass(frozen=True)
class Row:
    """A text with a label before it."""

    label: str
    text: str


@dataclass(frozen=True)
class Trace:
    """Lines of a traceback."""

    text: str


@dataclass(frozen=True)
class Folded:
    """What is true as well, shown when asked for."""

    sentences: tuple[str, ...]
    counted: bool
    """Whether the console says how many there are."""

    @property
    def count(self) -> str:
        """How many they are: `1 more check`, `2 more checks`."""
        return f"{len(self.sentences)} more check{'s' * (len(self.sentences) != 1)}"


GAP = Line("")
Part = Line | Row | Trace | Folded


def question_parts(question: Question, verdicts: Sequence[Verdict]) -> Iterator[Part]:
    """Yield the verdicts on one question: a block for one problem, a line for each other one."""
    title = f"Question {question.id}: {question.name}"
    yield Line(f"Running Sanity Check for {title}", TITLE)
    passed = [verdict for verdict in verdicts if verdict.outcome is Outcome.PASSED]
    problems = [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASSED]
    wrong = {output for verdict in problems for output in verdict.outputs}
    for output in dict.fromkeys(output for verdict in passed for output in verdict.outputs):
        if output not in wrong:
            yield Line(f"{output} Sanity Checks Passed!", GOOD)
    hints = [verdict for verdict in passed if verdict.message]
    others = [verdict for verdict in passed if not verdict.outputs and verdict not in hints]
    if others:
        yield Folded(tuple(verdict.sentence for verdict in others), counted=not problems)
    if not problems:
        yield from _hint_parts(hints)
        yield Line(f"All Sanity Checks Passed for {title}!", GOOD)
    elif all(problem.message == NOT_IMPLEMENTED for problem in problems):
        yield unwritten(question, problems[0])
    else:
        yield Line(f"{len(problems)} of {len(verdicts)} checks did not pass for {title}.", BAD)
        yield from _problems_parts(problems)
        yield from _hint_parts(hints)


def summary_parts(answered: Sequence[tuple[Question, Sequence[Verdict]]]) -> Iterator[Part]:
    """Yield how many questions pass, and which do not, if there are several."""
    if len(answered) > 1:
        failing = [question.id for question, verdicts in answered if not all_passed(verdicts)]
        said = f"{len(answered) - len(failing)} of {len(answered)} questions pass"
        yield Line(said + (f"; not yet: {', '.join(failing)}" if failing else ""), BAD if failing else GOOD)


def _hint_parts(hints: Sequence[Verdict]) -> Iterator[Part]:
    """Yield what could be better about checks that passed."""
    for verdict in hints:
        yield Line(f"{PASSED_BUT}{verdict.message}")
        if verdict.hint:
            yield Row("hint", verdict.hint)


def unwritten(question: Question, problem: Verdict) -> Line:
    """Return the line for a question that is still as the handout has it, or that needs one that is."""
    first = problem.detail.partition(":")[0]
    waits = "is" if first == question.id else f"waits for question {first}, which is"
    return Line(f"Question {question.id}: {question.name} {waits} {NOT_IMPLEMENTED}.", BAD)


def _problems_parts(problems: Sequence[Verdict]) -> Iterator[Part]:
    """Yield a block for the wrong output whose cause is known, else for the first problem; a line for each other."""
    shown = first_block(problems)
    yield from problem_parts(shown)
    others = [problem for problem in problems if problem is not shown]
    alike = [o for o in others if o.outcome is Outcome.COULD_NOT_RUN and o.message == shown.message]
    if others:
        yield GAP
    said = {"", shown.diagnosis, shown.hint}
    for problem in others:
        if problem not in alike:
            raised = f" ({problem.message})" if problem.outcome is Outcome.COULD_NOT_RUN else ""
            yield Line(f"also {problem.outcome}{raised}: {problem.sentence}")
            for label, text in (("likely", problem.diagnosis), ("hint", problem.hint)):
                if text not in said:
                    yield Row(label, text)
                    said.add(text)
    if alike:
        yield Line(f"{len(alike)} more could not run for the same reason.")


def first_block(problems: Sequence[Verdict]) -> Verdict:
    """Return the problem that a student reads first.

    It is the first wrong output with a diagnosis, or else the first with a hint, or else the first problem.
    """
    return min(problems, key=_rank)


def _rank(problem: Verdict) -> int:
    if problem.outputs and (problem.diagnosis or problem.hint):
        return 0 if problem.diagnosis else 1
    return 2


def problem_parts(problem: Verdict) -> Iterator[Part]:
    """Yield all that is known about one problem."""
    yield GAP
    yield Line(f"{problem.outcome}: {problem.sentence}")
    for label, text in (
        ("found", problem.message),
        ("values", problem.detail if problem.outcome is Outcome.FAILED else ""),
        ("case", problem.case),
        ("likely", problem.diagnosis),
        ("hint", problem.hint),
    ):
        if text:
            yield Row(label, text)
    if problem.outcome is Outcome.COULD_NOT_RUN and problem.detail:
        yield Trace(problem.detail.rstrip())
