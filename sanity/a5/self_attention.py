"""Question 4g: causal self-attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.sequences import CAUSAL, CAUSAL_ONE, CAUSAL_SINGLE, heads_turned
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, same, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("4g")

NOTHING = 1e-7
"""A gradient below it is none: right ones are exactly zero, or about one."""
OF = "CausalSelfAttention.forward()"


@probe("output: B T C", of=OF, needs=("torch",))
def causal_output(code: Any, case: Case) -> Any:
    """Compute causal self-attention with the case's weights, in evaluation."""
    from sanity.a5.beside.parts import OnTheCPU, causal_attention, only_tensor, tensor

    with OnTheCPU():
        return only_tensor(causal_attention(code, case)(tensor(case.x)))


@probe("influence: T S", of=OF, needs=("torch",))
def causal_influence(code: Any, case: Case) -> Any:
    """Return how much the output at each position depends on the input at each."""
    from sanity.a5.beside.parts import OnTheCPU, causal_attention, influence, tensor

    with OnTheCPU():
        return influence(causal_attention(code, case), tensor(case.x))


@probe("gradients", of=OF, needs=("torch",))
def causal_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the output by the layer's weights."""
    from sanity.a5.beside.parts import OnTheCPU, causal_attention, tensor, weight_gradients

    with OnTheCPU():
        layer = causal_attention(code, case)
        return weight_gradients(layer, layer(tensor(case.x)), case.weights)


@probe("weights dropped, output dropped, dropped in evaluation", of=OF, needs=("torch",))
def causal_dropout(code: Any, case: Case) -> Any:
    """Return whether calls differ if only attention weights are dropped, only outputs, and in evaluation."""
    from sanity.a5.beside.parts import OnTheCPU, causal_attention, tensor, varies

    with OnTheCPU():
        x = tensor(case.x)
        weights, first = varies(causal_attention(code, case, attn_pdrop=0.5), x, number=case.seed)
        output, second = varies(causal_attention(code, case, resid_pdrop=0.5), x, number=case.seed)
        return weights, output, first or second


check.compares(
    causal_output,
    CAUSAL,
    "output",
    weight=6,
    says="The output is that of scaled dot-product attention with several heads, joined and projected.",
)


@check(CAUSAL_ONE, weight=2)
def causal_attention_sees_no_later_position(run: Run, case: Case) -> None:
    """No position's output depends on later positions, and each depends on itself and all before it."""
    judge_influence(shaped(run(causal_influence, case), "influence", "T S", square(case)))


def square(case: Case) -> Array:
    """Return an array of the shape of what `influence` returns."""
    return np.zeros((case.x.shape[1], case.x.shape[1]), np.float32)


def judge_influence(found: Array, said: str = "attention") -> None:
    """Raise CheckFailed if an output depends on later inputs, or not on each before it."""
    T = len(found)
    depends = found > NOTHING
    may = np.tril(np.ones((T, T), bool))
    if np.isnan(found).any():
        raise CheckFailed(f"{said} is not a number where a position sees nothing: it should see itself")
    if (depends & ~may).any():
        late = bool((depends == np.tril(np.ones((T, T), bool), 1)).all())
        diagnosis = "the mask is off by one: each position sees the one after it" if late else ""
        hint = "" if late else "is a mask missing, or does it act at the wrong place?"
        raise CheckFailed("an output depends on later positions", diagnosis=diagnosis, hint=hint)
    if not depends[may].all():
        early = bool((depends == np.tril(np.ones((T, T), bool), -1))[1:].all())
        diagnosis = "the mask is off by one: it hides a position from itself" if early else ""
        raise CheckFailed("an output does not depend on every position up to its own", diagnosis=diagnosis)


@check(CAUSAL_ONE)
def causal_attention_does_not_mix_sequences(run: Run, case: Case) -> None:
    """A sequence has the same output whatever else is in the batch."""
    was = shaped(run(causal_output, case), "output", "B T C", case.x)
    more = run(causal_output, case.having(x=np.concatenate([case.x, case.x[::-1] + 1])))
    found = shaped(more, "output", "B T C", np.concatenate([was, was]))
    equal("output", found[: len(was)], was, "the output changes when other sequences are added to the batch")


@check(CAUSAL_ONE)
def causal_attention_may_have_its_heads_in_any_order(run: Run, case: Case) -> None:
    """If the weights of the heads change places in query, key, value and proj alike, the output stays."""
    turned = run(causal_output, case.having(weights=heads_turned(case, "proj")))
    was = run(causal_output, case)["output"]
    equal("output", turned["output"], was, "the output changes when heads change places", diagnosis="heads are mixed")


@check(CAUSAL_SINGLE, weight=2)
def causal_attention_takes_one_position(run: Run, expect: Run, case: Case) -> None:
    """One sequence with one position is right, too."""
    same(run(causal_output, case), expect(causal_output, case), causal_output.axes)


@check(CAUSAL_ONE, weight=3, gradients=True)
def gradients_reach_causal_attention(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches every weight of query, key, value and proj."""
    same_gradients(run(causal_gradients, case)["gradients"], expect(causal_gradients, case)["gradients"])


@check(CAUSAL_ONE)
def causal_attention_drops_out_in_training_only(run: Run, case: Case) -> None:
    """In training attention weights are dropped with attn_pdrop, outputs with resid_pdrop; in evaluation nothing is."""
    found = run(causal_dropout, case)
    if found["dropped in evaluation"] is not False:
        raise CheckFailed("the output changes from call to call in evaluation")
    if found["weights dropped"] is not True:
        raise CheckFailed("attn_pdrop drops nothing in training")
    if found["output dropped"] is not True:
        raise CheckFailed("resid_pdrop drops nothing in training")
