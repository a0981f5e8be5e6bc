"""Verdicts: the outcome of one check on one submission, with the texts that students and staff read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sanity.core.difference import Difference


class Outcome(StrEnum):
    """How a check ended. A crash is not a wrong answer, as in check50."""

    PASSED = "passed"
    FAILED = "failed"
    COULD_NOT_RUN = "could not run"


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check on one submission, with what the student and the staff should read."""

    question: str
    check: str
    """The check's name, unique in its assignment."""
    sentence: str
    """What is true of every correct submission: the check's docstring."""
    outcome: Outcome
    weight: float
    """This check's share of its question's points, relative to the question's other checks; 0 for a hint."""
    is_property: bool
    """True of a property that holds without a reference; see `graders.records.scoring`."""
    outputs: tuple[str, ...] = ()
    """The outputs that the check proves right."""
    message: str = ""
    """For the student: what is wrong, or of a hint that passed, what could be better.

    Holds no value of a hidden case and no student text.
    """
    diagnosis: str = ""
    """The name of the likely mistake, as a phrase that makes sense alone; "" if it is not recognised."""
    hint: str = ""
    """What to do about it, or where to look, if that is known."""
    case: str = ""
    """The smallest failing case found, in words."""
    outline: str = ""
    """The case that was tried last, in words that hold nothing but its sizes; "" if none was tried."""
    detail: str = ""
    """For staff only: values, the submission's own error text, what it printed."""
    script: str = ""
    """For staff only: the case as Python, with the call where the probe spells it; "" if it is too long."""
    difference: Difference | None = None
    """For staff only: got − expected on that case, if an array is wrong."""
    answer_digest: str = ""
    """For staff only: equal for submissions with equal wrong answers, see `answer_digest`; "" without an answer."""


def all_passed(verdicts: Iterable[Verdict]) -> bool:
    """Return whether a question passes: each of its checks has passed."""
    return all(verdict.outcome is Outcome.PASSED for verdict in verdicts)
