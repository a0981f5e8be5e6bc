"""Why a training ended, in our own words: a kind, a line for the student, and the submission's words for staff."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import NamedTuple

from graders.records.training import Ended
from graders.sandbox.inside.protocol import Finished
from graders.text.numbers import number
from graders.text.sanitize import clean_text
from graders.training.event_log import Event, Went
from graders.training.process import Used
from sanity.core.calling import Raised, problem_of

MEMORY_ERRORS = ("MemoryError", "OutOfMemoryError")
MEMORY_WORDS = ("allocate memory", "out of memory")
LEARNT = 0.95
"""A loss that did not fall below this part of the first one has not fallen."""


class End(NamedTuple):
    """How a process in the sandbox ended."""

    ended: Ended
    message: str
    detail: str = ""


def finished(said: Finished, enough: bool) -> End:
    """Return what it means that the loop ended by itself."""
    if enough:
        return End(Ended.REACHED, "training reached its aim on dev")
    if said.how == "diverged":
        return End(Ended.DIVERGED, "training diverged: the loss was no longer a finite number")
    return End(Ended.CONVERGED, "training ended by itself: the recipe's limit was reached, or dev had stopped to rise")


def raised(error: Raised, what: str, files: Collection[str]) -> End:
    """Return what an exception means, and where in the submission it was raised."""
    memory = error.type in MEMORY_ERRORS or any(words in error.text for words in MEMORY_WORDS)
    problem = problem_of(error, what, tuple(files))
    if memory:
        return End(Ended.OUT_OF_MEMORY, f"{what} ran out of memory", clean_text(problem.detail))
    if error.type == "SaveError":
        return End(Ended.CRASHED, f"{what} could not write a checkpoint", clean_text(problem.detail))
    advice = f"; {problem.slip}" if problem.slip else ""
    return End(Ended.CRASHED, f"{problem.message}{advice}", clean_text(problem.detail))


def died(used: Used, what: str, cpu_limit: float) -> End:
    """Return what it means that a process ended without a word, one that had so many seconds of processor time."""
    if os.WIFSIGNALED(used.status) and os.WTERMSIG(used.status) == 9:
        if used.cpu_seconds >= cpu_limit:
            said = f"{what} used more processor time than its cores have: leave the number of threads as it is"
            return End(Ended.CRASHED, said)
        return End(Ended.OUT_OF_MEMORY, f"{what} was killed by the system, as it does when memory runs out")
    return End(Ended.CRASHED, f"{what} {used.cause}")


def stalled(end: End, events: Sequence[Event]) -> End:
    """Return the same end, or that the loss never fell."""
    losses = [event.loss for event in events if isinstance(event, Went) and event.loss is not None]
    if end.ended not in (Ended.BUDGET, Ended.CONVERGED) or len(losses) < 2:
        return end
    if min(losses[1:]) < LEARNT * losses[0]:
        return end
    return End(Ended.STALLED, f"the loss did not fall: {number(losses[0])} at first, {number(losses[-1])} at last")
