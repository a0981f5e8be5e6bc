"""Why a training ended, in our own words: a kind, a line for the student, and the submission's words for staff."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import NamedTuple

from graders.records.training import StopReason
from graders.sandbox.inside.protocol import Finished
from graders.text.numbers import number
from graders.text.sanitize import clean_text
from graders.training.event_log import Event, Progressed
from graders.training.process import Used
from sanity.core.calling import SubmissionError, problem_of
from sanity.core.known_errors import Known

MEMORY_ERRORS = ("MemoryError", "OutOfMemoryError")
MEMORY_WORDS = ("allocate memory", "out of memory")
LEARNT = 0.95
"""A loss that did not fall below this part of the first one has not fallen."""


class Ending(NamedTuple):
    """How a process in the sandbox ended."""

    ended: StopReason
    message: str
    detail: str = ""


def finished(said: Finished, enough: bool) -> Ending:
    """Return what it means that the loop ended by itself."""
    if enough:
        return Ending(StopReason.REACHED, "training reached its aim on dev")
    if said.how == "diverged":
        return Ending(StopReason.DIVERGED, "training diverged: the loss was no longer a finite number")
    return Ending(
        StopReason.CONVERGED, "training ended by itself: the recipe's limit was reached, or dev had stopped to rise"
    )


def raised(error: SubmissionError, what: str, files: Collection[str], known: Known = ()) -> Ending:
    """Return what an exception means, and where in the submission it was raised; known are the assignment's errors."""
    memory = error.type in MEMORY_ERRORS or any(words in error.text for words in MEMORY_WORDS)
    problem = problem_of(error, what, tuple(files), known)
    if memory:
        return Ending(StopReason.OUT_OF_MEMORY, f"{what} ran out of memory", clean_text(problem.detail))
    if error.type == "SaveError":
        return Ending(StopReason.CRASHED, f"{what} could not write a checkpoint", clean_text(problem.detail))
    hint = f"; {problem.hint}" if problem.hint else ""
    return Ending(StopReason.CRASHED, f"{problem.message}{hint}", clean_text(problem.detail))


def died(used: Used, what: str, cpu_limit: float) -> Ending:
    """Return what it means that a process ended without a word, one that had so many seconds of processor time."""
    if os.WIFSIGNALED(used.status) and os.WTERMSIG(used.status) == 9:
        if used.cpu_seconds >= cpu_limit:
            said = f"{what} used more processor time than its cores have: leave the number of threads as it is"
            return Ending(StopReason.CRASHED, said)
        return Ending(StopReason.OUT_OF_MEMORY, f"{what} was killed by the system, as it does when memory runs out")
    return Ending(StopReason.CRASHED, f"{what} {used.cause}")


def stalled(end: Ending, events: Sequence[Event]) -> Ending:
    """Return the same end, or that the loss never fell."""
    losses = [event.loss for event in events if isinstance(event, Progressed) and event.loss is not None]
    if end.ended not in (StopReason.BUDGET, StopReason.CONVERGED) or len(losses) < 2:
        return end
    if min(losses[1:]) < LEARNT * losses[0]:
        return end
    return Ending(
        StopReason.STALLED, f"the loss did not fall: {number(losses[0])} at first, {number(losses[-1])} at last"
    )
