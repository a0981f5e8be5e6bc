"""What a check says about a submission: passed, failed, or could not run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Three-valued, as in check50: a crash is not a wrong answer."""

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
    """This check's share of its question's points, relative to the question's other checks."""
    is_property: bool
    """True of a property that holds without a reference; see `graders.records.scoring`."""
    outputs: tuple[str, ...] = ()
    """The outputs that the check proves right."""
    message: str = ""
    """For the student: what is wrong and what to do. Holds no value of a hidden case and no student text."""
    slip: str = ""
    """The name of the likely mistake, where one was recognised."""
    case: str = ""
    """The smallest failing case found, in words."""
    detail: str = ""
    """For staff only: values, the submission's own error text, what it printed."""
