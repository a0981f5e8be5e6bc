"""Question 1e: gradient descent. In place or not, both are right."""

from __future__ import annotations

import numpy as np

from sanity.a2.asked import SGD, equal
from sanity.a2.cases import DESCENTS
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import as_array, same_array
from sanity.core.errors import CheckFailed

CALLS = "where f was called"


@check("1e", DESCENTS, weight=2, outputs=("x",))
def ends_downhill(run: Run, expect: Run, case: Case) -> None:
    """sgd() returns the parameters after the last step, with postprocessing."""
    same_array("x", run(SGD, case)["x"], expect(SGD, case)["x"], "n m" if case.x0.ndim == 2 else "n")


@check("1e", DESCENTS, outputs=("f",))
def goes_step_by_step(run: Run, expect: Run, case: Case) -> None:
    """Each iteration starts where the one before ended, with postprocessing."""
    axes = "iteration n m" if case.x0.ndim == 2 else "iteration n"
    same_array(CALLS, run(SGD, case)[CALLS], expect(SGD, case)[CALLS], axes)


@check("1e", DESCENTS)
def calls_once_an_iteration(run: Run, case: Case) -> None:
    """f is called once in each iteration: it may be random, and it takes most of the time."""
    calls = as_array(CALLS, run(SGD, case)[CALLS], np.zeros((case.iterations, *case.x0.shape)))
    if len(calls) != case.iterations:
        twice = len(calls) == 2 * case.iterations
        raise CheckFailed(
            f"f was called {len(calls)} times in {case.iterations} iterations",
            diagnosis="f is called twice in each iteration" if twice else "",
            hint="one call returns both the loss and the gradient" if twice else "",
        )


@check("1e", DESCENTS)
def rests_at_the_bottom(run: Run, case: Case) -> None:
    """Where the gradient is zero, the parameters stay the same."""
    resting = case.having(x0=case.bottom, processed=False)
    equal("x", run(SGD, resting)["x"], case.bottom, "x moves although the gradient is zero")


@check("1e", DESCENTS)
def a_step_downhill_lowers_the_loss(run: Run, case: Case) -> None:
    """A small step against the gradient lowers the loss."""
    once = case.having(iterations=1, processed=False)
    x = as_array("x", run(SGD, once)["x"], case.x0)
    if x.shape != case.x0.shape:
        raise CheckFailed("x has another shape than x0")
    before, after = ((case.curvature * (place - case.bottom) ** 2).sum() for place in (case.x0, x))
    if not after < before:
        uphill = "the step goes uphill: the gradient points to where the loss grows"
        diagnosis = uphill if after > before else "x stays at x0"
        raise CheckFailed("the loss does not fall", diagnosis=diagnosis)
