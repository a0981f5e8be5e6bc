"""Question 4l: the encoder layer, with its LayerNorms after the sums or before the sublayers."""

from __future__ import annotations

from typing import Any

from sanity.a5.embedded import judge_dropout
from sanity.a5.multi_head import fitted
from sanity.a5.sequences import LAYERS, LAYERS_ONE
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import same
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("4l")

OF = "EncoderLayer.forward()"


@probe("output: B T d", of=OF, needs=("torch",))
def encoded_post_norm(code: Any, case: Case) -> Any:
    """Apply a post-norm encoder layer with the case's weights and no mask, in evaluation."""
    return encode(code, case, norm_first=False)


@probe("output: B T d", of=OF, needs=("torch",))
def encoded_pre_norm(code: Any, case: Case) -> Any:
    """Apply a pre-norm encoder layer with the case's weights and no mask, in evaluation."""
    return encode(code, case, norm_first=True)


@probe("output: B T d", of=OF, needs=("torch",))
def encoded_masked(code: Any, case: Case) -> Any:
    """Apply both kinds of encoder layer, one after the other, with the case's weights and mask, in evaluation."""
    from sanity.a5.beside.parts import encoder_layer, tensor

    between = encoder_layer(code, case, False)(tensor(case.x), tensor(case.mask))
    return encoder_layer(code, case, True)(between, tensor(case.mask))


def encode(code: Any, case: Case, *, norm_first: bool) -> Any:
    """Apply an encoder layer with the case's weights and no mask, in evaluation."""
    from sanity.a5.beside.parts import encoder_layer, only_tensor, tensor

    return only_tensor(encoder_layer(code, case, norm_first)(tensor(case.x)))


@probe("post-norm, pre-norm", of=OF, needs=("torch",))
def encoder_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the output by weight, for both kinds of layer."""
    from sanity.a5.beside.parts import encoder_layer, tensor, weight_gradients

    layers = [encoder_layer(code, case, norm_first) for norm_first in (False, True)]
    return tuple(weight_gradients(layer, layer(tensor(case.x)), case.encoder) for layer in layers)


@probe("dropped in training, dropped in evaluation", of=OF, needs=("torch",))
def encoder_dropout(code: Any, case: Case) -> Any:
    """Return whether two calls of both kinds of layer differ, where nothing is dropped inside its sublayers."""
    from sanity.a5.beside.parts import encoder_layer, tensor, varies

    found = []
    for norm_first in (False, True):
        layer = encoder_layer(code, case, norm_first, dropout=0.5)
        layer.attention.dropout.p = layer.feed_forward.dropout.p = 0.0
        found.append(varies(layer, tensor(case.x), number=case.seed))
    return all(training for training, _ in found), any(evaluation for _, evaluation in found)


@check(LAYERS, weight=4, outputs=("output",))
def encodes_in_post_norm(run: Run, expect: Run, case: Case) -> None:
    """A post-norm layer returns norm(x + sublayer(x)), for attention and then for the feed-forward network."""
    same(run(encoded_post_norm, fitted(run, case)), expect(encoded_post_norm, case), encoded_post_norm.axes)


@check(LAYERS, weight=4, outputs=("output",))
def encodes_in_pre_norm(run: Run, expect: Run, case: Case) -> None:
    """A pre-norm layer returns x + sublayer(norm(x)), for attention and then for the feed-forward network."""
    same(run(encoded_pre_norm, fitted(run, case)), expect(encoded_pre_norm, case), encoded_pre_norm.axes)


@check(LAYERS_ONE)
def encoder_hides_padding(run: Run, expect: Run, case: Case) -> None:
    """The mask reaches the attention of both kinds of layer."""
    same(run(encoded_masked, fitted(run, case)), expect(encoded_masked, case), encoded_masked.axes)


@check(LAYERS_ONE, weight=2, gradients=True)
def gradients_reach_the_encoder(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches every weight of both kinds of layer."""
    got, want = run(encoder_gradients, fitted(run, case)), expect(encoder_gradients, case)
    for kind in ("post-norm", "pre-norm"):
        same_gradients(got[kind], want[kind])


@check(LAYERS_ONE)
def encoder_drops_out_in_training_only(run: Run, case: Case) -> None:
    """In training numbers that come out of a sublayer are dropped, in evaluation none are."""
    judge_dropout(run(encoder_dropout, fitted(run, case)))
