"""What runs once in the zygote, so that workers start warm."""

from __future__ import annotations


def warm_up() -> None:
    """Run a small recurrence forwards and backwards: torch prepares its kernels at the first call."""
    import torch

    import sanity.a5.beside.continuation
    import sanity.a5.beside.recurrent  # noqa: F401

    x, weight = torch.ones(2, 3), torch.nn.Parameter(torch.ones(3, 3))
    torch.log_softmax(torch.tanh(x @ weight.T) * torch.sigmoid(x), dim=1).sum().backward()  # type: ignore[no-untyped-call]
