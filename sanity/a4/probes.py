"""Probes of assignment 4: they build the student's model with given weights and call one of its methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sanity.a4.build import build, default_dtype, fill, gradients, make, seed, tensor, vocab_of, weighted_sum
from sanity.core.case import Case


def warm_up() -> None:
    """Run every kind of layer once, forwards and backwards: torch prepares its kernels at the first call."""
    x = torch.ones(2, 3, 4)
    convolved = torch.nn.Conv1d(3, 3, 2, padding="same")(x)
    packed = torch.nn.utils.rnn.pack_padded_sequence(convolved, [2, 2, 1])
    encoded, (h, c) = torch.nn.LSTM(4, 4, bidirectional=True)(packed)
    unpacked, _ = torch.nn.utils.rnn.pad_packed_sequence(encoded, batch_first=True)
    h, c = torch.nn.LSTMCell(8, 4)(unpacked[:, 0], (h[0], c[0]))
    scores = torch.bmm(unpacked, torch.cat((h, c), dim=1).unsqueeze(2)).squeeze(2).masked_fill(h[:, :2] > 2, -1)
    torch.nn.Dropout()(torch.tanh(torch.softmax(scores, dim=1))).sum().backward()


def inputs_of(case: Case, learn: bool = False) -> dict[str, Tensor]:
    """Return what decode() and step() are given, by name; learn says whether gradients arrive there."""
    h, c = case.dec_init_state
    arrays = {name: case.values[name] for name in ("Ybar_t", "enc_hiddens", "enc_hiddens_proj")}
    arrays |= {"dec_state[0]": h, "dec_state[1]": c}
    return {name: tensor(array).requires_grad_(learn) for name, array in arrays.items()}


def masks_of(case: Case) -> Tensor | None:
    """Return the case's enc_masks, None if it has none."""
    return None if case.enc_masks is None else tensor(case.enc_masks)


def pad(code: Any, case: Case) -> Any:
    """Pad the case's sentences; also return what became of them."""
    sents = [list(sent) for sent in case.sents]
    return code.utils.pad_sents(sents, case.pad_token), sents


def embeddings(code: Any, case: Case) -> Any:
    """Make the embeddings; return shapes, padding, the padding rows' gradients, and whether the two are one."""
    made = code.model_embeddings.ModelEmbeddings(embed_size=case.e, vocab=vocab_of(code, case))
    pads = torch.tensor([case.pad_src]), torch.tensor([case.pad_tgt])
    looked_up = made.source(pads[0]).sum() + made.target(pads[1]).sum()
    looked_up.backward()
    shapes = [list(layer.weight.shape) for layer in (made.source, made.target)]
    grads = [layer.weight.grad for layer in (made.source, made.target)]
    reached = [float(g.abs().sum()) if g is not None else 0.0 for g in grads]
    return *shapes, made.source.padding_idx, made.target.padding_idx, reached, made.source.weight is made.target.weight


def layers(code: Any, case: Case) -> Any:
    """Make the model; return the shape of each parameter by name, and the pairs of names that are one parameter."""
    model = code.nmt_model.NMT(embed_size=case.e, hidden_size=case.h, vocab=vocab_of(code, case))
    everything = dict(model.named_parameters(remove_duplicate=False))
    shared = [[a, b] for a in everything for b in everything if a < b and everything[a] is everything[b]]
    return {name: list(p.shape) for name, p in everything.items()}, shared


def dropout_rates(code: Any, case: Case) -> Any:
    """Make two models, one with a dropout rate from the case and one without; return the rates of their layers."""
    made = {"embed_size": case.e, "hidden_size": case.h, "vocab": vocab_of(code, case)}
    rate = 0.25 + (case.seed % 50) / 100
    return code.nmt_model.NMT(**made, dropout_rate=rate).dropout.p - rate, code.nmt_model.NMT(**made).dropout.p


def has_convolution(code: Any, case: Case) -> Any:
    """Make the model; return whether it is the kind with a convolution after the embeddings."""
    made = code.nmt_model.NMT(embed_size=case.e, hidden_size=case.h, vocab=vocab_of(code, case))
    return hasattr(made, "post_embed_cnn")


def convolve(code: Any, case: Case) -> Any:
    """Run the convolution, with the case's weights, over the case's channels; (b, e, src_len)."""
    model = make(code, case)
    code.cache.pop(id(model), None)  # its weights will be of more than one case
    convolution = model.post_embed_cnn
    fill({f"post_embed_cnn.{name}": p for name, p in convolution.named_parameters()}, case)
    return convolution(tensor(case.channels))


def encode(code: Any, case: Case) -> Any:
    """Encode the source sentences."""
    with torch.no_grad():
        return build(code, case).encode(tensor(case.source_padded), list(case.source_lengths))


def encode_gradients(code: Any, case: Case) -> Any:
    """Encode, and return a weighted sum of all outputs with its gradients."""
    with default_dtype(case.Ybar_t):
        model = build(code, case)
        enc_hiddens, (h_0, c_0) = model.encode(tensor(case.source_padded), list(case.source_lengths))
        loss = weighted_sum([enc_hiddens, h_0, c_0])
        return loss, *gradients(model, loss, case, {})


def mean(x: Tensor) -> Tensor:
    """Return a mean of each sentence's numbers, (b, 1), in which each has another weight."""
    x = x.flatten(1)
    return (x * torch.cos(torch.arange(x.size(1), dtype=x.dtype))).mean(dim=1, keepdim=True)


def stand_in_step(seen: list[Tensor]) -> Callable[..., Any]:
    """Return a simple step for `decode` to call instead of the student's, so that 1e does not depend on 1f.

    It mixes all of its arguments into its outputs, and adds each Ybar_t to seen.
    """

    def step(
        Ybar_t: Tensor,
        dec_state: tuple[Tensor, Tensor],
        enc_hiddens: Tensor,
        enc_hiddens_proj: Tensor,
        enc_masks: Tensor | None,
    ) -> tuple[tuple[Tensor, Tensor], Tensor, Tensor]:
        h, c = dec_state
        seen.append(Ybar_t)
        mix = torch.cos(torch.arange(Ybar_t.size(1) * h.size(1), dtype=h.dtype)).reshape(Ybar_t.size(1), h.size(1))
        words = 1 if enc_masks is None else (1 - enc_masks.to(h.dtype)).unsqueeze(2)
        source = mean((1 + enc_hiddens_proj) * words) + mean(enc_hiddens * words)
        h = torch.tanh(Ybar_t @ mix + h / 2 + source)
        c = torch.tanh(c / 2 + source - h)
        return (h, c), torch.tanh(h - c), enc_hiddens_proj.sum(dim=2)

    return step


def decode(code: Any, case: Case) -> Any:
    """Decode the target sentences with the stand-in step; also return the inputs that it was given."""
    model, seen = build(code, case), list[Tensor]()
    model.step = stand_in_step(seen)
    with torch.no_grad():
        outputs = call_decode(model, case, inputs_of(case))
    return outputs, torch.stack(seen) if seen else None


def call_decode(model: Any, case: Case, inputs: dict[str, Tensor]) -> Any:
    """Call the model's decode on the inputs."""
    state = inputs["dec_state[0]"], inputs["dec_state[1]"]
    return model.decode(inputs["enc_hiddens"], masks_of(case), state, tensor(case.target_padded))


def decode_gradients(code: Any, case: Case) -> Any:
    """Decode with the stand-in step; return a weighted sum of the outputs with its gradients."""
    with default_dtype(case.Ybar_t):
        model, inputs = build(code, case), inputs_of(case, learn=True)
        model.step = stand_in_step([])
        loss = weighted_sum([call_decode(model, case, inputs)])
        return loss, *gradients(model, loss, case, inputs)


def decode_and_repeat(code: Any, case: Case) -> Any:
    """Decode with the student's own step; also call that step in a loop, as decode should."""
    with torch.no_grad():
        model, inputs = build(code, case), inputs_of(case)
        seed(case.seed)  # and below again: steps that are random, a mistake in 1f, are so twice alike
        outputs = call_decode(model, case, inputs)
        seed(case.seed)
        state, enc_hiddens = (inputs["dec_state[0]"], inputs["dec_state[1]"]), inputs["enc_hiddens"]
        proj, o_prev, repeated = model.att_projection(enc_hiddens), torch.zeros_like(state[0]), []
        for word in model.model_embeddings.target(tensor(case.target_padded)[:-1]):
            Ybar_t = torch.cat((word, o_prev), dim=1)
            state, o_prev, _ = model.step(Ybar_t, state, enc_hiddens, proj, masks_of(case))
            repeated.append(o_prev)
        return outputs, torch.stack(repeated)


def call_step(model: Any, case: Case, inputs: dict[str, Tensor]) -> Any:
    """Call the model's step on the inputs."""
    state = inputs["dec_state[0]"], inputs["dec_state[1]"]
    return model.step(inputs["Ybar_t"], state, inputs["enc_hiddens"], inputs["enc_hiddens_proj"], masks_of(case))


def step(code: Any, case: Case) -> Any:
    """Take one step."""
    with torch.no_grad():
        return call_step(build(code, case), case, inputs_of(case))


def step_gradients(code: Any, case: Case) -> Any:
    """Take one step; return a weighted sum of the new state and the combined output with its gradients."""
    with default_dtype(case.Ybar_t):
        model, inputs = build(code, case), inputs_of(case, learn=True)
        (h, c), combined_output, _ = call_step(model, case, inputs)
        loss = weighted_sum([h, c, combined_output])
        return loss, *gradients(model, loss, case, inputs)
