"""Question 3a: the Jacobian of W x."""

from __future__ import annotations

from typing import Any

from sanity.a2.linear import LINEAR, drill, is_measured
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.probe import Run, probe
from sanity.gradients.snippet import assign

check = Checks("3a")


@probe("Jacobian: n m", of="left_by_vector()")
def left_by_vector(code: Any, case: Case) -> Any:
    """Ask for the Jacobian of W x with respect to x."""
    return code.jacobians.left_by_vector(case.W.copy(), case.x.copy())


@left_by_vector.script
def left_by_vector_script(case: Case) -> str:
    """Spell a call of left_by_vector."""
    return drill("left_by_vector(W, x)", assign("W", case.W) + assign("x", case.x), "lambda x: W @ x, x")


check.compares(
    left_by_vector, LINEAR, "Jacobian", gradients=True, says="The Jacobian of W x with respect to x is right."
)


@check(LINEAR, gradients=True)
def left_product_is_measured(run: Run, case: Case) -> None:
    """The Jacobian of W x with respect to x agrees with small steps."""
    is_measured(run, left_by_vector, case, lambda x: case.W @ x, case.x)
