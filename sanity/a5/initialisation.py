"""Question 3c: how weights begin."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, equal, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import numeric_gradient

check = Checks("3c")

FALSE_ALARMS = 1e-9
"""The odds that a right initialisation fails the check on how it is spread."""


def make_sizes(*, seed: int, rows: int, columns: int) -> dict[str, Any]:
    """Make the sizes of a weight."""
    return {"rows": rows, "columns": columns, "seed": seed}


WEIGHTS = Cases(make_sizes, {"rows": (50, 60), "columns": (20, 25)}, "a weight of {rows} rows and {columns} columns")
"""Weights that are large enough to see how their numbers are distributed."""


def make_network(*, seed: int, B: int, D: int, H: int, steps: int, equal: int) -> dict[str, Any]:
    """Make a network, whose hidden units are all alike if `equal`, examples, and how to descend."""
    rng = np.random.default_rng(seed)
    W, v = rng.standard_normal((H, D)), rng.standard_normal(H)
    if equal:
        W[:], v[:] = W[0], v[0]
    X = rng.standard_normal((B, D))
    y = rng.standard_normal(B)
    return {"W": W, "v": v, "X": X, "y": y, "lr": 0.1, "steps": steps, "seed": seed}


SIZES = {"B": (5, 6), "D": (4, 4), "H": (3, 3), "steps": (2, 4), "equal": (0, 0)}
DESCENTS = Cases(
    make_network,
    SIZES,
    "{steps} steps, {B} examples, D = {D}, H = {H}",
    ({"B": 4, "D": 2, "H": 5, "steps": 3},),
    drawn=2,
)
"""Networks whose units begin different."""
ALIKE = Cases(make_network, {**SIZES, "equal": (1, 1)}, "{steps} steps, {H} equal units", drawn=1)
"""Networks whose units begin equal."""


@probe("weight: rows columns", of="xavier_uniform()", needs=("torch",))
def xavier(code: Any, case: Case) -> Any:
    """Make a weight."""
    from sanity.a5.beside.recurrent import seeded

    return code.recurrent.xavier_uniform(case.rows, case.columns, seeded(case.seed))


@probe(
    "first: rows columns, next: rows columns, with the same seed: rows columns", of="xavier_uniform()", needs=("torch",)
)
def xavier_draws(code: Any, case: Case) -> Any:
    """Make two small weights with one generator, and one with a new generator of the same seed."""
    from sanity.a5.beside.recurrent import seeded

    make = code.recurrent.xavier_uniform
    generator = seeded(case.seed)
    first, after = make(4, 3, generator), make(4, 3, generator)
    again = seeded(case.seed)
    make(2, 2, seeded(0))  # what comes from the global generator differs now
    return first, after, make(4, 3, again)


@probe("W: H D, v: H", of="descend()", needs=("torch",))
def descended(code: Any, case: Case) -> Any:
    """Train the network for some steps."""
    from sanity.a5.beside.recurrent import doubles, seeded, tensors

    with doubles():
        seeded(case.seed)
        return code.recurrent.descend(**tensors(case, "W", "v", "X", "y"), lr=case.lr, steps=case.steps)


def made(run: Run, expect: Run, case: Case) -> tuple[Array, float]:
    """Return a weight that the submission makes, and the bound of Xavier's rule."""
    found = shaped(run(xavier, case), "weight", "rows columns", expect(xavier, case)["weight"])
    if not np.isfinite(found).all():
        raise CheckFailed("some weights are not finite", output="weight")
    return found.astype(np.float64), float(np.sqrt(6 / (case.rows + case.columns)))


@check(WEIGHTS, weight=2)
def stays_within_xaviers_bound(run: Run, expect: Run, case: Case) -> None:
    """No weight is beyond the bound of Xavier's rule, and the largest is near it."""
    found, bound = made(run, expect, case)
    largest = float(np.abs(found).max())
    if largest > bound * 1.0001:
        raise CheckFailed("some weights are beyond the bound of Xavier's rule")
    if largest < 0.95 * bound:  # by chance once in 0.95^-1000, or 1e22, times
        raise CheckFailed("all weights stay far below the bound of Xavier's rule")


@check(WEIGHTS, weight=2)
def is_spread_evenly(run: Run, expect: Run, case: Case) -> None:
    """The weights are spread evenly over the whole interval, within what chance allows."""
    found, bound = made(run, expect, case)
    if len(np.unique(found)) < found.size / 2:
        raise CheckFailed("many of the weights are equal", hint="each number is drawn for itself")
    ranks = np.arange(found.size) / found.size
    share = np.clip((np.sort(found.ravel()) / bound + 1) / 2, 0, 1)
    # By the inequality of Dvoretzky, Kiefer, Wolfowitz and Massart a right one is farther off with these odds.
    if np.abs(share - ranks).max() > np.sqrt(np.log(2 / FALSE_ALARMS) / (2 * found.size)) + 1 / found.size:
        raise CheckFailed("the weights are not spread evenly from minus the bound to the bound")


@check(WEIGHTS)
def draws_by_the_generator_given(run: Run, case: Case) -> None:
    """All chance comes from the generator: the same seed gives the same weight, and the next call another."""
    found = run(xavier_draws, case)
    first, after, again = (as_array(name, found[name], np.zeros((4, 3))) for name in found)
    if not np.array_equal(first, again):
        raise CheckFailed("the same seed gives another weight", hint="pass the generator to what draws")
    if np.array_equal(first, after):
        raise CheckFailed("two calls with one generator give the same weight")


check.compares(descended, DESCENTS, "W", weight=2, says="descend() gives the weights of the hidden units.")
check.compares(descended, DESCENTS, "v", weight=2, says="descend() gives the weights of the output.")


@check(ALIKE)
def equal_units_stay_equal(run: Run, case: Case) -> None:
    """Units that begin with equal weights have equal weights for ever."""
    found = run(descended, case)
    W, v = shaped(found, "W", "H D", case.W), shaped(found, "v", "H", case.v)
    equal("W", W, np.broadcast_to(W[:1], W.shape), "units with equal weights do not stay equal")
    equal("v", v, np.broadcast_to(v[:1], v.shape), "units with equal weights do not stay equal")


@check(ALIKE)
def zeros_stay_zeros(run: Run, case: Case) -> None:
    """A network whose weights are all zero learns nothing: no gradient arrives anywhere."""
    nothing = case.having(W=np.zeros_like(case.W), v=np.zeros_like(case.v))
    found = run(descended, nothing)
    for name in ("W", "v"):
        equal(name, found[name], nothing.values[name], "weights that begin at zero do not stay there")


@check(DESCENTS)
def a_step_follows_the_slope(run: Run, case: Case) -> None:
    """One step moves the weights by lr against the gradient that small steps measure."""
    one = case.having(steps=1)
    found = run(descended, one)
    cut = case.W.size

    def loss(weights: Array) -> Any:
        W, v = weights[:cut].reshape(case.W.shape), weights[cut:]
        return np.mean((np.tanh(case.X @ W.T) @ v - case.y) ** 2)

    slope = numeric_gradient(loss, np.concatenate([case.W.ravel(), case.v]))
    for name, part in (("W", slope[:cut].reshape(case.W.shape)), ("v", slope[cut:])):
        moved = shaped(found, name, "H D" if name == "W" else "H", part) - case.values[name]
        if not (np.abs(moved + case.lr * part) <= 1e-5).all():
            raise CheckFailed(f"a step does not move {name} by lr against the gradient", output=name)
