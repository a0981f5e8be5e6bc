"""What the probes of `recurrent.py` share: tensors of a case, in float64, and gradients by them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from sanity.core.case import Case


@contextlib.contextmanager
def doubles() -> Iterator[None]:
    """Make new tensors float64, so that `torch.zeros(…)` in an answer fits the case."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def seeded(seed: int) -> torch.Generator:
    """Return a new generator, and seed the global one: an answer that uses that in its place gives the same again."""
    torch.default_generator.manual_seed(seed + 1)
    return torch.Generator().manual_seed(seed)


def tensors(case: Case, *names: str, learn: bool = False) -> dict[str, Tensor]:
    """Copy some values of a case into tensors, by name; learn says whether gradients arrive there."""
    return {name: torch.tensor(case.values[name]).requires_grad_(learn) for name in names}


def loss_and_gradients(outputs: Any, by: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    """Return a weighted sum of all outputs, and its gradients by some tensors, zeros where none arrives.

    Each entry has another weight, so that the gradient is different everywhere.
    """
    many = outputs if isinstance(outputs, list | tuple) else [outputs]
    loss = torch.zeros(())
    for place, output in enumerate(many):
        weights = torch.cos(torch.arange(output.numel()) + place).reshape(output.shape)
        loss = loss + (output * weights).sum()
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    return loss, {name: arrived(x) for name, x in by.items()}


def arrived(leaf: Tensor) -> Tensor:
    """Return the gradient that arrived at a leaf, as exact as an answer in float32 has it, which is right, too."""
    return (torch.zeros_like(leaf) if leaf.grad is None else leaf.grad).float()


def mixing(rows: int, columns: int) -> Tensor:
    """Return a matrix whose entries are all different, from -1 to 1."""
    return torch.cos(torch.arange(rows * columns)).reshape(rows, columns)


def simple_cell(x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Mix an input, (B, D), and a state, (B, H) twice, into the next state: a cell without gates."""
    h, c = state
    c = torch.sin(c / 2 + x @ mixing(x.shape[1], h.shape[1]) + h)
    return torch.tanh(h / 2 - c + 0.3), c
