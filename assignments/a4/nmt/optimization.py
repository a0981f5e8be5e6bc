"""One update of the weights: loss, gradient, clipping, a step of Adam."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nmt.batches import Batch
from nmt.capture import decoder
from nmt.device import precision
from nmt.likelihood import word_losses
from nmt.recipe import Recipe


class Descent:
    """A model, its optimizer and the learning rate."""

    def __init__(self, model: Any, recipe: Recipe, device: torch.device, updates: int) -> None:
        """Args: the model on its device, the recipe, and how many updates there will be at most."""
        self.model, self.recipe, self.device, self.updates = model, recipe, device, updates
        self.optimizer = adam(model, recipe.lr)
        self.decode = decoder(model)

    def step(self, batch: Batch, rate: float) -> Tensor:
        """Learn from a batch with this learning rate; return the sum of its losses, which the GPU may still compute."""
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        with precision(self.recipe.mixed_precision, self.device):
            loss = word_losses(self.model, batch, self.recipe.label_smoothing, self.decode).sum()
        (loss / len(batch.source_lengths)).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_grad)
        self.optimizer.step()
        return loss.detach()

    def go_back(self, saved: dict[str, Any]) -> None:
        """Give the optimizer the moments that its `state_dict` saved; raise what comes of it if they are none."""
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": saved["state"], "param_groups": groups})
        for weight, moments in self.optimizer.state.items():
            if not weight.shape == moments["exp_avg"].shape == moments["exp_avg_sq"].shape:
                raise ValueError("moments of another shape")
            moments["step"].item()

    def rate(self, done: int, decay: float) -> float:
        """Return the learning rate after this many updates, decay being what the looks at dev make of it."""
        rate = self.recipe.lr * decay
        if done < self.recipe.warmup:
            rate *= (done + 1) / self.recipe.warmup
        if self.recipe.schedule == "linear":
            rate *= 1 - done / self.updates
        return rate


def adam(model: nn.Module, lr: float) -> torch.optim.Adam:
    """Return Adam for the model's weights, all updated in one call where this PyTorch can."""
    try:
        return torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    except RuntimeError:  # before PyTorch 2.4, on a CPU
        return torch.optim.Adam(model.parameters(), lr=lr)
