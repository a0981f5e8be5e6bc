"""Probes of assignment 4: they build the student's model with given weights and call one of its methods."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from sanity.case import Case

# What torch says of every right convolution with kernel 2.
warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths")

OPTIONAL = ("post_embed_cnn.weight", "post_embed_cnn.bias")
"""Weights that a model of before 2022 does not have."""


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


def vocab_of(code: Any, case: Case) -> Any:
    """Make a Vocab of the case's sizes whose padding tokens have the case's indices."""

    def entry(size: int, pad: int) -> Any:
        others = iter(["<s>", "</s>", "<unk>", *(f"w{i}" for i in range(size))])
        return code.vocab.VocabEntry({"<pad>" if i == pad else next(others): i for i in range(size)})

    return code.vocab.Vocab(entry(case.v_src, case.pad_src), entry(case.v_tgt, case.pad_tgt))


def build(code: Any, case: Case, dropout_rate: float = 0.0) -> Any:
    """Make the student's model and give it the case's weights; other weights are zero, so that they do no harm."""
    vocab = vocab_of(code, case)
    model = code.nmt_model.NMT(embed_size=case.e, hidden_size=case.h, vocab=vocab, dropout_rate=dropout_rate)
    if case.Ybar_t.dtype == "float64":
        model = model.double()
    own = dict(model.named_parameters())
    missing = case.weights.keys() - own.keys() - set(OPTIONAL)
    if missing:
        raise AttributeError(f"the model has no {min(missing)}")
    with torch.no_grad():
        for name, parameter in own.items():
            value = tensor(canonical(case, name)) if name in case.weights else torch.zeros_like(parameter)
            if value.shape != parameter.shape:
                raise ValueError(f"{name} has shape {tuple(parameter.shape)}, expected {tuple(value.shape)}")
            parameter.copy_(value)
    return model.eval()


def canonical(case: Case, name: str) -> Any:
    """Return a weight, its columns reordered for a model that joins U_t as [h_dec ; a_t]."""
    weight = case.weights[name]
    if name == "combined_output_projection.weight" and not case.attention_first:
        a_t, h_dec = weight[:, : 2 * case.h], weight[:, 2 * case.h :]
        return torch.cat((tensor(h_dec), tensor(a_t)), dim=1).numpy()
    return weight


def tensor(array: Any) -> Tensor:
    """Copy an array into a tensor, so that the submission cannot change the case."""
    return torch.tensor(array)


def decoder_inputs(case: Case) -> tuple[Tensor, Tensor | None, tuple[Tensor, Tensor]]:
    """Return enc_hiddens, enc_masks and dec_init_state as tensors."""
    h_0, c_0 = case.dec_init_state
    masks = None if case.enc_masks is None else tensor(case.enc_masks)
    return tensor(case.enc_hiddens), masks, (tensor(h_0), tensor(c_0))


@contextlib.contextmanager
def default_dtype(like: Any) -> Iterator[None]:
    """Make new tensors have the dtype of like, so that `torch.zeros(…)` in an answer fits a float64 case."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(tensor(like).dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def weighted_sum(tensors: list[Tensor]) -> Tensor:
    """Add up all entries, each with a weight of its own: a loss whose gradient is different everywhere."""
    return sum(  # type: ignore[return-value]
        (t * torch.cos(torch.arange(t.numel(), dtype=t.dtype) + i).reshape(t.shape)).sum()
        for i, t in enumerate(tensors)
    )


def gradients(model: Any, loss: Tensor, case: Case) -> dict[str, Tensor]:
    """Return the gradient of the loss by each weight of the case that the model has; zeros where none arrives."""
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    own = {name: p for name, p in model.named_parameters() if name in case.weights}
    return {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in own.items()}


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
    """Run the convolution over the case's hidden states, cut to e channels; (b, e, src_len)."""
    return build(code, case).post_embed_cnn(tensor(case.channels))


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
        return loss, gradients(model, loss, case)


def stand_in_step(seen: list[Tensor]) -> Callable[..., Any]:
    """Return a simple step for `decode` to call instead of the student's, so that 1e does not hang on 1f.

    It mixes everything that it is given into its outputs, and adds each Ybar_t to seen.
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
        source = (enc_hiddens_proj * words).mean(dim=1) + (enc_hiddens * words).mean(dim=(1, 2)).unsqueeze(1)
        h = torch.tanh(Ybar_t @ mix + h / 2 + source)
        c = torch.tanh(c / 2 + source - h)
        return (h, c), torch.tanh(h - c), enc_hiddens_proj.sum(dim=2)

    return step


def decode(code: Any, case: Case) -> Any:
    """Decode the target sentences with the stand-in step; also return the inputs that it was given."""
    model, seen = build(code, case), list[Tensor]()
    model.step = stand_in_step(seen)
    enc_hiddens, enc_masks, dec_init_state = decoder_inputs(case)
    with torch.no_grad():
        outputs = model.decode(enc_hiddens, enc_masks, dec_init_state, tensor(case.target_padded))
    return outputs, torch.stack(seen) if seen else None


def decode_gradients(code: Any, case: Case) -> Any:
    """Decode with the stand-in step; return a weighted sum of the outputs with its gradients."""
    with default_dtype(case.Ybar_t):
        model = build(code, case)
        model.step = stand_in_step([])
        enc_hiddens, enc_masks, dec_init_state = decoder_inputs(case)
        loss = weighted_sum([model.decode(enc_hiddens, enc_masks, dec_init_state, tensor(case.target_padded))])
        return loss, gradients(model, loss, case)


def decode_and_repeat(code: Any, case: Case) -> Any:
    """Decode with the student's own step; also call that step in a loop, as decode should."""
    with torch.no_grad():
        model = build(code, case)
        enc_hiddens, enc_masks, state = decoder_inputs(case)
        target = tensor(case.target_padded)
        outputs = model.decode(enc_hiddens, enc_masks, state, target)
        proj, o_prev, repeated = model.att_projection(enc_hiddens), torch.zeros_like(state[0]), []
        for word in model.model_embeddings.target(target[:-1]):
            state, o_prev, _ = model.step(torch.cat((word, o_prev), dim=1), state, enc_hiddens, proj, enc_masks)
            repeated.append(o_prev)
        return outputs, torch.stack(repeated)


def call_step(model: Any, case: Case) -> Any:
    """Call the model's step on the case."""
    enc_hiddens, enc_masks, dec_state = decoder_inputs(case)
    return model.step(tensor(case.Ybar_t), dec_state, enc_hiddens, tensor(case.enc_hiddens_proj), enc_masks)


def step(code: Any, case: Case) -> Any:
    """Take one step in evaluation mode."""
    with torch.no_grad():
        return call_step(build(code, case, dropout_rate=0.5), case)


def training_step(code: Any, case: Case) -> Any:
    """Take one step in training mode with dropout 0.5."""
    torch.manual_seed(case.seed)
    with torch.no_grad():
        return call_step(build(code, case, dropout_rate=0.5).train(), case)


def step_gradients(code: Any, case: Case) -> Any:
    """Take one step; return a weighted sum of the new state and the combined output with its gradients."""
    with default_dtype(case.Ybar_t):
        model = build(code, case)
        (h, c), combined_output, _ = call_step(model, case)
        loss = weighted_sum([h, c, combined_output])
        return loss, gradients(model, loss, case)
