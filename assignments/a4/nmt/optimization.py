"""One update of the weights: loss, gradient, clipping, a step of Adam; on which device, and how precisely."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import Tensor, nn

from nmt.batches import Batch
from nmt.losses import word_losses
from nmt.recipe import Recipe
from sanity.training.adam import make_adam


class DeviceError(ValueError):
    """There is no such device here; the message is one line."""


def device_named(name: str) -> torch.device:
    """Return the device of a name: auto (cuda if there is one), cpu, cuda, cuda:1 or mps. Raises DeviceError."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdecimal()) or name.endswith(":"):
        raise DeviceError(f"device {name!r}: expected auto, cpu, mps, cuda or cuda:0, cuda:1, …")
    if kind == "mps" and not torch.backends.mps.is_available():
        reason = "this one is made without it" if not torch.backends.mps.is_built() else "it finds no such GPU here"
        raise DeviceError(f"device {name}: for PyTorch on a Mac with an Apple GPU; {reason}: try --device cpu")
    if kind == "cuda":
        found = torch.cuda.device_count()
        if found <= int(number or 0):
            raise DeviceError(f"device {name}: PyTorch {torch.__version__} finds {found} GPUs here; try --device cpu")
    return torch.device(name)


def precision(mixed: str, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return a context for computing the loss: bf16 autocast for `bf16` on a GPU, else nothing (32 bits)."""
    if mixed == "bf16" and device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()


class ModelOptimizer:
    """A model, Adam, and the schedule of the learning rate."""

    def __init__(self, model: Any, recipe: Recipe, device: torch.device, updates: int) -> None:
        """Make Adam for a model that is on its device already; the linear schedule ends after `updates`."""
        self.model, self.recipe, self.device, self.updates = model, recipe, device, updates
        self.adam = make_adam(model, recipe.lr)

    def step(self, batch: Batch, learning_rate: float) -> Tensor:
        """Update the weights by the gradient of the mean loss per sentence.

        Returns:
            The sum of the word losses, in nats, a scalar on the device. A GPU may still be computing it.
        """
        self.model.train()
        for group in self.adam.param_groups:
            group["lr"] = learning_rate
        self.adam.zero_grad(set_to_none=True)
        with precision(self.recipe.mixed_precision, self.device):
            loss = word_losses(self.model, batch, self.recipe.label_smoothing).sum()
        (loss / len(batch.source_lengths)).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_grad)
        self.adam.step()
        return loss.detach()

    def learning_rate(self, done: int, decay: float) -> float:
        """Return the learning rate after `done` updates; decay is the factor that the plateau schedule has reached."""
        rate = self.recipe.lr * decay
        if done < self.recipe.warmup:
            rate *= (done + 1) / self.recipe.warmup
        if self.recipe.schedule == "linear":
            rate *= 1 - done / self.updates
        return rate
