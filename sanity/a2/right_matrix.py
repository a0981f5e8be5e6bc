"""Question 3f: the gradient with respect to W in x W."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.linear import LINEAR, drill, is_measured
from sanity.a2.scripts import assigned
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.probe import Run, probe
from sanity.gradients.snippet import assign

check = Checks("3f")


@probe("gradient: m n", of="loss_by_right_matrix()")
def loss_by_right(code: Any, case: Case) -> Any:
    """Ask for the gradient with respect to W where z = x W."""
    return code.jacobians.loss_by_right_matrix(case.x.copy(), case.delta.copy())


@loss_by_right.script
def loss_by_right_script(case: Case) -> str:
    """Spell a call of loss_by_right_matrix, for the loss x W · delta."""
    values = assign("W", case.W.T) + assigned(case, "x", "delta")
    return drill("loss_by_right_matrix(x, delta)", values, "lambda W: np.asarray((x @ W) @ delta), W")


check.compares(
    loss_by_right,
    LINEAR,
    "gradient",
    gradients=True,
    says="The gradient of a loss with respect to W in x W is right, and has the shape of W.",
)


@check(LINEAR, gradients=True)
def right_matrix_is_measured(run: Run, case: Case) -> None:
    """The gradient of a loss with respect to W in x W agrees with small steps."""
    is_measured(run, loss_by_right, case, lambda W: np.asarray(case.x @ W @ case.delta), case.W.T.copy())
