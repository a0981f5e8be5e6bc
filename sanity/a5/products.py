"""Question 3d: gradients that vanish and explode."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import numeric_gradient

check = Checks("3d")


def make_chain(*, seed: int, H: int, steps: int, linear: int) -> dict[str, Any]:
    """Make a square matrix that is far from symmetric, a state, the weights of a loss, and a spectral radius."""
    rng = np.random.default_rng(seed)
    return {
        "W": rng.standard_normal((H, H)) * 1.2 / np.sqrt(H),
        "h": rng.standard_normal(H),
        "w": rng.standard_normal(H),
        "steps": steps,
        "linear": bool(linear),
        "radius": float(rng.uniform(0.5, 1.5)),
    }


CHAINS = Cases(
    make_chain,
    {"H": (3, 5), "steps": (2, 8), "linear": (0, 1)},
    "H = {H}, {steps} steps, linear: {linear}",
    ({"H": 4, "steps": 7, "linear": 1}, {"H": 5, "steps": 6, "linear": 0}),
)
"""Chains of equal steps."""
SHORT = Cases(
    make_chain, {"H": (3, 4), "steps": (1, 1), "linear": (0, 1)}, "H = {H}, one step", ({"linear": 1},), drawn=1
)
"""Chains of one step."""
LINEAR = Cases(make_chain, {"H": (3, 5), "steps": (5, 8), "linear": (1, 1)}, "H = {H}, {steps} steps, linear", drawn=2)
"""Chains without tanh."""


@probe("norms: k", of="gradient_norms()", needs=("torch",))
def norms_of_gradients(code: Any, case: Case) -> Any:
    """Return the norms of the gradients along a chain."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.gradient_norms(**tensors(case, "W", "h", "w"), steps=case.steps, linear=case.linear)


@probe("bounds: k", of="norm_bounds()", needs=("torch",))
def bounds_of_norms(code: Any, case: Case) -> Any:
    """Return what the norms can't exceed."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.norm_bounds(**tensors(case, "W", "w"), steps=case.steps)


@probe("scaled: H H", of="with_radius()", needs=("torch",))
def scaled_to_radius(code: Any, case: Case) -> Any:
    """Scale the matrix to the case's spectral radius."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.with_radius(**tensors(case, "W"), radius=case.radius)


check.compares(
    norms_of_gradients, CHAINS, "norms", weight=4, says="gradient_norms() gives the norms, from the last state back."
)
check.compares(
    bounds_of_norms, CHAINS, "bounds", weight=2, says="norm_bounds() gives the powers of the largest singular value."
)
check.compares(
    scaled_to_radius, CHAINS, "scaled", weight=2, says="with_radius() scales the matrix to the spectral radius."
)


@check(SHORT)
def a_chain_may_be_one_step(run: Run, expect: Run, case: Case) -> None:
    """One step gives two norms, and two bounds."""
    equal_chain = (norms_of_gradients, "norms"), (bounds_of_norms, "bounds")
    for asked, name in equal_chain:
        equal(name, run(asked, case)[name], expect(asked, case)[name], f"the {name} are wrong for a single step")


@check(LINEAR)
def turns_keep_the_norm(run: Run, case: Case) -> None:
    """Where W is a turn times s, and there is no tanh, each step back multiplies the norm with s."""
    turn, _ = np.linalg.qr(case.W)
    s = case.radius
    want = np.linalg.norm(case.w) * s ** np.arange(case.steps + 1)
    said = "the norms do not grow by the factor by which W stretches"
    equal("norms", run(norms_of_gradients, case.having(W=s * turn))["norms"], want, said)


@check(CHAINS)
def no_norm_exceeds_its_bound(run: Run, case: Case) -> None:
    """No norm is above its bound, with tanh or without."""
    like = np.zeros(case.steps + 1)
    norms = shaped(run(norms_of_gradients, case), "norms", "k", like)
    bounds = shaped(run(bounds_of_norms, case), "bounds", "k", like)
    if not (norms <= bounds * 1.0001 + 1e-9).all():
        raise CheckFailed("a norm is above its bound", hint="one of the two is wrong, or both")


@check(CHAINS)
def the_last_norm_is_measured(run: Run, case: Case) -> None:
    """The last norm is that of the gradient by the state given, as small steps measure it."""

    def loss(h: Array) -> Any:
        for _ in range(case.steps):
            h = case.W @ h if case.linear else np.tanh(case.W @ h)
        return case.w @ h

    norms = shaped(run(norms_of_gradients, case), "norms", "k", np.zeros(case.steps + 1))
    want = float(np.linalg.norm(numeric_gradient(loss, case.h)))
    if not abs(norms[-1] - want) <= 1e-5 * (1 + want):
        raise CheckFailed("the last norm is not that of the gradient which small steps measure")
