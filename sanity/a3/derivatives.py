"""Question 1e: derivatives of a layer and of the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.arguments import copies
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run, probe
from sanity.gradients import numeric_jacobian
from sanity.gradients.snippet import assign

check = Checks("1e")

TOLERANCE = 1e-7


def make_network(*, seed: int, D: int, H: int, B: int, C: int) -> dict[str, Any]:
    """Make a layer with an input, about half of whose outputs are zero, and the logits of a minibatch."""
    rng = np.random.default_rng(seed)
    x, W = rng.standard_normal(D), rng.standard_normal((D, H))
    z = rng.choice([-1, 1], H) * rng.uniform(0.3, 2, H)  # far from zero, where there is no derivative
    z[:2] = 0.7, -0.7
    return {
        "x": x,
        "W": W,
        "b": z - x @ W,
        "logits": 2 * rng.standard_normal((B, C)),
        "labels": rng.integers(C, size=B),
    }


NETWORKS = Cases(
    make_network,
    {"D": (3, 5), "H": (3, 6), "B": (2, 5), "C": (3, 4)},
    "D = {D}, H = {H}, {B} examples of {C} classes",
    ({"D": 3, "H": 4, "B": 5, "C": 3}, {"D": 4, "H": 3, "B": 2, "C": 4}),
)
"""Layers and logits."""
SINGLE = Cases(
    make_network, {"D": (3, 4), "H": (3, 4), "B": (1, 1), "C": (3, 4)}, "one example of {C} classes", drawn=1
)
"""Minibatches of one example."""
SCRIPT = """\
import optimization
import numpy as np

from sanity.a3.derivatives import {function}
from sanity.gradients import numeric_jacobian

{values}
print("the answer:", optimization.{call}, sep="\\n")
print("small steps measure:", numeric_jacobian({of}), sep="\\n")
"""


def relu_layer(x: Array, W: Array, b: Array) -> Array:
    """Return ReLU(x W + b)."""
    return np.asarray(np.maximum(x @ W + b, 0))


def cross_entropy(logits: Array, labels: Array) -> Array:
    """Return the mean cross-entropy of a minibatch."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(labels)), labels]
    return np.asarray((np.log(np.exp(shifted).sum(axis=1)) - right).mean())


@probe("Jacobian: H D", of="relu_layer_by_input()")
def by_input(code: Any, case: Case) -> Any:
    """Ask for the Jacobian of a layer by its input."""
    return code.optimization.relu_layer_by_input(*copies(case, "x", "W", "b").values())


@by_input.script
def by_input_script(case: Case) -> str:
    """Spell a call of relu_layer_by_input."""
    values = "".join(assign(name, case.values[name]) for name in ("x", "W", "b"))
    call, of = "relu_layer_by_input(x, W, b)", "lambda x: relu_layer(x, W, b), x"
    return SCRIPT.format(function="relu_layer", values=values, call=call, of=of)


@probe("gradient: B C", of="cross_entropy_by_logits()")
def by_logits(code: Any, case: Case) -> Any:
    """Ask for the gradient of the loss by the logits."""
    return code.optimization.cross_entropy_by_logits(*copies(case, "logits", "labels").values())


@by_logits.script
def by_logits_script(case: Case) -> str:
    """Spell a call of cross_entropy_by_logits."""
    values = "".join(assign(name, case.values[name]) for name in ("logits", "labels"))
    call, of = "cross_entropy_by_logits(logits.copy(), labels)", "lambda z: cross_entropy(z, labels), logits"
    return SCRIPT.format(function="cross_entropy", values=values, call=call, of=of)


def is_measured(run: Run, asked: Probe, case: Case, slopes: Array) -> None:
    """Raise CheckFailed unless a probe's only output is this derivative."""
    name = str(asked.form)
    got = shaped(run(asked, case), name, asked.axes[name], slopes)
    if not (np.abs(got - slopes) <= TOLERANCE * (1 + np.abs(slopes))).all():
        raise CheckFailed(f"the {name} is not the one that small steps measure")


check.compares(
    by_input,
    NETWORKS,
    "Jacobian",
    weight=4,
    gradients=True,
    says="The Jacobian of a ReLU layer with respect to its input is right, (H, D).",
)
check.compares(
    by_logits,
    NETWORKS,
    "gradient",
    weight=4,
    gradients=True,
    says="The gradient of the mean cross-entropy with respect to the logits is right, (B, C).",
)


@check(SINGLE, gradients=True)
def a_minibatch_may_hold_one(run: Run, expect: Run, case: Case) -> None:
    """The gradient with respect to the logits is right for a single example, too."""
    got, want = run(by_logits, case), expect(by_logits, case)
    equal("gradient", got["gradient"], want["gradient"], "the gradient is wrong for a minibatch of one example")


@check(NETWORKS, weight=2, gradients=True)
def layer_is_measured(run: Run, case: Case) -> None:
    """The Jacobian of the layer agrees with small steps."""
    is_measured(run, by_input, case, numeric_jacobian(lambda x: relu_layer(x, case.W, case.b), case.x))


@check(NETWORKS, weight=2, gradients=True)
def loss_is_measured(run: Run, case: Case) -> None:
    """The gradient of the loss agrees with small steps."""
    is_measured(run, by_logits, case, numeric_jacobian(lambda z: cross_entropy(z, case.labels), case.logits))


@check(NETWORKS, gradients=True)
def examples_sum_to_zero(run: Run, case: Case) -> None:
    """The gradient of each example sums to zero over the classes: raising all logits alike changes nothing."""
    got = shaped(run(by_logits, case), "gradient", "B C", case.logits)
    equal("gradient", got.sum(axis=1), np.zeros(len(got)), "the gradient of an example does not sum to zero")


@check(NETWORKS, weight=2, gradients=True)
def logits_may_be_large(run: Run, case: Case) -> None:
    """A thousand added to all logits of an example, or taken from them, changes nothing, and gives no NaN."""
    shifts = np.where(np.arange(len(case.logits)) % 2, -1000.0, 1000.0)
    larger = case.having(logits=case.logits + shifts[:, np.newaxis])
    said = "the gradient changes if a thousand is added to all logits of an example"
    hint = "subtract the largest logit of each row"
    shaped(run(by_logits, case), "gradient", "B C", case.logits)
    equal("gradient", run(by_logits, larger)["gradient"], run(by_logits, case)["gradient"], said, hint=hint)
