"""Errors: what a user can mend, the two ways in which a check does not pass, and the one without a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanity.core.difference import Difference

NOT_IMPLEMENTED = "not implemented yet"
"""What is said of a question that is still as the handout has it; `raised.text` also names the question."""


class UserError(Exception):
    """Something that the user can mend; the message is one line: what, where, expected, found, what to do.

    Command lines print it and end with its exit status. Everything of ours that a user may meet derives from it.
    """

    exit_status = 2
    """2 for a wrong name, file or option; 1 where a check failed."""


class CheckFailed(Exception):
    """The submission answered, and the answer is wrong."""

    def __init__(
        self,
        message: str,
        *,
        diagnosis: str = "",
        hint: str = "",
        detail: str = "",
        output: str = "",
        difference: Difference | None = None,
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
        self.difference = difference
        """Got − expected of that output, if it is an array of the right shape; for staff."""


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


def placeholder(question: str) -> str:
    """Return the line that stands where the answer to question will be.

    >>> placeholder("1d")
    'raise NotImplementedError("1d: not implemented yet")'
    """
    return f'raise NotImplementedError("{question}: {NOT_IMPLEMENTED}")'
