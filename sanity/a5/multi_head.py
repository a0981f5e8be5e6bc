"""Question 4k: the position-wise feed-forward network, and attention with several heads."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.embedded import judge_dropout
from sanity.a5.sequences import HEADS, HEADS_ONE, HEADS_SINGLE, attended, fed_forward, heads_turned
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import agrees, equal, same, same_array, shaped
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("4k")

ATTENTION = "MultiHeadAttention.forward()"


@probe("output: B T d", of="FeedForward.forward()", needs=("torch",))
def fed(code: Any, case: Case) -> Any:
    """Apply the feed-forward network with the case's weights, in evaluation."""
    from sanity.a5.beside.parts import only_tensor, tensor

    return only_tensor(feed_forward(code, case, 0.0).eval()(tensor(case.x)))


def feed_forward(code: Any, case: Case, dropout: float) -> Any:
    """Make the student's FeedForward with the case's weights."""
    from sanity.a5.beside.parts import fill

    layer = code.transformer.FeedForward(case.x.shape[-1], case.d_ff, dropout=dropout)
    return fill(layer, case.feed_forward)


@probe("output: B T d", of=ATTENTION, needs=("torch",))
def several_heads(code: Any, case: Case) -> Any:
    """Attend from one of the case's sequences to the other, without a mask, in evaluation."""
    from sanity.a5.beside.parts import heads_layer, only_tensor, tensor

    return only_tensor(heads_layer(code, case)(tensor(case.x), tensor(case.read)))


@probe("masks", of=ATTENTION, needs=("torch",))
def several_masks(code: Any, case: Case) -> Any:
    """Attend with each of the case's masks, in evaluation; return the outputs by mask."""
    from sanity.a5.beside.parts import heads_layer, only_tensor, tensor

    layer = heads_layer(code, case)
    return {
        name: only_tensor(layer(tensor(case.x), tensor(case.read), tensor(mask))) for name, mask in case.masks.items()
    }


@probe("gradients", of=ATTENTION, needs=("torch",))
def heads_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the outputs by weight, of attention with a mask and of FeedForward."""
    from sanity.a5.beside.parts import heads_layer, tensor, weight_gradients

    attention, network = heads_layer(code, case), feed_forward(code, case, 0.0).eval()
    output = attention(tensor(case.x), tensor(case.read), tensor(case.masks["B T S"]))
    fed = weight_gradients(network, network(tensor(case.x)), case.feed_forward)
    return {**weight_gradients(attention, output, case.weights), **fed}


@probe("dropped in training, dropped in evaluation", of=ATTENTION, needs=("torch",))
def heads_dropout(code: Any, case: Case) -> Any:
    """Return whether two calls of both layers differ, in training and in evaluation."""
    from sanity.a5.beside.parts import heads_layer, tensor, varies

    x, read = tensor(case.x), tensor(case.read)
    attention = varies(heads_layer(code, case, dropout=0.5), x, read, number=case.seed)
    network = varies(feed_forward(code, case, 0.5), x, number=case.seed)
    return attention[0] and network[0], attention[1] or network[1]


check.compares(
    fed,
    HEADS,
    "output",
    weight=3,
    name="feed_forward_output",
    says="FeedForward returns second(ReLU(first(x))) for every position.",
)
check.compares(
    several_heads,
    HEADS,
    "output",
    weight=3,
    says="MultiHeadAttention returns what its heads take from the sequence that is read, joined and projected.",
)


@check(HEADS_ONE, weight=3)
def looks_at_nothing_masked(run: Run, expect: Run, case: Case) -> None:
    """Where the mask is false a position has no weight, for masks of shape (B, T, S), (B, 1, S) and (T, S)."""
    got, want = run(several_masks, case)["masks"], expect(several_masks, case)["masks"]
    for name in case.masks:
        shape = ", ".join(name.split())
        same_array(f"the output with a mask of shape ({shape})", got[name], want[name], "B T d")


@check(HEADS_ONE)
def heads_do_not_mix_sequences(run: Run, case: Case) -> None:
    """Two sequences give the same output whatever else is in the batch."""
    was = shaped(run(several_heads, case), "output", "B T d", case.x)
    x, read = (np.concatenate([array, array[::-1] + 1]) for array in (case.x, case.read))
    found = shaped(run(several_heads, case.having(x=x, read=read)), "output", "B T d", np.concatenate([was, was]))
    equal("output", found[: len(was)], was, "the output changes when other sequences are added to the batch")


@check(HEADS_ONE)
def heads_may_stand_in_any_order(run: Run, case: Case) -> None:
    """If the weights of the heads change places in query, key, value and out alike, the output stays."""
    turned = run(several_heads, case.having(weights=heads_turned(case, "out")))
    was = run(several_heads, case)["output"]
    equal("output", turned["output"], was, "the output changes when heads change places")


@check(HEADS_SINGLE, weight=2)
def heads_take_one_position(run: Run, expect: Run, case: Case) -> None:
    """One sequence with one position, which reads one, is right, too."""
    same(run(several_heads, case), expect(several_heads, case), several_heads.axes)


@check(HEADS_ONE, weight=2, gradients=True)
def gradients_reach_every_head(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches every weight of both layers."""
    same_gradients(run(heads_gradients, case)["gradients"], expect(heads_gradients, case)["gradients"])


@check(HEADS_ONE)
def heads_drop_out_in_training_only(run: Run, case: Case) -> None:
    """In training attention weights and hidden units are dropped, in evaluation none are."""
    judge_dropout(run(heads_dropout, case))


def fitted(run: Run, case: Case) -> Case:
    """Return a layer's case for this submission: wrong sublayers have stand-ins, so that they cost what they are."""
    asked = HEADS_ONE.case()
    try:
        right = agrees(run(fed, asked)["output"], fed_forward(asked.feed_forward, asked.x).astype(np.float32))
        for name, found in run(several_masks, asked)["masks"].items():
            want = attended(asked.weights, asked.x, asked.read, asked.heads, asked.masks[name])
            right &= agrees(found, want.astype(np.float32))
    except (CheckFailed, CouldNotRun):
        right = False
    return case if right else case.having(stand_in=True)
