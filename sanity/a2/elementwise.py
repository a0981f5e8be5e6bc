"""Question 3d: the Jacobian of a function of each entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.linear import LINEAR, drill, is_measured
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.probe import Run, probe
from sanity.gradients.snippet import assign

check = Checks("3d")


@probe("Jacobian: m m", of="elementwise_by_vector()")
def elementwise(code: Any, case: Case) -> Any:
    """Ask for the Jacobian of tanh(x) with respect to x."""
    return code.jacobians.elementwise_by_vector(lambda x: 1 - np.tanh(x) ** 2, case.x.copy())


@elementwise.script
def elementwise_script(case: Case) -> str:
    """Spell a call of elementwise_by_vector, for tanh."""
    return drill(
        "elementwise_by_vector(lambda x: 1 - np.tanh(x) ** 2, x)", assign("x", case.x), "lambda x: np.tanh(x), x"
    )


check.compares(elementwise, LINEAR, "Jacobian", gradients=True, says="The Jacobian of f(x) with respect to x is right.")


@check(LINEAR, gradients=True)
def elementwise_is_measured(run: Run, case: Case) -> None:
    """The Jacobian of f(x) with respect to x agrees with small steps."""
    is_measured(run, elementwise, case, np.tanh, case.x)
