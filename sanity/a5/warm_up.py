"""What runs once in the zygote, so that workers start warm."""

from __future__ import annotations


def warm_up() -> None:
    """Run a small layer forwards and backwards: torch prepares its kernels at the first call."""
    import torch

    import sanity.a5.beside.decoders
    import sanity.a5.beside.parts
    import sanity.a5.beside.transfer  # noqa: F401

    layer, norm, embedding = torch.nn.Linear(6, 6), torch.nn.LayerNorm(6), torch.nn.Embedding(4, 6)
    x = norm(embedding(torch.tensor([[0, 1, 2], [3, 2, 1]])))
    scores = (x @ layer(x).transpose(1, 2)).masked_fill(x[:, :, :3] > 9, -1)
    attended = torch.tanh(torch.softmax(scores, dim=-1) @ x)
    torch.nn.functional.cross_entropy(attended[:, 0], torch.tensor([1, 2])).backward()
    x = norm(torch.ones(2, 3, 6))
    weights = torch.nn.Dropout()(torch.softmax(x @ layer(x).transpose(1, 2), dim=-1))
    torch.relu(weights @ x).sum().backward()  # type: ignore[no-untyped-call]
