"""Question 3h: LayerNorm."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.slopes import gradients_are_slopes
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal, same
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("3h")

ARGUMENTS = ("x", "gain", "bias")


def make_layer(*, seed: int, B: int, D: int, T: int) -> dict[str, Any]:
    """Make what a layer gives, for T = 0 with two axes and else with three, and how it is scaled afterwards.

    The examples have different means and scales, some as small as the root of ε.
    """
    rng = np.random.default_rng(seed)
    lead = (B, T) if T else (B,)
    scale = 0.1 * 4.0 ** rng.integers(0, 3, size=(*lead, 1))
    return {
        "x": rng.standard_normal((*lead, D)) * scale + rng.standard_normal((*lead, 1)),
        "gain": rng.uniform(0.5, 2, D) * rng.choice([-1, 1], D),
        "bias": rng.standard_normal(D),
        "eps": float(rng.uniform(0.01, 0.05)),
        "seed": seed,
    }


WORDS = "x of shape {x.shape}"
LAYERS = Cases(make_layer, {"B": (3, 4), "D": (5, 7), "T": (0, 0)}, WORDS, ({"B": 5, "D": 4}, {"B": 4, "D": 6}))
"""Examples in rows."""
SEQUENCES = Cases(make_layer, {"B": (2, 3), "D": (5, 7), "T": (4, 4)}, WORDS, drawn=1)
"""Batches of sequences: three axes."""


@probe("y: B D|B T D|D", of="layer_norm()", needs=("torch",))
def layer_normed(code: Any, case: Case) -> Any:
    """Normalise a layer."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.layer_norm(*tensors(case, *ARGUMENTS).values(), case.eps)


@probe("y: B D|B T D", of="layer_norm()", needs=("torch",))
def layer_normed_by_default(code: Any, case: Case) -> Any:
    """Normalise a layer with the default of ε."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.layer_norm(*tensors(case, *ARGUMENTS).values())


@probe("loss, gradients", of="layer_norm()", needs=("torch",))
def layer_norm_gradients(code: Any, case: Case) -> Any:
    """Return a weighted sum of the output, and its gradients by the arguments."""
    from sanity.a5.beside.recurrent import doubles, loss_and_gradients, tensors

    with doubles():
        given = tensors(case, *ARGUMENTS, learn=True)
        return loss_and_gradients(code.recurrent.layer_norm(*given.values(), case.eps), given)


check.compares(layer_normed, LAYERS, "y", weight=5, says="layer_norm() normalises each example over its own numbers.")


@check(LAYERS)
def layer_norm_has_the_usual_eps(run: Run, expect: Run, case: Case) -> None:
    """By default eps is 1e-5."""
    small = case.having(x=case.x / 100)  # else such an eps does not show
    same(run(layer_normed_by_default, small), expect(layer_normed_by_default, small), layer_normed_by_default.axes)


@check(SEQUENCES)
def layer_norm_takes_any_axes(run: Run, expect: Run, case: Case) -> None:
    """x may have three axes, or one: the last is normalised over."""
    same(run(layer_normed, case), expect(layer_normed, case), layer_normed.axes)
    row = case.having(x=case.x[0, 0])
    same(run(layer_normed, row), expect(layer_normed, row), layer_normed.axes)


@check(LAYERS, weight=2, gradients=True)
def gradients_of_layer_norm_are_right(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches x, the gain and the bias: mean and variance depend on x, too."""
    same_gradients(run(layer_norm_gradients, case)["gradients"], expect(layer_norm_gradients, case)["gradients"])


@check(LAYERS.few())
def gradients_of_layer_norm_are_slopes(run: Run, case: Case) -> None:
    """The output changes along a small step as its gradients say."""
    gradients_are_slopes(run, layer_norm_gradients, case, *ARGUMENTS)


@check(LAYERS)
def layer_norm_forgets_scale_and_shift(run: Run, case: Case) -> None:
    """With eps = 0, an example that is multiplied with a number, or to which one is added, gives the same."""
    exact = case.having(eps=0.0)
    shifts = np.linspace(-2, 2, len(case.x))[:, np.newaxis]
    said = "the output depends on the scale of an example, or on a number that is added to it"
    moved = run(layer_normed, exact.having(x=case.x * (2.5 + shifts) + shifts))
    equal("y", moved["y"], run(layer_normed, exact)["y"], said)


@check(LAYERS)
def layer_norm_of_equal_numbers(run: Run, case: Case) -> None:
    """An example whose numbers are all equal gives the bias."""
    flat = case.having(x=np.repeat(case.x[:, :1], case.x.shape[1], axis=1))
    want = np.broadcast_to(case.bias, case.x.shape)
    equal("y", run(layer_normed, flat)["y"], want, "an example whose numbers are all equal does not give the bias")
    rounded = flat.having(x=np.ones_like(case.x))
    equal("y", run(layer_normed, rounded)["y"], want, "an example of ones does not give the bias")
