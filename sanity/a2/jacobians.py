"""Questions 3a to 3g: matrix calculus. Each answer is compared with the reference, and with slopes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sanity.a2.asked import (
    BY_LOGITS,
    ELEMENTWISE,
    LEFT_BY_VECTOR,
    LOSS_BY_LEFT,
    LOSS_BY_RIGHT,
    RIGHT_BY_VECTOR,
    VECTOR_BY_ITSELF,
    Array,
)
from sanity.a2.cases import LINEAR
from sanity.core.case import Case
from sanity.core.check import Probe, Run, check
from sanity.core.compare import as_array, same_array
from sanity.core.errors import CheckFailed

# Central differences err by step^2 times the third derivative, here about 1, and by rounding / step: 1e-11 or so.
STEP = 1e-5
TOLERANCE = 1e-7


def measured(f: Callable[[Array], Array], x: Array) -> Array:
    """Return the derivative of f at x by central differences; its shape is that of f(x) followed by that of x."""
    columns = []
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = STEP
        columns.append((f(x + step) - f(x - step)) / (2 * STEP))
    steps = np.stack(columns, axis=-1)
    return steps.reshape(steps.shape[:-1] + x.shape)


def is_measured(run: Run, asked: Probe, case: Case, f: Callable[[Array], Array], x: Array) -> None:
    """Raise CheckFailed unless a probe's only output is the derivative of f at x."""
    [name] = asked.form if isinstance(asked.form, tuple) else (asked.form,)
    slopes = measured(f, x)
    got = as_array(str(name), run(asked, case)[str(name)], slopes)
    if got.shape != slopes.shape or not (np.abs(got - slopes) <= TOLERANCE * (1 + np.abs(slopes))).all():
        transposed = got.T.shape == slopes.shape and np.allclose(got.T, slopes, atol=1e-6)
        diagnosis = f"the {name} is transposed" if transposed else ""
        raise CheckFailed(f"the {name} is not the one that small steps measure", diagnosis=diagnosis)


def softmax_loss(case: Case) -> Callable[[Array], Array]:
    """Return the cross-entropy of the case's y as a function of the logits."""

    def loss(logits: Array) -> Array:
        shifted = logits - logits.max()
        return np.asarray(np.log(np.exp(shifted).sum()) * case.y.sum() - case.y @ shifted)

    return loss


@check("3a", LINEAR, outputs=("Jacobian",), gradients=True)
def jacobian_of_left_product(run: Run, expect: Run, case: Case) -> None:
    """The Jacobian of W x with respect to x is right."""
    same_array("Jacobian", run(LEFT_BY_VECTOR, case)["Jacobian"], expect(LEFT_BY_VECTOR, case)["Jacobian"], "n m")


@check("3a", LINEAR, gradients=True)
def left_product_is_measured(run: Run, case: Case) -> None:
    """The Jacobian of W x with respect to x agrees with small steps."""
    is_measured(run, LEFT_BY_VECTOR, case, lambda x: case.W @ x, case.x)


@check("3b", LINEAR, outputs=("Jacobian",), gradients=True)
def jacobian_of_right_product(run: Run, expect: Run, case: Case) -> None:
    """The Jacobian of x W with respect to x is right."""
    same_array("Jacobian", run(RIGHT_BY_VECTOR, case)["Jacobian"], expect(RIGHT_BY_VECTOR, case)["Jacobian"], "n m")


@check("3b", LINEAR, gradients=True)
def right_product_is_measured(run: Run, case: Case) -> None:
    """The Jacobian of x W with respect to x agrees with small steps."""
    is_measured(run, RIGHT_BY_VECTOR, case, lambda x: x @ case.W, case.delta)


@check("3c", LINEAR, outputs=("Jacobian",), gradients=True)
def jacobian_of_the_identity(run: Run, expect: Run, case: Case) -> None:
    """The Jacobian of x with respect to x is right."""
    same_array("Jacobian", run(VECTOR_BY_ITSELF, case)["Jacobian"], expect(VECTOR_BY_ITSELF, case)["Jacobian"], "m m")


@check("3c", LINEAR, gradients=True)
def identity_is_measured(run: Run, case: Case) -> None:
    """The Jacobian of x with respect to x agrees with small steps."""
    is_measured(run, VECTOR_BY_ITSELF, case, lambda x: x, case.x)


@check("3d", LINEAR, outputs=("Jacobian",), gradients=True)
def jacobian_of_elementwise(run: Run, expect: Run, case: Case) -> None:
    """The Jacobian of f(x) with respect to x is right."""
    same_array("Jacobian", run(ELEMENTWISE, case)["Jacobian"], expect(ELEMENTWISE, case)["Jacobian"], "m m")


@check("3d", LINEAR, gradients=True)
def elementwise_is_measured(run: Run, case: Case) -> None:
    """The Jacobian of f(x) with respect to x agrees with small steps."""
    is_measured(run, ELEMENTWISE, case, np.tanh, case.x)


@check("3e", LINEAR, outputs=("gradient",), gradients=True)
def gradient_by_left_matrix(run: Run, expect: Run, case: Case) -> None:
    """The gradient of a loss with respect to W in W x is right, and has the shape of W."""
    same_array("gradient", run(LOSS_BY_LEFT, case)["gradient"], expect(LOSS_BY_LEFT, case)["gradient"], "n m")


@check("3e", LINEAR, gradients=True)
def left_matrix_is_measured(run: Run, case: Case) -> None:
    """The gradient of a loss with respect to W in W x agrees with small steps."""
    is_measured(run, LOSS_BY_LEFT, case, lambda W: np.asarray(case.delta @ (W @ case.x)), case.W)


@check("3f", LINEAR, outputs=("gradient",), gradients=True)
def gradient_by_right_matrix(run: Run, expect: Run, case: Case) -> None:
    """The gradient of a loss with respect to W in x W is right, and has the shape of W."""
    same_array("gradient", run(LOSS_BY_RIGHT, case)["gradient"], expect(LOSS_BY_RIGHT, case)["gradient"], "m n")


@check("3f", LINEAR, gradients=True)
def right_matrix_is_measured(run: Run, case: Case) -> None:
    """The gradient of a loss with respect to W in x W agrees with small steps."""
    is_measured(run, LOSS_BY_RIGHT, case, lambda W: np.asarray(case.x @ W @ case.delta), case.W.T.copy())


@check("3g", LINEAR, weight=3, outputs=("gradient",), gradients=True)
def gradient_by_the_logits(run: Run, expect: Run, case: Case) -> None:
    """The gradient of the cross-entropy with respect to the logits is right, for y one-hot or any distribution."""
    same_array("gradient", run(BY_LOGITS, case)["gradient"], expect(BY_LOGITS, case)["gradient"], "V")


@check("3g", LINEAR, gradients=True)
def logits_are_measured(run: Run, case: Case) -> None:
    """The gradient of the cross-entropy with respect to the logits agrees with small steps."""
    is_measured(run, BY_LOGITS, case, softmax_loss(case), case.logits)
