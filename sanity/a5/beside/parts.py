"""What the probes of questions 4g to 4m use beside the submission: layers with given weights, and their gradients."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from sanity.core.case import Case
from sanity.core.values import NOT_A_TENSOR, Unsupported


class OnTheCPU(TorchFunctionMode):
    """Lets files that name a GPU, as some years' do, compute where there is none."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the function with the CPU in the place of a GPU."""
        if function is Tensor.cuda:
            return args[0]
        kwargs = {name: _without_gpu(value) for name, value in (kwargs or {}).items()}
        return function(*map(_without_gpu, args), **kwargs)


def _without_gpu(value: Any) -> Any:
    names_gpu = (isinstance(value, str) and value.startswith("cuda")) or (
        isinstance(value, torch.device) and value.type == "cuda"
    )
    return torch.device("cpu") if names_gpu else value


def config_of(case: Case, **changes: Any) -> Any:
    """Return a config with all that the attention of any year reads; nothing is dropped unless changes say so."""
    config = {
        "vocab_size": 11,
        "block_size": case.block,
        "n_layer": 1,
        "n_head": case.heads,
        "n_embd": case.x.shape[-1],
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "attn_pdrop": 0.0,
        "bottleneck_dim": None,
        "perceiver": False,
        "rope": False,
        "synthesizer": False,
        "additive": False,
        "variant": "vanilla",
    }
    return SimpleNamespace(**{**config, **changes})


def fill(layer: Any, weights: Any) -> Any:
    """Give a layer these weights, by name; return it.

    Raises:
        AttributeError: the layer has no such weight.
        ValueError: it has another shape.
    """
    own = dict(layer.named_parameters())
    with torch.no_grad():
        for name, value in weights.items():
            if name not in own:
                raise AttributeError(f"the layer has no {name.rpartition('.')[0]}, or it has no {name.split('.')[-1]}")
            if own[name].shape != value.shape:
                raise ValueError(f"the {name.split('.')[-1]} of {name.rpartition('.')[0]} has another shape")
            own[name].copy_(torch.tensor(value))
    return layer


def causal_attention(code: Any, case: Case, **changes: Any) -> Any:
    """Make the student's CausalSelfAttention with the case's weights, in evaluation."""
    return fill(code.attention.CausalSelfAttention(config_of(case, **changes)), case.weights).eval()


def heads_layer(code: Any, case: Case, dropout: float = 0.0) -> Any:
    """Make the student's MultiHeadAttention with the case's weights, in evaluation."""
    layer = code.transformer.MultiHeadAttention(case.x.shape[-1], case.heads, dropout=dropout)
    return fill(layer, case.weights).eval()


def encoder_layer(code: Any, case: Case, norm_first: bool, dropout: float = 0.0) -> Any:
    """Make the student's EncoderLayer with the case's weights, in evaluation."""
    return _filled(code.transformer.EncoderLayer, case, case.encoder, norm_first, dropout)


def decoder_layer(code: Any, case: Case, norm_first: bool, dropout: float = 0.0) -> Any:
    """Make the student's DecoderLayer with the case's weights, in evaluation."""
    return _filled(code.transformer.DecoderLayer, case, case.decoder, norm_first, dropout)


def _filled(kind: Any, case: Case, weights: Any, norm_first: bool, dropout: float) -> Any:
    d = case.x.shape[-1]
    layer = kind(d, case.heads, case.d_ff, dropout=dropout, norm_first=norm_first)
    fill(layer, weights).eval()
    if case.stand_in:
        for name in ("attention", "cross_attention"):
            if hasattr(layer, name):
                getattr(layer, name).forward = partial(attend, getattr(layer, name), case.heads)
        layer.feed_forward.forward = partial(feed, layer.feed_forward)
    return layer


def attend(layer: Any, heads: int, x: Tensor, read: Tensor, mask: Tensor | None = None) -> Tensor:
    """Compute what MultiHeadAttention should: a stand-in where the student's own is wrong."""

    def split(projected: Tensor) -> Tensor:
        return projected.view(*projected.shape[:-1], heads, -1).transpose(1, 2)

    seen = None if mask is None else mask.unsqueeze(-3)
    query, key, value = split(layer.query(x)), split(layer.key(read)), split(layer.value(read))
    found = torch.nn.functional.scaled_dot_product_attention(query, key, value, seen)
    return layer.out(layer.dropout(found.transpose(1, 2).flatten(start_dim=2)))  # type: ignore[no-any-return]


def feed(layer: Any, x: Tensor) -> Tensor:
    """Compute what FeedForward should: a stand-in where the student's own is wrong."""
    return layer.second(layer.dropout(torch.relu(layer.first(x))))  # type: ignore[no-any-return]


def tensor(array: Any) -> Tensor:
    """Copy an array into a tensor, so that the submission cannot change the case."""
    return torch.tensor(array)


def seed(number: int) -> None:
    """Seed the generator of dropout."""
    torch.default_generator.manual_seed(number)


def only_tensor(answer: Any) -> Any:
    """Mark an answer that is a numpy array, which no gradient could pass: it is named then."""
    return answer if isinstance(answer, Tensor) else Unsupported(NOT_A_TENSOR) if hasattr(answer, "dtype") else answer


def weight_gradients(layer: Any, output: Tensor, weights: Any) -> dict[str, Tensor]:
    """Return the gradients of a weighted sum of an output by the names of weights, zeros where none arrives.

    Of a matrix its product with a vector, which makes recordings a tenth as large: a wrong gradient has the right one
    with probability zero.
    """
    layer.zero_grad()
    loss = (output * wave(output.numel()).reshape(output.shape)).sum()
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    own = dict(layer.named_parameters())
    found = {name: torch.zeros_like(own[name]) if own[name].grad is None else own[name].grad for name in weights}
    return {
        name: gradient @ wave(gradient.shape[1]) if gradient.ndim == 2 else gradient for name, gradient in found.items()
    }


def wave(size: int) -> Tensor:
    """Return numbers that are all different, (size,)."""
    return torch.cos(torch.arange(size, dtype=torch.get_default_dtype()))


def influence(function: Any, x: Tensor) -> Tensor:
    """Return how much position t of a function's output depends on position s of x, (T, T): largest gradients."""
    x = x.clone().requires_grad_()
    output = function(x.clone())
    weights = wave(output[:, 0].numel()).reshape(output[:, 0].shape)
    rows = []
    for t in range(x.shape[1]):
        (gradient,) = torch.autograd.grad((output[:, t] * weights).sum(), x, retain_graph=True, allow_unused=True)
        rows.append(torch.zeros(x.shape[1]) if gradient is None else gradient.abs().amax(dim=(0, 2)))
    return torch.stack(rows)


def varies(layer: Any, *arguments: Any, number: int) -> tuple[bool, bool]:
    """Return whether two calls of a layer differ: in training, and in evaluation."""

    def called() -> Any:
        return layer(*(argument.clone() for argument in arguments))  # it may change them

    seed(number)
    with torch.no_grad():
        layer.train()
        first, again = called(), called()
        layer.eval()
        still, steady = called(), called()
    return not torch.equal(first, again), not torch.equal(still, steady)
