"""Cases of questions 1a and 1b: bowls to run down, and what their probes share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.compare import Array, as_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers

Step = Callable[..., tuple[Array, Any]]
"""Of parameters, a gradient and a state; returns the next parameters and state."""

AXES = "step> n m|step> n"
"""The axes of a path: one entry a step."""


def make_descent(*, seed: int, n: int, m: int, steps: int) -> dict[str, Any]:
    """Make a bowl to run down: its bottom, curvature and where to start. Along one parameter it is flat."""
    rng = np.random.default_rng(seed)
    shape = (n, m) if m else (n,)
    curvature = rng.uniform(0.5, 3, shape)
    curvature.flat[-1] = 0.0  # a gradient of zero from the first step on
    return {
        "x0": 3 * rng.standard_normal(shape),
        "bottom": 3 * rng.standard_normal(shape),
        "curvature": curvature,
        "constant": False,
        "scale": 1.0,
        "lr": float(rng.uniform(0.05, 0.3)),
        "beta1": float(rng.uniform(0.5, 0.9)),
        "beta2": float(rng.uniform(0.6, 0.95)),
        "eps": float(rng.uniform(0.005, 0.05)),
        "steps": steps,
    }


DESCENTS = Cases(
    make_descent,
    {"n": (3, 5), "m": (0, 3), "steps": (3, 8)},
    "parameters of shape {x0.shape}, {steps} steps",
    ({"n": 4, "steps": 5}, {"n": 3, "m": 2, "steps": 6}),
)
"""Bowls to run down."""


def descend(step: Step, case: Case, state: Any) -> Array:
    """Take steps from the start of a case; return where each one leads."""
    x, path = case.x0.copy(), []
    for _ in range(case.steps):
        x, state = step(x, gradient_at(case, x), state)
        path.append(np.array(x))
    return np.stack(path)


def gradient_at(case: Case, x: Array) -> Array:
    """Return the gradient at x, or that at the start where the case has a constant gradient."""
    away = (case.x0 if case.constant else x) - case.bottom
    gradient: Array = case.scale * case.curvature * away
    return gradient


def path_of(answers: Answers, case: Case) -> Array:
    """Return the path of a descent with its start; raise CheckFailed if it has another shape."""
    like = np.zeros((case.steps, *case.x0.shape))
    path = as_array("path", answers["path"], like)
    if path.shape != like.shape:
        raise CheckFailed(
            f"the parameters have shape {path.shape[1:]} after a step, expected {case.x0.shape}", output="path"
        )
    return np.concatenate((case.x0[np.newaxis], path))


def steps_along(path: Array) -> Array:
    """Return how far each step of a path goes, NaN where it is not finite."""
    with np.errstate(invalid="ignore"):
        return np.diff(path, axis=0)


def parts(case: Case) -> tuple[Case, Case]:
    """Split the parameters of a case: the first row, or number, and the others."""
    names = ("x0", "bottom", "curvature")
    first, others = (
        case.having(**{name: case.values[name][some].copy() for name in names})
        for some in (slice(0, 1), slice(1, None))
    )
    return first, others
