"""Question 3c: the Jacobian of x with respect to itself."""

from __future__ import annotations

from typing import Any

from sanity.a2.linear import LINEAR, drill, is_measured
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.probe import Run, probe
from sanity.gradients.snippet import assign

check = Checks("3c")


@probe("Jacobian: m m", of="vector_by_itself()")
def vector_by_itself(code: Any, case: Case) -> Any:
    """Ask for the Jacobian of x with respect to x."""
    return code.jacobians.vector_by_itself(case.x.copy())


@vector_by_itself.script
def vector_by_itself_script(case: Case) -> str:
    """Spell a call of vector_by_itself."""
    return drill("vector_by_itself(x)", assign("x", case.x), "lambda x: x, x")


check.compares(
    vector_by_itself, LINEAR, "Jacobian", gradients=True, says="The Jacobian of x with respect to x is right."
)


@check(LINEAR, gradients=True)
def identity_is_measured(run: Run, case: Case) -> None:
    """The Jacobian of x with respect to x agrees with small steps."""
    is_measured(run, vector_by_itself, case, lambda x: x, case.x)
