"""Classifies the end of a training: the reason, a line for the student, and details for staff."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from graders.records.training import StopReason
from graders.sandbox.inside.protocol import Finished
from graders.text.numbers import number
from graders.text.sanitize import clean_text
from graders.training.event_log import Event, Progressed
from graders.training.process import ProcessUsage
from sanity.core.calling import SubmissionError, problem_of
from sanity.core.known_errors import Known

MEMORY_ERRORS = ("MemoryError", "OutOfMemoryError")
MEMORY_WORDS = ("allocate memory", "out of memory")
STALL_RATIO = 0.95
"""The loss must fall below this part of the first loss; else training stalled."""


class Ending(NamedTuple):
    """Why a process in the sandbox ended."""

    stop_reason: StopReason
    message: str
    """One line for the student, in our words only."""
    detail: str = ""
    """For staff: the submission's error message and traceback."""
    raised: bool = False
    """Whether it is the submission's doing: an exception, other than for want of memory or disk, or too many files."""
    comparable: bool = True
    """Of the reference with a submission's weights: whether it can tell which of them are which."""


def classify_finish(message: Finished, enough: bool) -> Ending:
    """Classify a training that sent `Finished`. `enough`: its last score on dev was high enough."""
    if enough:
        return Ending(StopReason.REACHED, "training reached the required score on dev")
    if message.how == "diverged":
        return Ending(StopReason.DIVERGED, "training diverged: the loss was no longer a finite number")
    return Ending(
        StopReason.CONVERGED,
        "training ended by itself: it reached the recipe's limit, or the score on dev stopped rising",
    )


def classify_error(
    error: SubmissionError, what: str, files: Mapping[str, bytes], known: Known = (), named: Collection[str] = ()
) -> Ending:
    """Classify a process whose submission raised an exception; the message names the file and line.

    `known` are the errors that the assignment knows, `named` the files that the message may name.
    """
    memory = error.type in MEMORY_ERRORS or any(words in error.text for words in MEMORY_WORDS)
    problem = problem_of(error, what, files, known, named)
    if memory:
        return Ending(StopReason.OUT_OF_MEMORY, f"{what} ran out of memory", clean_text(problem.detail))
    if error.type == "SaveError":
        return Ending(StopReason.CRASHED, f"{what} could not write a checkpoint", clean_text(problem.detail))
    hint = f"; {problem.hint}" if problem.hint else ""
    return Ending(StopReason.CRASHED, f"{problem.message}{hint}", clean_text(problem.detail), raised=True)


def classify_death(usage: ProcessUsage, what: str) -> Ending:
    """Classify a process that died without a `Finished` message."""
    if os.WIFSIGNALED(usage.status) and os.WTERMSIG(usage.status) == 9:
        return Ending(StopReason.OUT_OF_MEMORY, f"{what} was killed by the system, which happens when memory runs out")
    return Ending(StopReason.CRASHED, f"{what} {usage.cause}")


def detect_stall(end: Ending, events: Sequence[Event]) -> Ending:
    """Return `end`, or a STALLED ending if the loss never fell."""
    losses = [event.loss for event in events if isinstance(event, Progressed) and event.loss is not None]
    if end.stop_reason not in (StopReason.BUDGET, StopReason.CONVERGED) or len(losses) < 2:
        return end
    if min(losses[1:]) < STALL_RATIO * losses[0]:
        return end
    return Ending(
        StopReason.STALLED, f"the loss did not fall: {number(losses[0])} at the start, {number(losses[-1])} at the end"
    )
