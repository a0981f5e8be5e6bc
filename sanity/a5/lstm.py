"""Question 3b: the cell of an LSTM."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.slopes import gradients_are_slopes
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal, same
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("3b")

WEIGHTS = ("W_x", "W_h", "b_x", "b_h")
ARGUMENTS = ("x", "h", "c", *WEIGHTS)


def make_lstm(*, seed: int, B: int, D: int, H: int) -> dict[str, Any]:
    """Make an input, a state and weights whose gates are neither open nor closed."""
    rng = np.random.default_rng(seed)
    return {
        "x": rng.standard_normal((B, D)),
        "h": rng.uniform(-1, 1, (B, H)),
        "c": 1.5 * rng.standard_normal((B, H)),
        "W_x": rng.standard_normal((4 * H, D)) / np.sqrt(D),
        "W_h": rng.standard_normal((4 * H, H)),
        "b_x": rng.standard_normal(4 * H),
        "b_h": rng.standard_normal(4 * H),
        "seed": seed,
    }


SIZES = {"B": (2, 3), "D": (4, 5), "H": (6, 7)}
WORDS = "B = {B}, D = {D}, H = {H}"
STEPS = Cases(make_lstm, SIZES, WORDS, ({"B": 5, "D": 4, "H": 3}, {"B": 3, "D": 6, "H": 5}))
"""One step of an LSTM."""
SINGLE = Cases(make_lstm, {**SIZES, "B": (1, 1)}, WORDS, drawn=1)
"""One step for one example."""


@probe("h: B H, c: B H", of="lstm_cell()", needs=("torch",))
def lstm(code: Any, case: Case) -> Any:
    """Take a step."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        x, h, c, *weights = tensors(case, *ARGUMENTS).values()
        return code.recurrent.lstm_cell(x, (h, c), *weights)


@probe("loss, gradients", of="lstm_cell()", needs=("torch",))
def lstm_gradients(code: Any, case: Case) -> Any:
    """Return a weighted sum of the next state, and its gradients by all arguments."""
    from sanity.a5.beside.recurrent import doubles, loss_and_gradients, tensors

    with doubles():
        given = tensors(case, *ARGUMENTS, learn=True)
        x, h, c, *weights = given.values()
        return loss_and_gradients(code.recurrent.lstm_cell(x, (h, c), *weights), given)


check.compares(lstm, STEPS, "h", weight=3, says="lstm_cell() gives the next hidden state.")
check.compares(lstm, STEPS, "c", weight=3, says="lstm_cell() gives the next cell state.")


@check(SINGLE)
def an_lstm_takes_one_example(run: Run, expect: Run, case: Case) -> None:
    """A batch of one example is right, too."""
    same(run(lstm, case), expect(lstm, case), lstm.axes)


@check(STEPS, weight=2, gradients=True)
def gradients_of_an_lstm_are_right(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches the input, both states, the weights and the biases."""
    same_gradients(run(lstm_gradients, case)["gradients"], expect(lstm_gradients, case)["gradients"])


@check(STEPS.few())
def gradients_of_an_lstm_are_slopes(run: Run, case: Case) -> None:
    """The next state changes along a small step as its gradients say."""
    gradients_are_slopes(run, lstm_gradients, case, *ARGUMENTS)


def with_gates(case: Case, i: float, f: float, o: float) -> Case:
    """Return the case with biases so large that the gates are open, where 1 is given, or closed, where -1 is."""
    H = case.h.shape[1]
    bias = case.b_x.copy()
    for block, way in ((0, i), (1, f), (3, o)):
        bias[block * H : (block + 1) * H] = 1000 * way
    return case.having(b_x=bias)


@check(STEPS)
def an_lstm_can_keep_its_cell(run: Run, case: Case) -> None:
    """Where the input gate is closed and the forget gate open, the cell state stays as it is."""
    found = run(lstm, with_gates(case, i=-1, f=1, o=1))
    equal("c", found["c"], case.c, "the cell state changes although the input gate is zero and the forget gate one")


@check(STEPS)
def an_lstm_can_hide_its_cell(run: Run, case: Case) -> None:
    """Where the output gate is closed, the hidden state is zero; where it is open, it is tanh(c)."""
    said = "the hidden state is not the output gate times tanh of the next cell state"
    closed, opened = (run(lstm, with_gates(case, i=-1, f=1, o=o)) for o in (-1.0, 1.0))
    equal("h", closed["h"], np.zeros_like(case.h), said)
    equal("h", opened["h"], np.tanh(case.c), said)
