"""Question 1b: Adam."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from sanity.a3.descents import AXES, DESCENTS, descend, parts, path_of, steps_along
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import equal
from sanity.core.probe import Run, probe

check = Checks("1b")


def start(case: Case) -> tuple[Any, Any, int]:
    """Return the state before the first step."""
    return np.zeros_like(case.x0), np.zeros_like(case.x0), 0


@probe(f"path: {AXES}", of="adam_step()")
def adam(code: Any, case: Case) -> Any:
    """Run down a bowl with Adam."""
    options = {"lr": case.lr, "beta1": case.beta1, "beta2": case.beta2, "eps": case.eps}
    return descend(partial(code.optimization.adam_step, **options), case, start(case))


@probe(f"path: {AXES}", of="adam_step()")
def adam_by_default(code: Any, case: Case) -> Any:
    """Run down a bowl with Adam and its default constants."""
    return descend(code.optimization.adam_step, case, start(case))


@probe("m: n m|n, v: n m|n, t", of="adam_step()")
def adam_state(code: Any, case: Case) -> Any:
    """Run down a bowl with Adam; return the state in the end."""
    state: Any = start(case)
    x = case.x0.copy()
    for _ in range(case.steps):
        gradient = case.curvature * (x - case.bottom)
        x, state = code.optimization.adam_step(x, gradient, state, beta1=case.beta1, beta2=case.beta2)
    return state


check.compares(
    adam,
    DESCENTS,
    "path",
    weight=6,
    says="adam_step() divides the corrected average of gradients by the root of the corrected average of squares.",
)
check.compares(
    adam_by_default,
    DESCENTS,
    "path",
    weight=2,
    says="By default lr is 0.001, beta1 is 0.9, beta2 is 0.999 and eps is 1e-8.",
)
check.compares(
    adam_state, DESCENTS, "t", says="The state counts the steps: t, its last part, is one larger after each."
)


@check(DESCENTS, weight=2)
def adam_starts_at_full_length(run: Run, case: Case) -> None:
    """The first step of Adam moves each parameter by lr against its gradient: that is what the corrections are for."""
    case = case.having(eps=0.0, curvature=case.curvature + 0.5)  # flat nowhere
    first = steps_along(path_of(run(adam, case), case))[0]
    want = -case.lr * np.sign(case.x0 - case.bottom)
    hint = "m and v start at zero: divide them by 1 - beta1^t and 1 - beta2^t, with t = 1 in the first step"
    equal("path", first, want, "the first step of Adam is not lr long", hint=hint)


@check(DESCENTS, weight=2)
def adam_without_memory_follows_signs(run: Run, case: Case) -> None:
    """With beta1 = beta2 = 0 and eps = 0 each step is lr against the sign of the gradient."""
    case = case.having(beta1=0.0, beta2=0.0, eps=0.0, constant=True, curvature=case.curvature + 0.5)
    steps = steps_along(path_of(run(adam, case), case))
    want = np.broadcast_to(-case.lr * np.sign(case.x0 - case.bottom), steps.shape)
    equal("path", steps, want, "without memory the steps of Adam do not follow the sign of the gradient")


@check(DESCENTS, weight=2)
def adam_ignores_the_scale(run: Run, case: Case) -> None:
    """A loss a thousand times as large gives the same path, if eps is 0."""
    case = case.having(eps=0.0, curvature=case.curvature + 0.5)
    larger = case.having(scale=1000.0)
    said = "the path of Adam depends on the scale of the loss"
    equal("path", run(adam, larger)["path"], run(adam, case)["path"], said)


@check(DESCENTS)
def each_number_has_its_adam(run: Run, case: Case) -> None:
    """Each parameter moves as it would alone: no step depends on the gradients of other parameters."""
    whole = path_of(run(adam, case), case)
    alone = np.concatenate([path_of(run(adam, part), part) for part in parts(case)], axis=1)
    equal("path", whole, alone, "adam_step() moves a parameter in another way if there are others")
