"""The device (CPU or GPU), the precision, and the state of the random number generators."""

from __future__ import annotations

import contextlib

import torch


class DeviceError(ValueError):
    """There is no such device here; the message is one line."""


def device_named(name: str) -> torch.device:
    """Return the device of a name: auto (a GPU if there is one), cpu, cuda or cuda:1. Raises DeviceError."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()) or name.endswith(":"):
        raise DeviceError(f"device {name!r}: expected auto, cpu, cuda or cuda:0, cuda:1, …")
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


def rng_state(device: torch.device) -> dict[str, torch.Tensor]:
    """Return the state of the random number generators, of the CPU and, if the device is one, of the GPU.

    Dropout draws from the generator of the device. Without its state in the checkpoint a resumed run would draw other
    masks, and its losses would differ from those of a run that was never stopped. The order of the batches needs no
    state: it depends on the seed and the epoch alone (batches.py).
    """
    state = {"cpu": torch.get_rng_state()}
    return state | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def set_rng_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """Restore what `rng_state` returned; a GPU's part is ignored on a CPU."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
