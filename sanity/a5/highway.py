"""Question 3j: residual and highway layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.slopes import gradients_are_slopes
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal, same
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("3j")

LEARNT = ("x", "M", "W", "b")


def make_layers(*, seed: int, B: int, H: int) -> dict[str, Any]:
    """Make an input, the weights of a layer, and those of a gate."""
    rng = np.random.default_rng(seed)
    return {
        "x": rng.standard_normal((B, H)),
        "M": rng.standard_normal((H, H)),
        "W": rng.standard_normal((H, H)),
        "b": rng.standard_normal(H),
        "seed": seed,
    }


WORDS = "B = {B}, H = {H}"
LAYERS = Cases(make_layers, {"B": (2, 3), "H": (4, 6)}, WORDS, ({"B": 5, "H": 3}, {"B": 3, "H": 5}))
"""Layers with a way around them."""
SINGLE = Cases(make_layers, {"B": (1, 1), "H": (4, 6)}, WORDS, drawn=1)
"""The same for one example."""


def both(code: Any, x: Any, M: Any, W: Any, b: Any) -> Any:
    """Return what residual() and highway() make of sin(x M)."""
    import torch

    from sanity.a5.beside.recurrent import doubles

    def layer(values: Any) -> Any:
        return torch.sin(values @ M)

    with doubles():
        return code.recurrent.residual(x.clone(), layer), code.recurrent.highway(x.clone(), layer, W, b)


@probe("residual: B H, highway: B H", of="highway()", needs=("torch",))
def ways_around(code: Any, case: Case) -> Any:
    """Put both ways around one layer."""
    from sanity.a5.beside.recurrent import tensors

    return both(code, **tensors(case, *LEARNT))


@probe("loss, gradients", of="highway()", needs=("torch",))
def ways_around_gradients(code: Any, case: Case) -> Any:
    """Return a weighted sum of both outputs, and its gradients by the input and all weights."""
    from sanity.a5.beside.recurrent import doubles, loss_and_gradients, tensors

    learnt = tensors(case, *LEARNT, learn=True)
    with doubles():
        return loss_and_gradients(both(code, **learnt), learnt)


check.compares(ways_around, LAYERS, "residual", weight=2, says="residual() adds x to what the layer makes of it.")
check.compares(
    ways_around, LAYERS, "highway", weight=4, says="highway() mixes x and what the layer makes of it, by a gate."
)


@check(SINGLE)
def goes_around_for_one_example(run: Run, expect: Run, case: Case) -> None:
    """A batch of one example is right, too."""
    same(run(ways_around, case), expect(ways_around, case), ways_around.axes)


@check(LAYERS, weight=2, gradients=True)
def gradients_go_both_ways(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches the input, the layer and the gate."""
    same_gradients(run(ways_around_gradients, case)["gradients"], expect(ways_around_gradients, case)["gradients"])


@check(LAYERS.few())
def gradients_both_ways_are_slopes(run: Run, case: Case) -> None:
    """The outputs change along a small step as their gradients say."""
    gradients_are_slopes(run, ways_around_gradients, case, *LEARNT)


@check(LAYERS)
def a_closed_gate_lets_x_pass(run: Run, case: Case) -> None:
    """Where the bias of the gate is far below zero, highway() gives x."""
    found = run(ways_around, case.having(b=np.full_like(case.b, -1000)))
    equal("highway", found["highway"], case.x, "highway() does not give x where the transform gate is closed")


@check(LAYERS)
def an_open_gate_lets_the_layer_pass(run: Run, case: Case) -> None:
    """Where the bias of the gate is far above zero, highway() gives what the layer makes of x."""
    found = run(ways_around, case.having(b=np.full_like(case.b, 1000)))
    said = "highway() does not give what the layer makes of x where the transform gate is open"
    equal("highway", found["highway"], np.sin(case.x @ case.M), said)
