"""Feedback: how much of an explanation a student is told. The one place that decides it, for every output.

Each level tells what the one before tells, and more:

    sentence        what is true of every correct submission, and whether it holds
    diagnosis       the name of the likely mistake, and what to do about it
    location        what was found, with its shape and place: the first wrong entry, the line that raised
    counterexample  the smallest case found on which the check fails

No level tells a seed or a value of a hidden case: see `told`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from sanity.core.errors import NOT_IMPLEMENTED
from sanity.core.verdict import Outcome, Verdict


class Level(StrEnum):
    """What is told of a check that did not pass, least first."""

    SENTENCE = "sentence"
    DIAGNOSIS = "diagnosis"
    LOCATION = "location"
    COUNTEREXAMPLE = "counterexample"

    def tells(self, least: Level) -> bool:
        """Return whether this level tells what `least` tells.

        >>> Level.LOCATION.tells(Level.DIAGNOSIS), Level.LOCATION.tells(Level.COUNTEREXAMPLE)
        (True, False)
        """
        order = list(Level)
        return order.index(self) >= order.index(least)


GRADED = Level.LOCATION
"""The level of what a grading hands out, unless `assignment.toml` names another."""
AT_HOME = Level.COUNTEREXAMPLE
"""The level of the student's own sanity check, whose cases are no secret, unless `assignment.toml` names another."""

LevelName = Annotated[str, Meta(pattern=f"^({'|'.join(Level)})$")]
Visibility = Annotated[str, Meta(pattern="^(visible|after_due_date|after_published|hidden)$")]


class Feedback(Struct, frozen=True, forbid_unknown_fields=True):
    """A table `[feedback]` or `[question.feedback]` of assignment.toml."""

    level: LevelName
    until: Annotated[datetime, Meta(tz=True)] | None = None
    """When `then` takes the place of `level`."""
    then: LevelName | None = None
    visibility: Visibility = "visible"
    """When Gradescope shows the entries of results.json."""

    def level_at(self, now: datetime) -> Level:
        """Return the level at a time, which has a zone."""
        return Level(self.then if self.then and self.until and now >= self.until else self.level)


@dataclass(frozen=True)
class Dial:
    """What students are told now, by question."""

    levels: Mapping[str, Level] = field(default_factory=dict)
    default: Level = GRADED
    """The level of all other questions."""
    visibility: Mapping[str, str] = field(default_factory=dict)
    """When Gradescope shows a question's entries, if not at once."""

    def level(self, question: str) -> Level:
        """Return the level of a question."""
        return self.levels.get(question, self.default)

    def told(self, verdict: Verdict) -> Verdict:
        """Return what a student is told of a verdict on hidden cases."""
        return told(verdict, self.level(verdict.question))


def told(verdict: Verdict, level: Level, *, hidden: bool = True) -> Verdict:
    """Return what a level tells of a verdict.

    Of a hidden case it tells the outline at most, which follows from the case's sizes alone, and nothing of the detail:
    the values, what the submission printed and said. Where no case was tried, as when a file is missing, and of an
    answer that is still to be written, the message is always told: it explains no mistake. The difference and the
    script are recorded for staff alone.

    Args:
        verdict: with all that is known.
        level: how much to tell.
        hidden: whether its cases are hidden; False on the student's own machine.
    """
    diagnosed, shown = level.tells(Level.DIAGNOSIS), level.tells(Level.COUNTEREXAMPLE)
    located = level.tells(Level.LOCATION) or not verdict.outline or verdict.message == NOT_IMPLEMENTED
    case = (verdict.outline if hidden else verdict.case) if verdict.case and shown else ""
    trace = located and verdict.outcome is Outcome.COULD_NOT_RUN
    return replace(
        verdict,
        message=verdict.message if located else "",
        diagnosis=verdict.diagnosis if diagnosed else "",
        hint=verdict.hint if diagnosed else "",
        case=case,
        outline="",
        detail=verdict.detail if (shown or trace) and not hidden else "",
        script="",
        difference=None,
        answer_digest="",
    )
