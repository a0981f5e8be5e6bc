"""Question 3g: the gradient of the cross-entropy with respect to the logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sanity.a2.linear import LINEAR, drill, is_measured
from sanity.a2.scripts import assigned
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import Array
from sanity.core.probe import Run, probe

check = Checks("3g")


@probe("gradient: V", of="cross_entropy_by_logits()")
def by_logits(code: Any, case: Case) -> Any:
    """Ask for the gradient of the cross-entropy with respect to the logits."""
    return code.jacobians.cross_entropy_by_logits(case.logits.copy(), case.y.copy())


@by_logits.script
def by_logits_script(case: Case) -> str:
    """Spell a call of cross_entropy_by_logits."""
    loss = "lambda z: np.asarray(np.log(np.exp(z).sum()) - y @ z), logits"
    return drill("cross_entropy_by_logits(logits, y)", assigned(case, "logits", "y"), loss)


def softmax_loss(case: Case) -> Callable[[Array], Array]:
    """Return the cross-entropy of the case's y as a function of the logits."""

    def loss(logits: Array) -> Array:
        shifted = logits - logits.max()
        return np.asarray(np.log(np.exp(shifted).sum()) * case.y.sum() - case.y @ shifted)

    return loss


check.compares(
    by_logits,
    LINEAR,
    "gradient",
    weight=3,
    gradients=True,
    says="The gradient of the cross-entropy with respect to the logits is right, for y one-hot or any distribution.",
)


@check(LINEAR, gradients=True)
def logits_are_measured(run: Run, case: Case) -> None:
    """The gradient of the cross-entropy with respect to the logits agrees with small steps."""
    is_measured(run, by_logits, case, softmax_loss(case), case.logits)
