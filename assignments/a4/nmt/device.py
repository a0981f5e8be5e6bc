"""Where to compute, and how exactly: the CPU or a GPU."""

from __future__ import annotations

import contextlib

import torch


class DeviceError(ValueError):
    """There is no such device here; the message is one line."""


def device_named(name: str) -> torch.device:
    """Return the device called auto (a GPU if there is one), cpu, cuda or cuda:1, or raise DeviceError."""
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
    """Return a context to compute the loss in: bf16 multiplies in 16 bits on a GPU; off, or a CPU, in 32."""
    if mixed == "bf16" and device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """Return where the random numbers of dropout are, on the CPU and on the device."""
    state = {"cpu": torch.get_rng_state()}
    return state | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def set_random_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """Go on with the random numbers from there; those of a GPU only on a GPU."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
