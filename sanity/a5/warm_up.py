"""What runs once in the zygote, so that workers start warm."""

from __future__ import annotations


def warm_up() -> None:
    """Run a small layer forwards and backwards: torch prepares its kernels at the first call."""
    import torch

    import sanity.a5.beside.decoders  # noqa: F401

    layer, norm, embedding = torch.nn.Linear(6, 6), torch.nn.LayerNorm(6), torch.nn.Embedding(4, 6)
    x = norm(embedding(torch.tensor([[0, 1, 2], [3, 2, 1]])))
    weights = torch.softmax(x @ layer(x).transpose(1, 2).masked_fill(x[:, :, :3].detach() > 9, -1), dim=-1)
    torch.nn.functional.cross_entropy(torch.tanh(weights @ x)[:, 0], torch.tensor([1, 2])).backward()
