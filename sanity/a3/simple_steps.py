"""Question 1a: momentum, Adagrad and RMSProp."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from sanity.a3.descents import AXES, DESCENTS, descend, parts, path_of, steps_along
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import Array, equal
from sanity.core.probe import Probe, Run, probe

check = Checks("1a")


@probe(f"path: {AXES}", of="momentum_step()")
def momentum(code: Any, case: Case) -> Any:
    """Run down a bowl with momentum."""
    step = partial(code.optimization.momentum_step, lr=case.lr, beta=case.beta1)
    return descend(step, case, np.zeros_like(case.x0))


@probe(f"path: {AXES}", of="adagrad_step()")
def adagrad(code: Any, case: Case) -> Any:
    """Run down a bowl with Adagrad."""
    step = partial(code.optimization.adagrad_step, lr=case.lr, eps=case.eps)
    return descend(step, case, np.zeros_like(case.x0))


@probe(f"path: {AXES}", of="rmsprop_step()")
def rmsprop(code: Any, case: Case) -> Any:
    """Run down a bowl with RMSProp."""
    step = partial(code.optimization.rmsprop_step, lr=case.lr, beta=case.beta2, eps=case.eps)
    return descend(step, case, np.zeros_like(case.x0))


@probe(f"momentum: {AXES}, adagrad: {AXES}, rmsprop: {AXES}", of="momentum_step(), adagrad_step() or rmsprop_step()")
def steps_by_default(code: Any, case: Case) -> Any:
    """Run down a bowl by each rule with nothing but a learning rate."""
    module = code.optimization
    steps = (module.momentum_step, module.adagrad_step, module.rmsprop_step)
    return tuple(descend(partial(step, lr=case.lr), case, np.zeros_like(case.x0)) for step in steps)


RULES = (momentum, adagrad, rmsprop)

check.compares(
    momentum, DESCENTS, "path", weight=3, says="momentum_step() steps along the moving average of the gradients."
)
check.compares(
    adagrad,
    DESCENTS,
    "path",
    weight=3,
    says="adagrad_step() divides each step by the root of the sum of all squared gradients.",
)
check.compares(
    rmsprop,
    DESCENTS,
    "path",
    weight=3,
    says="rmsprop_step() divides each step by the root of the moving average of the squared gradients.",
)


@check(DESCENTS, weight=2)
def has_the_usual_constants(run: Run, expect: Run, case: Case) -> None:
    """By default beta is 0.9, and eps is 1e-8."""
    got, want = run(steps_by_default, case), expect(steps_by_default, case)
    for name, constants in (("momentum", "beta"), ("adagrad", "eps"), ("rmsprop", "beta or eps")):
        said = f"the path with the default constants of {name}_step() is not the right one"
        equal(name, got[name], want[name], said, hint=f"look at the default of {constants}, if other checks pass")


def steps_of(run: Run, rule: Probe, case: Case) -> Array:
    """Return how far each step of a rule goes."""
    return steps_along(path_of(run(rule, case), case))


@check(DESCENTS)
def without_memory_is_plain_descent(run: Run, case: Case) -> None:
    """With beta = 0 each step with momentum is minus the learning rate times the gradient."""
    case = case.having(beta1=0.0, constant=True)
    plain = np.broadcast_to(-case.lr * case.curvature * (case.x0 - case.bottom), (case.steps, *case.x0.shape))
    equal("path", steps_of(run, momentum, case), plain, "a step with momentum and beta = 0 is no plain step downhill")


@check(DESCENTS)
def momentum_gathers_speed(run: Run, case: Case) -> None:
    """Where the gradient is always the same, the k-th step with momentum is 1 - beta^k of a plain step."""
    case = case.having(constant=True)
    plain = -case.lr * case.curvature * (case.x0 - case.bottom)
    speeds = 1 - case.beta1 ** np.arange(1, case.steps + 1)
    want = speeds.reshape(-1, *[1] * case.x0.ndim) * plain
    said = "under a gradient that stays the same, steps with momentum do not grow as they should"
    equal("path", steps_of(run, momentum, case), want, said)


@check(DESCENTS)
def adagrad_slows_down(run: Run, case: Case) -> None:
    """Where the gradient is always the same, the k-th step of Adagrad is 1 / √k of the first, whatever the gradient."""
    case = case.having(constant=True, eps=0.0, curvature=case.curvature + 0.5)  # flat nowhere
    sizes = 1 / np.sqrt(np.arange(1, case.steps + 1)).reshape(-1, *[1] * case.x0.ndim)
    want = -case.lr * sizes * np.sign(case.x0 - case.bottom)
    said = "under a gradient that stays the same, the steps of Adagrad do not shrink with the root of their number"
    equal("path", steps_of(run, adagrad, case), want, said)


@check(DESCENTS)
def rmsprop_starts_large(run: Run, case: Case) -> None:
    """The first step of RMSProp is lr / √(1 - beta) long, whatever the gradient."""
    case = case.having(eps=0.0, curvature=case.curvature + 0.5)
    want = -case.lr / np.sqrt(1 - case.beta2) * np.sign(case.x0 - case.bottom)
    said = "the first step of RMSProp has another length than lr / √(1 - beta)"
    equal("path", steps_of(run, rmsprop, case)[0], want, said)


@check(DESCENTS)
def each_number_steps_alone(run: Run, case: Case) -> None:
    """Each parameter moves as it would alone: no step depends on the gradients of other parameters."""
    for rule in RULES:
        whole = path_of(run(rule, case), case)
        alone = np.concatenate([path_of(run(rule, part), part) for part in parts(case)], axis=1)
        equal("path", whole, alone, f"{rule.what} moves a parameter in another way if there are others")
