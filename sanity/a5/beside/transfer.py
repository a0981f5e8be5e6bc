"""Bodies, heads and models for the probes of 5d and 5e."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sanity.core.case import Case


def filled(module: nn.Module, seed: int) -> nn.Module:
    """Return a module with random weights in double precision."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double()
    with torch.no_grad():
        for weights in module.parameters():
            weights.copy_(torch.randn(weights.shape, generator=generator, dtype=torch.float64) * 0.5)
    return module


def parts(case: Case) -> tuple[nn.Module, nn.Module]:
    """Return a body and a head of a case's sizes; a body with a norm keeps means of what it has read in training."""
    layers: list[nn.Module] = [nn.Linear(case.inputs.shape[1], case.C), nn.Tanh()]
    if case.norm:
        layers.append(nn.BatchNorm1d(case.C))
    body, head = nn.Sequential(*layers), nn.Linear(case.C, case.V)
    filled(body, case.seed)
    filled(head, case.seed + 1)
    if case.partly:
        layers[0].bias.requires_grad_(False)
    return body, head


def state(module: nn.Module) -> dict[str, Any]:
    """Return copies of a module's weights and of what its layers keep, by name."""
    return {name: value.detach().clone().double() for name, value in module.state_dict().items()}


class Parrot:
    """A causal model. What it says depends on every token so far, and not on the batch.

    It says what most answers of a case have; after one token that differs it says others.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.read: list[int] = []
        """The lengths of what it has read."""

    def __call__(self, tokens: Tensor) -> Tensor:
        """Return logits, (B, T, V)."""
        V = self.case.V
        assert tokens.dim() == 2 and tokens.dtype == torch.int64, "the model reads whole numbers, (B, T)"
        self.read.append(tokens.size(1))
        weights = torch.tensor(self.case.rule)[: tokens.size(1)]
        said = ((tokens * weights).cumsum(dim=1) + torch.arange(tokens.size(1))) % V
        logits = torch.zeros(*tokens.shape, V, dtype=torch.float64)
        for token in range(V):
            logits[..., token] = -((token - said) % V).double()
        return logits
