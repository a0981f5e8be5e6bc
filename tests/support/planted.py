"""Planted bugs and what is recorded, for the tests of them."""

from __future__ import annotations

from functools import cache

from graders.course.assignment import assignment_names, load_assignment
from graders.course.planted import load_bugs
from sanity.core.check import Check
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.judge import attempt
from sanity.core.probe import Run
from sanity.core.recordings import Recordings, fixed_cases, load, recording_path

ASSIGNMENTS = assignment_names()
BUGS = {(name, bug.id): bug for name in ASSIGNMENTS for bug in load_bugs(load_assignment(name))}


@cache
def recordings(assignment: str) -> Recordings:
    return load(recording_path(assignment))


def problems(check: Check, run: Run, expect: Run) -> list[CheckFailed | CouldNotRun]:
    return [problem for case in fixed_cases(check.cases) if (problem := attempt(check, run, expect, case))]
