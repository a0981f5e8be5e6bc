"""Adam, as the training loops make it and resume it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def make_adam(model: nn.Module, lr: float) -> torch.optim.Adam:
    """Return Adam for the model's weights, fused (all weights in one call) where this PyTorch can."""
    try:
        return torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    except RuntimeError:  # before PyTorch 2.4, on a CPU
        return torch.optim.Adam(model.parameters(), lr=lr)


def load_moments(adam: torch.optim.Adam, saved: dict[str, Any]) -> None:
    """Restore Adam's moments from its saved state_dict; the learning rate stays.

    Raises:
        KeyError, TypeError, ValueError, …: saved isn't such a state, or its shapes are not the weights'.
    """
    adam.load_state_dict({"state": saved["state"], "param_groups": adam.state_dict()["param_groups"]})
    for weight, moments in adam.state.items():
        if not weight.shape == moments["exp_avg"].shape == moments["exp_avg_sq"].shape:
            raise ValueError("moments of another shape")
        moments["step"].item()
