"""Question 1d: the encoder."""

from __future__ import annotations

from typing import Any

from sanity.a4.batches import BATCHES, DEGENERATE, DOUBLES, ENCODES, TRAINING, identity_convolution, rows
from sanity.a4.gradients import CONVOLUTION, true_gradients
from sanity.a4.layers import convolves
from sanity.a4.scripts import END, START, model, tensors
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import same
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients
from sanity.gradients.snippet import literal

check = Checks("1d")


@probe("enc_hiddens: b src_len 2h, (dec_init_state[0]: b h, dec_init_state[1]: b h)", of="encode()", needs=("torch",))
def encode(code: Any, case: Case) -> Any:
    """Encode the source sentences."""
    import torch

    from sanity.a4.beside.model import build, only_tensors, tensor

    with torch.no_grad():
        model = build(code, case, ENCODES)
        return only_tensors(model.encode(tensor(case.source_padded), list(case.source_lengths)))


@probe("loss, gradients, gradients of the inputs", of="encode()", needs=("torch",))
def encode_gradients(code: Any, case: Case) -> Any:
    """Encode, and return a weighted sum of all outputs with its gradients."""
    from sanity.a4.beside.model import build, default_dtype, gradients, tensor, weighted_sum

    with default_dtype(case.Ybar_t):
        model = build(code, case, ENCODES)
        enc_hiddens, (h_0, c_0) = model.encode(tensor(case.source_padded), list(case.source_lengths))
        loss = weighted_sum([enc_hiddens, h_0, c_0])
        return loss, *gradients(code, model, loss, case, {}, ENCODES)


@encode_gradients.script
def encode_script(case: Case) -> str:
    """Spell a call of encode()."""
    call = f"""

def loss():
    enc_hiddens, (h_0, c_0) = model.encode(source_padded, {literal(list(case.source_lengths))})
    outputs = [enc_hiddens, h_0, c_0]
"""
    return START + model(case, ENCODES) + tensors(case, "source_padded") + call + END


def fitted(run: Run, case: Case) -> Case:
    """Return the case for this submission: a model without a convolution is compared on one that changes nothing."""
    if convolves(run):
        return case
    return case.having(weights={**case.weights, **identity_convolution(case.e, case.Ybar_t.dtype)})


check.compares(
    encode,
    BATCHES,
    "enc_hiddens",
    weight=4,
    fit=fitted,
    says="encode() returns the hidden states of both directions for every word, and zeros for the padding.",
)
check.compares(
    encode,
    BATCHES,
    "dec_init_state[0]",
    weight=2,
    fit=fitted,
    says="dec_init_state[0] is h_projection of the last hidden states, forward direction first.",
)
check.compares(
    encode,
    BATCHES,
    "dec_init_state[1]",
    weight=2,
    fit=fitted,
    says="dec_init_state[1] is c_projection of the last cell states, forward direction first.",
)


@check(DEGENERATE, weight=2)
def encodes_where_a_size_is_one(run: Run, expect: Run, case: Case) -> None:
    """encode() is right for a batch of one sentence, too, for sentences of one word, and where a size is 1."""
    case = fitted(run, case)
    same(run(encode, case), expect(encode, case), encode.axes)


@check(TRAINING, weight=2, gradients=True)
def trains_the_encoder(run: Run, expect: Run, case: Case) -> None:
    """Every weight that encode() uses receives the right gradient."""
    case = fitted(run, case)
    got, want = run(encode_gradients, case), expect(encode_gradients, case)
    same_gradients(got["gradients"], want["gradients"], optional=CONVOLUTION)


@check(BATCHES)
def encodes_a_pair_apart_as_in_a_batch(run: Run, case: Case) -> None:
    """Two sentences are encoded the same apart and inside a larger, padded batch."""
    whole = run(encode, case)
    lengths = case.source_lengths[-2:]  # the shortest, with the most padding; one alone would be a degenerate batch
    apart = case.having(source_padded=case.source_padded[: lengths[0], -2:], source_lengths=lengths)
    pair = {name: rows(whole, name, slice(-2, None), lengths[0]) for name in encode.axes}
    same(run(encode, apart), pair, encode.axes)


@check(BATCHES)
def encodes_in_any_order(run: Run, case: Case) -> None:
    """Sentences of one length are encoded the same in any order."""
    if len(set(case.source_lengths)) > 1:
        return  # longer sentences come first: their order is given
    turned = case.having(source_padded=case.source_padded[:, ::-1].copy())
    whole = run(encode, case)
    same(run(encode, turned), {name: rows(whole, name, slice(None, None, -1)) for name in encode.axes}, encode.axes)


@check(BATCHES)
def encodes_the_same_in_training(run: Run, case: Case) -> None:
    """encode() has no dropout: it returns the same in training as in evaluation."""
    answers = run(encode, case)
    whole = {name: rows(answers, name, slice(None)) for name in encode.axes}
    same(run(encode, case.having(training=True)), whole, encode.axes)


@check(DOUBLES, gradients=True)
def encodes_with_true_gradients(run: Run, case: Case) -> None:
    """The gradients of encode() are its slope, measured with small steps."""
    true_gradients(run, encode_gradients, fitted(run, case), ENCODES)
