"""Question 3e: the gradient with respect to W in W x."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.linear import LINEAR, drill, is_measured
from sanity.a2.scripts import assigned
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.probe import Run, probe

check = Checks("3e")


@probe("gradient: n m", of="loss_by_left_matrix()")
def loss_by_left(code: Any, case: Case) -> Any:
    """Ask for the gradient with respect to W where z = W x."""
    return code.jacobians.loss_by_left_matrix(case.delta.copy(), case.x.copy())


@loss_by_left.script
def loss_by_left_script(case: Case) -> str:
    """Spell a call of loss_by_left_matrix, for the loss delta · W x."""
    values = assigned(case, "W", "x", "delta")
    return drill("loss_by_left_matrix(delta, x)", values, "lambda W: np.asarray(delta @ (W @ x)), W")


check.compares(
    loss_by_left,
    LINEAR,
    "gradient",
    gradients=True,
    says="The gradient of a loss with respect to W in W x is right, and has the shape of W.",
)


@check(LINEAR, gradients=True)
def left_matrix_is_measured(run: Run, case: Case) -> None:
    """The gradient of a loss with respect to W in W x agrees with small steps."""
    is_measured(run, loss_by_left, case, lambda W: np.asarray(case.delta @ (W @ case.x)), case.W)
