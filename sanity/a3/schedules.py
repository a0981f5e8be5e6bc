"""Question 1d: schedules of the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, equal
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run, probe

check = Checks("1d")


def make_schedule(*, seed: int, every: int, steps: int) -> dict[str, Any]:
    """Make a learning rate and how it shall change."""
    rng = np.random.default_rng(seed)
    low = float(rng.uniform(0.01, 0.1))
    return {
        "lr": float(rng.uniform(0.05, 2)),
        "k": float(rng.uniform(0.05, 0.5)),
        "low": low,
        "high": low + float(rng.uniform(0.1, 1)),
        "every": every,
        "period": 2 * every,
        "steps": steps,
    }


SCHEDULES = Cases(
    make_schedule,
    {"every": (3, 6), "steps": (14, 20)},
    "{steps} steps, halved after {every} of them, a period of {period}",
    ({"every": 4, "steps": 20}, {"every": 5, "steps": 25}),
)
"""Learning rates, and how they change."""


def rates(function: Callable[..., float], case: Case, *options: Any) -> Any:
    """Return the rates of all steps of a case."""
    found = [function(*options[:-1], step, options[-1]) for step in range(case.steps)]
    return np.array(found) if all(isinstance(rate, int | float | np.number) for rate in found) else found


@probe("rates: step", of="halving()")
def halving(code: Any, case: Case) -> Any:
    """Ask for the rates of a schedule with halvings."""
    return rates(code.optimization.halving, case, case.lr, case.every)


@probe("rates: step", of="exponential()")
def exponential(code: Any, case: Case) -> Any:
    """Ask for the rates of a schedule with exponential decay."""
    return rates(code.optimization.exponential, case, case.lr, case.k)


@probe("rates: step", of="cyclic()")
def cyclic(code: Any, case: Case) -> Any:
    """Ask for the rates of a cyclic schedule."""
    return rates(code.optimization.cyclic, case, case.low, case.high, case.period)


check.compares(halving, SCHEDULES, "rates", weight=3, says="halving() gives the right rate at every step.")
check.compares(exponential, SCHEDULES, "rates", weight=3, says="exponential() gives the right rate at every step.")
check.compares(cyclic, SCHEDULES, "rates", weight=3, says="cyclic() gives the right rate at every step.")


def rates_of(run: Run, asked: Probe, case: Case) -> Array:
    """Return the rates, or raise CheckFailed unless there is a number for each step."""
    like = np.zeros(case.steps)
    found = as_array("rates", run(asked, case)["rates"], like)
    if found.shape != like.shape:
        raise CheckFailed(f"{asked.what} does not return a number", output="rates")
    return found


@check(SCHEDULES)
def halves_again_and_again(run: Run, case: Case) -> None:
    """The rate begins with lr, stays the same until it is halved, and is halved again as many steps later."""
    found = rates_of(run, halving, case)
    equal("rates", found[: case.every], np.full(case.every, case.lr), "the rate changes before it should be halved")
    equal("rates", 2 * found[case.every :], found[: -case.every], "the rate is not half of that one halving before")


@check(SCHEDULES)
def decays_by_the_same_part(run: Run, case: Case) -> None:
    """Each step of exponential decay multiplies the rate by e^-k."""
    found = rates_of(run, exponential, case)
    said = "from one step to the next the rate is not multiplied by e^-k"
    equal("rates", found[1:], found[:-1] * np.exp(-case.k), said)


@check(SCHEDULES)
def rises_and_falls(run: Run, case: Case) -> None:
    """A cyclic rate is low at steps 0 and period, high in the middle between, and symmetric around it."""
    found, half = rates_of(run, cyclic, case), case.period // 2
    equal("rates", found[[0, half]], np.array([case.low, case.high]), "the rate does not begin low and come to be high")
    equal("rates", found[case.period :], found[: -case.period], "the rate is not the same a period later")
    equal("rates", found[1:half], found[half + 1 : case.period][::-1], "the rate does not fall as it has risen")
