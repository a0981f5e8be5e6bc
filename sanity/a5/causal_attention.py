"""Question 4b: causal attention with several heads."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.decoders import (
    DECODERS,
    DEGENERATE,
    GRADIENTS,
    ONE,
    mixes_no_sequences,
    same_each_time,
    sees_nothing_later,
)
from sanity.a5.layer_names import same_parameters
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import same, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("4b")


@probe("output: B T C", of="CausalAttention()", needs=("torch",))
def attended(code: Any, case: Case) -> Any:
    """Run the attention with the case's weights, in evaluation."""
    import torch

    from sanity.a5.beside.decoders import attention_of

    return attention_of(code, case)(torch.tensor(case.x))


@probe("gradients, gradient of x: B T C", of="CausalAttention()", needs=("torch",))
def attention_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the output, by the weights and by the input."""
    import torch

    from sanity.a5.beside.decoders import attention_of, gradients, weighted_sum

    attention, x = attention_of(code, case), torch.tensor(case.x, requires_grad=True)
    by_weights = gradients(attention, weighted_sum(attention(x)), case)
    return by_weights, torch.zeros_like(x) if x.grad is None else x.grad


@probe("parameters, others", of="CausalAttention()", needs=("torch",))
def attention_parameters(code: Any, case: Case) -> Any:
    """Make the attention; return the shapes of its parameters by name, and what else its state dict has."""
    from sanity.a5.beside.decoders import config_of, shapes_of

    return shapes_of(code.model_solution.CausalAttention(config_of(code, case)))


@check(DECODERS, weight=10, outputs=("output",))
def attends(run: Run, expect: Run, case: Case) -> None:
    """CausalAttention() returns, through W_o, what the heads find in the positions up to each one."""
    same_each_time(run, attended, case, expect(attended, case))


@check(ONE, weight=3)
def no_position_sees_a_later_one(run: Run, case: Case) -> None:
    """What a position attends to does not change when later positions do."""
    sees_nothing_later(run, attended, case, "x", case.x + np.float32(1.5))


@check(ONE, weight=2)
def heads_may_change_places(run: Run, case: Case) -> None:
    """With the heads in another order, in all four layers, the output is the same."""
    size, places = case.C // case.heads, np.arange(case.C)
    turned = np.concatenate((places[size:], places[:size]))
    weights = dict(case.weights)
    for name in ("W_q", "W_k", "W_v"):
        for part in ("weight", "bias"):
            weights[f"backbone.0.attention.{name}.{part}"] = case.weights[f"backbone.0.attention.{name}.{part}"][turned]
    output = "backbone.0.attention.W_o.weight"
    weights[output] = np.ascontiguousarray(case.weights[output][:, turned])
    like = np.zeros(case.x.shape, np.float32)
    before = shaped(run(attended, case), "output", "B T C", like)
    after = shaped(run(attended, case.having(weights=weights)), "output", "B T C", like)
    if not np.allclose(after, before, 1e-4, 1e-4):
        raise CheckFailed("the output depends on the order of the heads")


@check(GRADIENTS, weight=3, gradients=True)
def gradients_reach_the_attention(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches every weight and bias of the attention, and its input."""
    got, want = run(attention_gradients, case), expect(attention_gradients, case)
    same_gradients(got["gradients"], want["gradients"])
    same(got, want, attention_gradients.axes)


@check(ONE, weight=2)
def names_the_layers_of_the_attention(run: Run, expect: Run, case: Case) -> None:
    """The layers of the attention are W_q, W_k, W_v and W_o, from C numbers to C, with biases."""
    same_parameters(run(attention_parameters, case), expect(attention_parameters, case))


@check(ONE, weight=1)
def keeps_no_mask_among_its_weights(run: Run, case: Case) -> None:
    """The state dict of the attention has its weights and nothing else."""
    if run(attention_parameters, case)["others"] != []:
        diagnosis = "the mask is a part of the state dict: weights saved with another context_length do not load"
        raise CheckFailed("the state dict has more than weights", diagnosis=diagnosis)


@check(DEGENERATE, weight=2)
def attends_where_a_size_is_one(run: Run, expect: Run, case: Case) -> None:
    """The attention is right for one sequence, one token, one head, and for as many tokens as context_length."""
    same(run(attended, case), expect(attended, case), attended.axes)


@check(ONE, weight=1)
def sequences_do_not_meet(run: Run, case: Case) -> None:
    """No sequence of a batch attends to another one."""
    mixes_no_sequences(run, attended, case, "x", case.x + np.float32(1.5))
