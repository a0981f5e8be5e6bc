"""What files of earlier years rely on, for courses that still take them: `legacy = true` in assignment.toml."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

MASKED = ("masked_fill", "masked_fill_", "masked_select", "masked_scatter", "masked_scatter_")


@cache
def accept_legacy() -> None:
    """Let torch take a mask of bytes for one of booleans, as until 1.12: 2019 has `enc_masks.byte()`."""
    import torch

    for place in (torch, torch.Tensor):
        for name in MASKED:
            if function := getattr(place, name, None):
                setattr(place, name, _with_boolean_mask(function, 1))
    torch.where = _with_boolean_mask(torch.where, 0)
    torch.Tensor.where = _with_boolean_mask(torch.Tensor.where, 1)  # type: ignore[method-assign]


def _with_boolean_mask(function: Callable[..., Any], place: int) -> Callable[..., Any]:
    """Return a function of torch that gets booleans where its mask, the argument at this place, holds bytes."""
    import torch

    def as_boolean(value: Any) -> Any:
        return value.bool() if isinstance(value, torch.Tensor) and value.dtype is torch.uint8 else value

    @wraps(function)
    def accepting(*args: Any, **options: Any) -> Any:
        args = tuple(as_boolean(value) if i == place else value for i, value in enumerate(args))
        return function(*args, **{name: as_boolean(value) for name, value in options.items()})

    return accepting
