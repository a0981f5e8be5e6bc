"""How a check ends when it does not pass: a wrong answer, no answer, or a fault of the grader."""

from __future__ import annotations


class CheckFailed(Exception):
    """The submission answered, and the answer is wrong."""

    def __init__(
        self, message: str, *, diagnosis: str = "", hint: str = "", detail: str = "", output: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        """One or two lines for the student, free of values."""
        self.diagnosis = diagnosis
        """The name of the likely mistake, as a phrase that makes sense alone; "" if it is not recognised."""
        self.hint = hint
        """What to do about it, or where to look, if that is known."""
        self.detail = detail
        """Values, for where they may be seen: on the student's own machine, and by staff."""
        self.output = output
        """The name of the output that is wrong."""


class CouldNotRun(Exception):
    """The submission gave no answer: it crashed, was stopped, or is missing."""

    def __init__(self, message: str, *, diagnosis: str = "", hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        """One or two lines for the student, in our words only."""
        self.diagnosis = diagnosis
        """The name of the likely mistake, as a phrase that makes sense alone; "" if it is not recognised."""
        self.hint = hint
        """What to do about it, or where to look, if that is known."""
        self.detail = detail
        """The submission's own words: error text and traceback."""


class GraderFailed(Exception):
    """The grader failed; never a verdict on the submission."""
