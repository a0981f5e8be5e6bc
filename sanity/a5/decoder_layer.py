"""Question 4m: the decoder layer, with attention to what the encoder made."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.embedded import judge_dropout
from sanity.a5.multi_head import fitted
from sanity.a5.self_attention import judge_influence, square
from sanity.a5.sequences import LAYERS, LAYERS_ONE
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import equal, same, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("4m")

OF = "DecoderLayer.forward()"


@probe("mask", of="causal_mask()", needs=("torch",))
def seen_positions(code: Any, case: Case) -> Any:
    """Make a causal mask for the case's positions."""
    return code.transformer.causal_mask(case.x.shape[1])


@probe("output: B T d", of=OF, needs=("torch",))
def decoded_post_norm(code: Any, case: Case) -> Any:
    """Apply a post-norm decoder layer with the case's weights, all of memory unmasked, in evaluation."""
    return decode(code, case, norm_first=False)


@probe("output: B T d", of=OF, needs=("torch",))
def decoded_pre_norm(code: Any, case: Case) -> Any:
    """Apply a pre-norm decoder layer with the case's weights, all of memory unmasked, in evaluation."""
    return decode(code, case, norm_first=True)


def decode(code: Any, case: Case, *, norm_first: bool) -> Any:
    """Apply a decoder layer with the case's weights, all of memory unmasked, in evaluation."""
    from sanity.a5.beside.parts import decoder_layer, only_tensor, tensor

    return only_tensor(decoder_layer(code, case, norm_first)(tensor(case.x), tensor(case.memory)))


@probe("post-norm: B T d, pre-norm: B T d", of=OF, needs=("torch",))
def decoded_masked(code: Any, case: Case) -> Any:
    """Apply both kinds of decoder layer with the case's weights and its memory's padding masked, in evaluation."""
    from sanity.a5.beside.parts import decoder_layer, only_tensor, tensor

    arrays = case.x, case.memory, case.memory_mask
    layers = [decoder_layer(code, case, norm_first) for norm_first in (False, True)]
    return tuple(only_tensor(layer(*map(tensor, arrays))) for layer in layers)


@probe("post-norm: T S, pre-norm: T S", of=OF, needs=("torch",))
def decoder_influence(code: Any, case: Case) -> Any:
    """Return how much the output at each position depends on the input at each, for both kinds of layer."""
    from sanity.a5.beside.parts import decoder_layer, influence, tensor

    layers = [decoder_layer(code, case, norm_first) for norm_first in (False, True)]
    return tuple(influence(lambda y, layer=layer: layer(y, tensor(case.memory)), tensor(case.x)) for layer in layers)


@probe("post-norm, pre-norm", of=OF, needs=("torch",))
def decoder_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the output by weight, for both kinds of layer."""
    from sanity.a5.beside.parts import decoder_layer, tensor, weight_gradients

    layers = [decoder_layer(code, case, norm_first) for norm_first in (False, True)]
    arrays = case.x, case.memory, case.memory_mask
    return tuple(weight_gradients(layer, layer(*map(tensor, arrays)), case.decoder) for layer in layers)


@probe("dropped in training, dropped in evaluation", of=OF, needs=("torch",))
def decoder_dropout(code: Any, case: Case) -> Any:
    """Return whether two calls of both kinds of layer differ, where nothing is dropped inside its sublayers."""
    from sanity.a5.beside.parts import decoder_layer, tensor, varies

    found = []
    for norm_first in (False, True):
        layer = decoder_layer(code, case, norm_first, dropout=0.5)
        for inner in (layer.attention, layer.cross_attention, layer.feed_forward):
            inner.dropout.p = 0.0
        found.append(varies(layer, tensor(case.x), tensor(case.memory), number=case.seed))
    return all(training for training, _ in found), any(evaluation for _, evaluation in found)


@check(LAYERS, weight=4, outputs=("output",))
def decodes_in_post_norm(run: Run, expect: Run, case: Case) -> None:
    """A post-norm layer returns norm(y + sublayer(y)) for causal attention, attention to memory and feed-forward."""
    same(run(decoded_post_norm, fitted(run, case)), expect(decoded_post_norm, case), decoded_post_norm.axes)


@check(LAYERS, weight=4, outputs=("output",))
def decodes_in_pre_norm(run: Run, expect: Run, case: Case) -> None:
    """A pre-norm layer returns y + sublayer(norm(y)) for causal attention, attention to memory and feed-forward."""
    same(run(decoded_pre_norm, fitted(run, case)), expect(decoded_pre_norm, case), decoded_pre_norm.axes)


@check(LAYERS_ONE, weight=2)
def decoder_hides_padding_of_memory(run: Run, expect: Run, case: Case) -> None:
    """With memory_mask the output is right, for both kinds of layer."""
    same(run(decoded_masked, fitted(run, case)), expect(decoded_masked, case), decoded_masked.axes)


@check(LAYERS_ONE)
def what_stands_in_padding_does_not_matter(run: Run, case: Case) -> None:
    """Whatever memory holds where memory_mask is false, the output is the same."""
    case = fitted(run, case)
    other = case.having(memory=np.where(case.memory_mask.transpose(0, 2, 1), case.memory, np.float32(3)))
    was, now = run(decoded_masked, case), run(decoded_masked, other)
    for kind in ("post-norm", "pre-norm"):
        equal(kind, now[kind], was[kind], "the output changes with what stands in memory's padding")


@check(LAYERS_ONE)
def decoder_sees_no_later_position(run: Run, case: Case) -> None:
    """No position's output depends on later positions of y."""
    found = run(decoder_influence, fitted(run, case))
    for kind in ("post-norm", "pre-norm"):
        judge_influence(shaped(found, kind, "T S", square(case)), "the output")


@check(LAYERS_ONE)
def causal_mask_hides_later_positions(run: Run, case: Case) -> None:
    """causal_mask() is true for each position's own and those before, and false for later ones."""
    T = case.x.shape[1]
    mask, right = run(seen_positions, case)["mask"], np.tril(np.ones((T, T), bool))
    if not isinstance(mask, np.ndarray) or mask.shape != right.shape or mask.dtype != bool:
        raise CheckFailed("causal_mask() does not return booleans, (length, length)")
    if not (mask == right).all():
        others = {
            "it is true where a position must not look": ~right,
            "it hides a position from itself": right & ~np.eye(T, dtype=bool),
            "it hides earlier positions, not later ones": right.T,
        }
        fits = [f"the causal mask is wrong: {said}" for said, other in others.items() if (mask == other).all()]
        raise CheckFailed(
            "causal_mask() is not true exactly for a position's own and those before", diagnosis="".join(fits)
        )


@check(LAYERS_ONE, weight=2, gradients=True)
def gradients_reach_the_decoder(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches every weight of both kinds of layer."""
    got, want = run(decoder_gradients, fitted(run, case)), expect(decoder_gradients, case)
    for kind in ("post-norm", "pre-norm"):
        same_gradients(got[kind], want[kind])


@check(LAYERS_ONE)
def decoder_drops_out_in_training_only(run: Run, case: Case) -> None:
    """In training numbers that come out of a sublayer are dropped, in evaluation none are."""
    judge_dropout(run(decoder_dropout, fitted(run, case)))
