"""What the heads of your Transformer attend to."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from training.recipe import Recipe


@torch.no_grad()
def attention_weights(model: Any, tokens: Tensor, n_heads: int) -> Tensor:
    """Return the weights of all heads for one text, computed from what each layer's W_q and W_k make of its input.

    Args:
        model: its layers are model.backbone, and each has an `attention` with W_q and W_k.
        tokens: (T,).
        n_heads: in each layer.

    Returns:
        (layers, heads, T, T); in each row are the weights of one position, which sum to 1.
    """
    read: list[tuple[Any, Tensor]] = []
    hooks = [
        block.attention.register_forward_pre_hook(lambda layer, inputs: read.append((layer, inputs[0])))
        for block in model.backbone
    ]
    try:
        model(tokens.unsqueeze(0))
    finally:
        for hook in hooks:
            hook.remove()
    future = torch.ones(len(tokens), len(tokens), dtype=torch.bool, device=tokens.device).triu(diagonal=1)
    layers = []
    for layer, x in read:
        q, k = (one(x)[0].unflatten(-1, (n_heads, -1)).transpose(0, 1) for one in (layer.W_q, layer.W_k))
        scores = (q @ k.transpose(1, 2) / math.sqrt(q.size(-1))).masked_fill(future, -math.inf)
        layers.append(torch.softmax(scores, dim=-1))
    return torch.stack(layers)


def names_of_heads(recipe: Recipe) -> list[str]:
    """Return the names of all heads, layer by layer."""
    return [f"layer {i + 1}, head {j + 1}" for i in range(recipe.n_layers) for j in range(recipe.n_heads)]
