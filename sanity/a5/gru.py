"""Question 3a: the cell of a GRU."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.slopes import gradients_are_slopes
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal, same
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("3a")

ARGUMENTS = ("x", "h", "W_x", "W_h", "b_x", "b_h")


def make_gru(*, seed: int, B: int, D: int, H: int) -> dict[str, Any]:
    """Make an input, a state and weights whose gates are neither open nor closed."""
    rng = np.random.default_rng(seed)
    return {
        "x": rng.standard_normal((B, D)),
        "h": rng.uniform(-1, 1, (B, H)),
        "W_x": rng.standard_normal((3 * H, D)) / np.sqrt(D),
        "W_h": rng.standard_normal((3 * H, H)),
        "b_x": rng.standard_normal(3 * H),
        "b_h": rng.standard_normal(3 * H),
        "seed": seed,
    }


SIZES = {"B": (2, 3), "D": (4, 5), "H": (6, 7)}
WORDS = "B = {B}, D = {D}, H = {H}"
STEPS = Cases(make_gru, SIZES, WORDS, ({"B": 5, "D": 4, "H": 3}, {"B": 3, "D": 6, "H": 5}))
"""One step of a GRU."""
SINGLE = Cases(make_gru, {**SIZES, "B": (1, 1)}, WORDS, drawn=1)
"""One step for one example."""


@probe("after: B H, before: B H", of="gru_cell()", needs=("torch",))
def gru(code: Any, case: Case) -> Any:
    """Take a step, once with the reset after the product and once with the reset before it."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return tuple(
            code.recurrent.gru_cell(*tensors(case, *ARGUMENTS).values(), reset_after=after) for after in (True, False)
        )


@probe("default: B H", of="gru_cell()", needs=("torch",))
def gru_by_default(code: Any, case: Case) -> Any:
    """Take a step without saying when the reset comes."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.gru_cell(*tensors(case, *ARGUMENTS).values())


@probe("loss, gradients", of="gru_cell()", needs=("torch",))
def gru_gradients(code: Any, case: Case) -> Any:
    """Return a weighted sum of the next state, and its gradients by all arguments."""
    from sanity.a5.beside.recurrent import doubles, loss_and_gradients, tensors

    with doubles():
        given = tensors(case, *ARGUMENTS, learn=True)
        return loss_and_gradients(code.recurrent.gru_cell(*given.values(), reset_after=True), given)


check.compares(gru, STEPS, "after", weight=4, says="gru_cell() gives the next state, with the reset after the product.")
check.compares(
    gru, STEPS, "before", weight=2, says="With reset_after=False the reset gate multiplies the state itself."
)
check.compares(gru_by_default, STEPS, "default", says="By default the reset comes after the product.")


@check(SINGLE)
def a_gru_takes_one_example(run: Run, expect: Run, case: Case) -> None:
    """A batch of one example is right, too."""
    same(run(gru, case), expect(gru, case), gru.axes)


@check(STEPS, weight=2, gradients=True)
def gradients_of_a_gru_are_right(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches the input, the state, the weights and the biases."""
    same_gradients(run(gru_gradients, case)["gradients"], expect(gru_gradients, case)["gradients"])


@check(STEPS.few())
def gradients_of_a_gru_are_slopes(run: Run, case: Case) -> None:
    """The next state changes along a small step as its gradients say."""
    gradients_are_slopes(run, gru_gradients, case, *ARGUMENTS)


@check(STEPS)
def a_gru_can_keep_its_state(run: Run, case: Case) -> None:
    """Where the update gate is one, the state stays as it is."""
    H = case.h.shape[1]
    open_gate = case.b_x.copy()
    open_gate[H : 2 * H] = 1000
    found = run(gru, case.having(b_x=open_gate))
    said = "the state changes although the update gate is one"
    equal("after", found["after"], case.h, said)
    equal("before", found["before"], case.h, said)
