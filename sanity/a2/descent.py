"""Question 1e: gradient descent. In place or not, both are right."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, equal, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.core.values import size_text

check = Checks("1e")
CALLS = "where f was called"


def make_descent(*, seed: int, n: int, m: int, iterations: int, processed: int) -> dict[str, Any]:
    """Make a bowl to run down: its bottom, curvature, where to start, and the step."""
    rng = np.random.default_rng(seed)
    shape = (n, m) if m else (n,)
    return {
        "x0": rng.standard_normal(shape),
        "bottom": rng.standard_normal(shape),
        "curvature": rng.uniform(0.5, 2, shape),
        "step": float(rng.uniform(0.05, 0.3)),
        "iterations": iterations,
        "processed": bool(processed),
    }


DESCENTS = Cases(
    make_descent,
    {"n": (2, 4), "m": (0, 3), "iterations": (2, 6), "processed": (0, 1)},
    "parameters of shape {x0.shape}, {iterations} iterations",
    ({"n": 3, "iterations": 4}, {"n": 4, "m": 3, "iterations": 3, "processed": 1}, {"n": 2, "iterations": 25}),
)
"""Bowls to run down."""
SINGLE = Cases(
    make_descent,
    {"n": (1, 1), "m": (0, 1), "iterations": (1, 1), "processed": (0, 1)},
    "one parameter, of shape {x0.shape}, one iteration",
    ({"m": 1},),
    drawn=1,
)
"""One step of one number."""


@probe("x: n m|n, where f was called: iteration n m|iteration n", of="sgd()")
def sgd(code: Any, case: Case) -> Any:
    """Run sgd down a bowl; also return where it asked for the loss."""
    places: list[Array] = []

    def bowl(x: Array) -> tuple[float, Array]:
        places.append(np.array(x))
        away = x - case.bottom
        return float((case.curvature * away**2).sum()) / 2, case.curvature * away

    processing = (lambda x: 0.5 * x) if case.processed else None
    with contextlib.redirect_stdout(io.StringIO()):
        x = code.sgd.sgd(bowl, case.x0.copy(), case.step, case.iterations, processing)
    return x, np.stack(places) if places else None


check.compares(
    sgd, DESCENTS, "x", weight=4, says="sgd() returns the parameters after the last step, with postprocessing."
)
check.compares(
    sgd, SINGLE, "x", name="sgd_of_one", says="sgd() is right for a single parameter and a single iteration, too."
)


@check(DESCENTS, weight=2, outputs=("f",))
def goes_step_by_step(run: Run, expect: Run, case: Case) -> None:
    """Each iteration starts where the one before ended, with postprocessing."""
    axes = "iteration n m" if case.x0.ndim == 2 else "iteration n"
    same_array(CALLS, run(sgd, case)[CALLS], expect(sgd, case)[CALLS], axes)


@check(DESCENTS, weight=2)
def calls_once_an_iteration(run: Run, case: Case) -> None:
    """f is called once in each iteration: it may be random, and it takes most of the time."""
    calls = as_array(CALLS, run(sgd, case)[CALLS], np.zeros((case.iterations, *case.x0.shape)))
    if len(calls) != case.iterations:
        twice = len(calls) == 2 * case.iterations
        raise CheckFailed(
            f"f was called {size_text(len(calls))} times in {case.iterations} iterations",
            diagnosis="f is called twice in each iteration" if twice else "",
            hint="one call returns both the loss and the gradient" if twice else "",
        )


@check(DESCENTS)
def rests_at_the_bottom(run: Run, case: Case) -> None:
    """Where the gradient is zero, the parameters stay the same."""
    resting = case.having(x0=case.bottom, processed=False)
    equal("x", run(sgd, resting)["x"], case.bottom, "x moves although the gradient is zero")


@check(DESCENTS, weight=2)
def steps_downhill_lower_the_loss(run: Run, case: Case) -> None:
    """Small steps against the gradient lower the loss."""
    x = as_array("x", run(sgd, case.having(processed=False))["x"], case.x0)
    if x.shape != case.x0.shape:
        raise CheckFailed("x has another shape than x0")
    before, after = ((case.curvature * (place - case.bottom) ** 2).sum() for place in (case.x0, x))
    if not after < before:
        uphill = "the step goes uphill: the gradient points to where the loss grows"
        diagnosis = uphill if after > before else "x stays at x0"
        raise CheckFailed("the loss does not fall", diagnosis=diagnosis)
