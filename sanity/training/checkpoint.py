"""Checkpoints of training, and saved models: plain data and tensors, read without running code.

What a checkpoint holds is the business of the assignment; here it is written, found, read and compared. The newest one
is complete at any time: it is written atomically, and only then are older ones removed.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from sanity.training.atomic import write_atomically

State = TypeVar("State")


class CheckpointError(ValueError):
    """A checkpoint or a model that can't be read, or doesn't fit; the message is one line."""


def state_from_plain(kind: Callable[..., State], plain: dict[str, Any]) -> State:
    """Return the counters that `asdict` made plain. Raises KeyError, TypeError or ValueError for anything else.

    Args:
        kind: a dataclass of whole numbers that are not negative, real numbers and truth values, all with defaults.
        plain: read from a checkpoint.
    """
    initials: Any = kind()
    for name, initial in asdict(initials).items():
        value = plain[name]
        if not isinstance(value, (int, float) if isinstance(initial, float) else type(initial)):
            raise TypeError(f"{name} is {value!r}")
        if isinstance(initial, int) and value < 0:
            raise ValueError(f"{name} is {value}")
    return kind(**plain)


def check_fingerprint(saved: dict[str, str], current: dict[str, str], path: Path) -> None:
    """Raise CheckpointError if the checkpoint at path belongs to another vocabulary, recipe or text."""
    for name in current:
        if saved.get(name) != current[name]:
            advice = "resume with the same, or train in another folder"
            raise CheckpointError(f"{path}: made with {name} {saved.get(name)}, not {current[name]}: {advice}")


def crc(plain: Any) -> str:
    """Return the CRC-32 of plain data, 8 hexadecimal digits."""
    return f"{zlib.crc32(repr(plain).encode()):08x}"


def rng_state(device: torch.device) -> dict[str, torch.Tensor]:
    """Return the state of the random number generators, of the CPU and, if the device is one, of the GPU.

    Dropout draws from the generator of the device. Without its state in the checkpoint a resumed run would draw other
    masks, and its losses would differ from those of a run that was never stopped. The order of the batches needs no
    state: it depends on the seed and the epoch alone.
    """
    state = {"cpu": torch.get_rng_state()}
    if device.type == "mps":
        return state | {"mps": torch.mps.get_rng_state()}
    return state | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def set_rng_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """Restore what `rng_state` returned; a GPU's part is ignored on a CPU."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    if device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])


def read(path: Path) -> dict[str, Any]:
    """Return the content that torch.save wrote. Raises CheckpointError: no such file, damaged, something else."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise CheckpointError(f"{path}: can't be read: {error.strerror}") from None
    with file:
        try:
            content = torch.load(file, map_location="cpu", weights_only=True)
        except Exception:  # which exception torch raises depends on the byte where reading fails
            content = None
    with as_checkpoint_error(path):
        if not isinstance(content, dict) or "weights" not in content:
            raise TypeError("no weights")
    return content


@contextlib.contextmanager
def as_checkpoint_error(path: Path) -> Iterator[None]:
    """Translate any error while decoding the content of `path` into CheckpointError."""
    try:
        yield
    except CheckpointError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        raise CheckpointError(f"{path}: not a model or a checkpoint of this program, or a damaged one") from None


def load_weights(model: nn.Module, weights: dict[str, torch.Tensor], path: Path) -> None:
    """Copy weights, read from path, into the model. Raises CheckpointError for other names or shapes."""
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    with as_checkpoint_error(path):
        found = {name: tuple(value.shape) for name, value in weights.items()}
    for name in [*expected, *found]:
        if expected.get(name) != found.get(name):
            there, here = (f"{shapes[name]}" if name in shapes else "missing" for shapes in (found, expected))
            raise CheckpointError(f"{path}: made for another model: {name} is {there} there and {here} here")
    model.load_state_dict(weights)


class Checkpoints:
    """The checkpoints in a folder: the newest one and the best one on dev, which may be the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, update: int) -> Path:
        """Return the path of the checkpoint after an update."""
        return self.folder / f"checkpoint-{update:07}.bin"

    def all(self) -> list[Path]:
        """Return the paths of all checkpoints, oldest first."""
        return sorted(self.folder.glob("checkpoint-*.bin"))

    def newest(self) -> Path | None:
        """Return the checkpoint to resume from, or None."""
        return max(self.all(), default=None)

    def remove(self) -> None:
        """Remove all checkpoints."""
        for path in self.all():
            path.unlink()

    def save(self, update: int, content: dict[str, Any], best: int) -> None:
        """Write the checkpoint of an update; remove the others but that of update `best`. Raises SaveError."""
        write_atomically(self.path(update), lambda file: torch.save(content, file))
        for other in self.all():
            if other not in (self.path(update), self.path(best)):
                other.unlink()
