"""Simple parts of a transformer, so that a question does not depend on the parts that it runs on.

None of them computes what the real part does. What they share with it is what the answers around them rely on: shapes,
and that no position depends on a later one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def waves(rows: int, columns: int, start: int) -> Tensor:
    """Return a matrix of numbers between -1 and 1 that are all different."""
    return torch.cos(start + torch.arange(rows * columns, dtype=torch.float32) * 1.7).reshape(rows, columns)


class StandIn(nn.Module):
    """Mixes the numbers of each position with those of the positions before it. It has no parameters."""

    start = 0

    def __init__(self, *arguments: Any, place: int = 0, **options: Any) -> None:
        super().__init__()
        self.place = place

    def forward(self, x: Tensor, *arguments: Any, **options: Any) -> Tensor:
        """Return numbers between -1 and 1, in the shape of x, (B, T, C)."""
        mixed = x @ waves(x.size(-1), x.size(-1), self.start + 10 * self.place)
        return torch.sin(mixed.cumsum(dim=1))


class StandInAttention(StandIn):
    """In the place of the attention of a block."""

    start = 1


class StandInMLP(StandIn):
    """In the place of the MLP of a block."""

    start = 2


class StandInBlock(StandIn):
    """In the place of a whole block; each place has another one."""

    start = 3


class ExactGELU(nn.GELU):
    """GELU of the other kind than the reference's, made with whatever arguments."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__()


def fixed_logits(tokens: Tensor, V: int) -> Tensor:
    """Return logits, (B, T, V), of which one in each row is the largest by at least a half.

    Which one that is depends on all tokens so far and on their order.
    """
    T = tokens.size(1)
    likeliest = (tokens * (2 + torch.arange(T))).cumsum(dim=1).add(torch.arange(T) * 3) % V
    return nn.functional.one_hot(likeliest, V) * 2.5 + waves(T, V, 5)


def learnt_logits(table: Tensor) -> Callable[..., Tensor]:
    """Return a forward() of tokens, (B, T), to logits, (B, T, V), that follow from a table, (V, V), with a gradient."""

    def forward(tokens: Tensor, *arguments: Any, **options: Any) -> Tensor:
        sums = table[tokens].cumsum(dim=1)
        return sums * torch.cos(torch.arange(tokens.size(1), dtype=table.dtype)).unsqueeze(1)

    return forward
