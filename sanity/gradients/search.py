"""Looking for a case that breaks a property, and for the smallest one. Slow to import: Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import hypothesis

import sanity.core.shrink  # noqa: F401  (says where Hypothesis keeps its notes)
from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.judge import attempt
from sanity.core.probe import Run

Problem = CheckFailed | CouldNotRun

MAX_SHRINKS = 200
"""Calls of a failing property while its case is made smaller; a few seconds at most."""


def search(check: Check, run: Run, seed: int, count: int, tick: Callable[[], None]) -> list[tuple[Case, Problem]]:
    """Try a property on count drawn cases; return those that break it, from the first found to the smallest.

    Args:
        check: a property.
        run: asks the submission; must answer the same question the same each time.
        seed: of the cases.
        count: how many to draw while the property holds.
        tick: called at every case.
    """
    broken: list[tuple[Case, Problem]] = []
    calls = 0

    def property_holds(case: Case) -> None:
        nonlocal calls
        tick()
        calls += bool(broken)
        problem = attempt(check, run, run, case)
        # Once it failed one way, failing another way is not the same counterexample.
        if problem and calls <= MAX_SHRINKS and (not broken or type(problem) is type(broken[0][1])):
            broken.append((case, problem))
            raise problem

    drawn = hypothesis.given(check.cases.strategy())(property_holds)
    settings = hypothesis.settings(
        max_examples=count,
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        verbosity=hypothesis.Verbosity.quiet,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    # Hypothesis complains when the calls ran out in the middle; `broken` then holds what there is.
    with suppress(CheckFailed, CouldNotRun, hypothesis.errors.HypothesisException):
        hypothesis.seed(seed)(settings(drawn))()
    return broken
