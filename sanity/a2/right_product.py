"""Question 3b: the Jacobian of x W."""

from __future__ import annotations

from typing import Any

from sanity.a2.linear import LINEAR, drill, is_measured
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.probe import Run, probe
from sanity.gradients.snippet import assign

check = Checks("3b")


@probe("Jacobian: n m", of="right_by_vector()")
def right_by_vector(code: Any, case: Case) -> Any:
    """Ask for the Jacobian of x W with respect to x; here x is delta, of the length of W's columns."""
    return code.jacobians.right_by_vector(case.delta.copy(), case.W.copy())


@right_by_vector.script
def right_by_vector_script(case: Case) -> str:
    """Spell a call of right_by_vector."""
    return drill("right_by_vector(x, W)", assign("W", case.W) + assign("x", case.delta), "lambda x: x @ W, x")


check.compares(
    right_by_vector, LINEAR, "Jacobian", gradients=True, says="The Jacobian of x W with respect to x is right."
)


@check(LINEAR, gradients=True)
def right_product_is_measured(run: Run, case: Case) -> None:
    """The Jacobian of x W with respect to x agrees with small steps."""
    is_measured(run, right_by_vector, case, lambda x: x @ case.W, case.delta)
