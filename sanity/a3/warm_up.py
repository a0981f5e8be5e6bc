"""What runs once in the zygote, so that workers start warm."""

from __future__ import annotations


def warm_up() -> None:
    """Run a small network forwards and backwards: torch prepares its kernels at the first call."""
    import torch

    import sanity.a3.beside.model
    import sanity.a3.beside.training  # noqa: F401

    weight = torch.nn.Parameter(torch.ones(6, 4))
    features = torch.ones(5, 3)[torch.tensor([[0, 1], [2, 3]])].flatten(start_dim=1)
    torch.nn.Dropout()(torch.relu(features @ weight)).sum().backward()
