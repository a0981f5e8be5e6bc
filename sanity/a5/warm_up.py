"""What the zygote runs once, so that each worker starts warm."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from sanity.a5 import beside


def warm_up() -> None:
    """Load what probes use, and run a small layer forwards and backwards: torch prepares kernels at the first call."""
    import torch

    for module in iter_modules(beside.__path__, f"{beside.__name__}."):
        import_module(module.name)
    layer, norm = torch.nn.Linear(6, 6), torch.nn.LayerNorm(6)
    x = norm(torch.ones(2, 3, 6))
    weights = torch.nn.Dropout()(torch.softmax(x @ layer(x).transpose(1, 2), dim=-1))
    mixed = torch.relu(torch.tanh(weights @ x) * torch.sigmoid(x))
    torch.log_softmax(mixed, dim=-1).sum().backward()  # type: ignore[no-untyped-call]
