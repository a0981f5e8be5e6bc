"""Assignment 5, questions 4g and 4h: causal self-attention, and positions that turn queries and keys.

Shapes are written with these letters: B sequences in a batch, T positions, C numbers for each position, nh heads, and
hs = C / nh numbers for each head.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def precompute_rotary_emb(dim: int, max_positions: int) -> Tensor:
    """Question 4h. Return the cosines and sines by which positions turn the pairs of a vector.

    Args:
        dim: how many numbers a head has, hs, even.
        max_positions: P, how many positions there are at most.

    Returns:
        (P, dim / 2, 2), float32: [t, i - 1] is cos(t θ_i), sin(t θ_i) with θ_i = 10000^(-2 (i - 1) / dim). Positions t
        count from 0, and the pairs i from 1.
    """
    # Question 4h: your code starts here.
    raise NotImplementedError("4h: not implemented yet")
    # Question 4h: your code ends here.


def apply_rotary_emb(x: Tensor, rope_cache: Tensor) -> Tensor:
    """Question 4h. Turn each pair of neighbours (x_1, x_2), (x_3, x_4), ... by the angle of its position.

    Args:
        x: queries or keys, (B, nh, T, hs).
        rope_cache: what `precompute_rotary_emb` returns, (P, hs / 2, 2), with P at least T.

    Returns:
        (B, nh, T, hs): at position t the pair i is (x_1 cos - x_2 sin, x_1 sin + x_2 cos) of the angle t θ_i.
    """
    # Question 4h: your code starts here.
    raise NotImplementedError("4h: not implemented yet")
    # Question 4h: your code ends here.


class CausalSelfAttention(nn.Module):
    """Attention with several heads, in which no position looks at later ones.

    Attributes:
        query, key, value, proj: the layers `nn.Linear(C, C)` that make queries, keys and values, and the output.
        attn_drop, resid_drop: dropout of the attention weights, and of the output.
        rope_cache: the angles of positions, if config.rope is true.
    """

    def __init__(self, config: Any) -> None:
        """Question 4g. Make the layers.

        Args:
            config: has n_embd (C), n_head (nh), block_size (the most positions there are), attn_pdrop and resid_pdrop
                (the probabilities of the two dropouts) and rope.
        """
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.n_head = config.n_head
        self.rope = config.rope
        # Question 4g: your code starts here.
        raise NotImplementedError("4g: not implemented yet")
        # Question 4g: your code ends here.
        if self.rope:
            # Question 4h: your code starts here.
            raise NotImplementedError("4h: not implemented yet")
            # Question 4h: your code ends here.

    def forward(self, x: Tensor, layer_past: None = None) -> Tensor:
        """Question 4g. Return what each position takes from itself and those before it, (B, T, C), for x, (B, T, C).

        Make `query`, `key` and `value`, each (B, nh, T, hs), and with rope turn those that should be turned; then weigh
        the values, join the heads, and apply proj and its dropout.
        """
        B, T, C = x.shape
        # Question 4g: your code starts here.
        raise NotImplementedError("4g: not implemented yet")
        # Question 4g: your code ends here.
        if self.rope:
            # Question 4h: your code starts here.
            raise NotImplementedError("4h: not implemented yet")
            # Question 4h: your code ends here.
        # Question 4g: your code starts here.
        raise NotImplementedError("4g: not implemented yet")
        # Question 4g: your code ends here.
