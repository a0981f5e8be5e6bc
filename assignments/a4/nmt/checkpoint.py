"""Files that training goes on from: plain data and tensors, read without running code, complete or not there.

A checkpoint has all that the next update hangs on: weights, the optimizer's moments, the place in the epoch and the
state of the random numbers. It is written beside its place and then moved there, and only then older ones are removed:
whenever training is killed, the last complete one is there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import nn

SIZES = {"embed_size": int, "hidden_size": int, "dropout_rate": float}
"""What a model is made with, beside its words."""


class CheckpointError(ValueError):
    """A file can't be read, or not be used here; the message is one line."""


class SaveError(RuntimeError):
    """A file can't be written, and what was there before is as it was; the message is one line."""


def write(path: Path, save: Callable[[BinaryIO], object]) -> None:
    """Make a file by save(an open file), so that it is complete or as it was before; raise SaveError if not."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:
        raise SaveError(f"{path}: can't be written: {reason(error)}; what was there before is unharmed") from None
    finally:
        part.unlink(missing_ok=True)


def spare(path: Path, inputs: Iterable[Path | None]) -> None:
    """Raise SaveError if what is to be written at path would replace one of the inputs (None: not given)."""
    for given in inputs:
        if given and path.exists() and given.exists() and path.samefile(given):
            raise SaveError(f"{path}: won't be overwritten: it is {given}, which is read; name another file to write")


def reason(error: BaseException) -> str:
    """Return what the system said of a failure: torch.save makes a RuntimeError of it, and it is what came before."""
    while not isinstance(error, OSError) and error.__context__:
        error = error.__context__
    return (isinstance(error, OSError) and error.strerror) or str(error).partition("\n")[0]


def read(path: Path) -> dict[str, Any]:
    """Return what torch.save wrote; raise CheckpointError if it isn't there, is damaged or is something else."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise CheckpointError(f"{path}: can't be read: {error.strerror}") from None
    with file:
        try:
            content = torch.load(file, map_location="cpu", weights_only=True)
        except Exception:  # what torch raises for a file that is cut off, or not its own, depends on where it stumbles
            content = None
    with understood(path):
        if not isinstance(content, dict) or "weights" not in content:
            raise TypeError("no weights")
    return content


@contextlib.contextmanager
def understood(path: Path) -> Iterator[None]:
    """Raise CheckpointError if what is done here fails, path's content being something else than was written."""
    try:
        yield
    except CheckpointError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        raise CheckpointError(f"{path}: not a model or a checkpoint of this program, or a damaged one") from None


def load_weights(model: nn.Module, weights: dict[str, torch.Tensor], path: Path) -> None:
    """Put weights from path into model; raise CheckpointError if they are none, or of another shape."""
    ours = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    with understood(path):
        theirs = {name: tuple(value.shape) for name, value in weights.items()}
    for name in [*ours, *theirs]:
        if ours.get(name) != theirs.get(name):
            there, here = (f"{names[name]}" if name in names else "missing" for names in (theirs, ours))
            raise CheckpointError(f"{path}: made for another model: {name} is {there} there and {here} here")
    model.load_state_dict(weights)


def load_model(path: Path, make: Callable[..., nn.Module]) -> Any:
    """Return the model that its `save` wrote, make being its class; raise CheckpointError."""
    from vocab import Vocab, VocabError

    saved = read(path)
    if "sizes" not in saved or "vocab" not in saved:
        raise CheckpointError(f"{path}: a checkpoint, not a model; the model is model.bin beside it")
    try:
        vocab = Vocab.read_plain(saved["vocab"])
    except VocabError as error:
        raise CheckpointError(f"{path}: {error}") from None
    with understood(path):  # not around make, which is the student's
        sizes = {name: kind(saved["sizes"][name]) for name, kind in SIZES.items()}
        if min(sizes["embed_size"], sizes["hidden_size"]) < 1 or not 0 <= sizes["dropout_rate"] <= 1:
            raise ValueError("no such model")
    model = make(vocab=vocab, **sizes)
    load_weights(model, saved["weights"], path)
    return model


class Checkpoints:
    """The checkpoints in a folder, one of them the newest, and one, maybe the same, the best on dev."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, update: int) -> Path:
        """Return where the checkpoint of an update is."""
        return self.folder / f"checkpoint-{update:07}.bin"

    def all(self) -> list[Path]:
        """Return the checkpoints that there are, oldest first."""
        return sorted(self.folder.glob("checkpoint-*.bin"))

    def newest(self) -> Path | None:
        """Return the checkpoint to go on from, or None."""
        return max(self.all(), default=None)

    def remove(self) -> None:
        """Remove them all."""
        for path in self.all():
            path.unlink()

    def save(self, update: int, content: dict[str, Any], best: int) -> None:
        """Write the checkpoint of an update, and remove all but that and the best one."""
        write(self.path(update), lambda file: torch.save(content, file))
        for other in self.all():
            if other not in (self.path(update), self.path(best)):
                other.unlink()
