"""Checkpoints of training, and saved models: plain data and tensors, read without running code.

A checkpoint holds everything that the next update depends on:

    fingerprint   the vocabulary, the recipe and the text that it belongs to
    state         the counters, the place in the epoch, the best score
    weights       of the model
    optimizer     Adam's moments
    random        the generators that dropout draws from

The newest checkpoint is complete at any time: it is written atomically, and only then are older ones removed.
"""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from parsing.atomic import write_atomically
from parsing.features import N_FEATURES, Instances
from parsing.recipe import Recipe, option
from parsing.vocabulary import Vocabulary

CHANGEABLE = ("max_epoch", "max_updates", "patience", "log_every")
"""Hyper-parameters that a resumed run may change: its limits, and how often it logs."""
SIZES = {"embed_size": int, "hidden_size": int, "dropout_prob": float}
"""What a model is made with, besides the vocabulary."""


class CheckpointError(ValueError):
    """A checkpoint or a model that can't be read, or doesn't fit; the message is one line."""


@dataclass
class TrainingState:
    """The counters of training; a checkpoint stores them by these names. Times are in seconds."""

    epoch: int = 1
    batches: int = 0  # finished in this epoch
    update: int = 0
    examples: int = 0
    seconds: float = 0.0

    # Since the last line of the log
    loss: float = 0.0
    learnt: int = 0
    learning_seconds: float = 0.0

    last_validation: int = 0  # its update
    best_score: float = -math.inf
    best_update: int = 0  # 0: no validation yet
    stale: int = 0  # validations since the last improvement
    enough: bool = False


def state_from_plain(plain: dict[str, Any]) -> TrainingState:
    """Return the state that `asdict` made plain. Raises KeyError, TypeError or ValueError for anything else."""
    for name, initial in asdict(TrainingState()).items():
        value = plain[name]
        if not isinstance(value, (int, float) if isinstance(initial, float) else type(initial)):
            raise TypeError(f"{name} is {value!r}")
        if isinstance(initial, int) and value < 0:
            raise ValueError(f"{name} is {value}")
    return TrainingState(**plain)


def fingerprint(instances: Instances, recipe: Recipe, vocabulary: Vocabulary) -> dict[str, str]:
    """Return what a run must share with a checkpoint to resume from it, as text by name."""
    numbers = {option(name): str(value) for name, value in asdict(recipe).items() if name not in CHANGEABLE}
    examples = zlib.crc32(instances.classes.tobytes(), zlib.crc32(np.ascontiguousarray(instances.features).tobytes()))
    words = zlib.crc32(repr(vocabulary.to_plain()).encode())
    texts = {
        "vocabulary": f"{len(vocabulary)} words and tags, {words:08x}",
        "training text": f"{len(instances.classes)} transitions, {examples:08x}",
    }
    return numbers | texts


def check_fingerprint(saved: dict[str, str], current: dict[str, str], path: Path) -> None:
    """Raise CheckpointError if the checkpoint at path belongs to another vocabulary, recipe or text."""
    for name in current:
        if saved.get(name) != current[name]:
            advice = "resume with the same, or train in another folder"
            raise CheckpointError(f"{path}: made with {name} {saved.get(name)}, not {current[name]}: {advice}")


def rng_state(device: torch.device) -> dict[str, torch.Tensor]:
    """Return the state of the random number generators, of the CPU and, if the device is one, of the GPU.

    Dropout draws from the generator of the device. Without its state in the checkpoint a resumed run would draw other
    masks, and its losses would differ from those of a run that was never stopped. The order of the batches needs no
    state: it depends on the seed and the epoch alone.
    """
    state = {"cpu": torch.get_rng_state()}
    return state | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def set_rng_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """Restore what `rng_state` returned; a GPU's part is ignored on a CPU."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)


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


def save_model(path: Path, model: nn.Module, vocabulary: Vocabulary, recipe: Recipe) -> None:
    """Write a model with all that parsing needs. Raises SaveError."""
    sizes = {"embed_size": recipe.embed_size, "hidden_size": recipe.hidden_size, "dropout_prob": recipe.dropout}
    content = {"vocabulary": vocabulary.to_plain(), "sizes": sizes, "weights": model.state_dict()}
    write_atomically(path, lambda file: torch.save(content, file))


def load_model(path: Path, make_model: Callable[..., nn.Module]) -> tuple[Any, Vocabulary]:
    """Return the model that `save_model` wrote to path, on the CPU and in evaluation mode, and its vocabulary.

    Args:
        path: a model.bin.
        make_model: the class ParserModel.

    Raises:
        CheckpointError: path can't be read, or isn't a model. Errors of make_model are not caught.
    """
    saved = read(path)
    if "sizes" not in saved:
        raise CheckpointError(f"{path}: a checkpoint, not a model; the model is model.bin in the same folder")
    with as_checkpoint_error(path):  # doesn't enclose make_model, whose errors are the student's
        vocabulary = Vocabulary.from_plain(saved["vocabulary"])
        sizes = {name: kind(saved["sizes"][name]) for name, kind in SIZES.items()}
        if min(sizes["embed_size"], sizes["hidden_size"]) < 1 or not 0 <= sizes["dropout_prob"] <= 1:
            raise ValueError("no such model")
    embeddings = np.zeros((len(vocabulary), sizes.pop("embed_size")), np.float32)
    model = make_model(embeddings, n_features=N_FEATURES, n_classes=vocabulary.n_classes, **sizes)
    load_weights(model, saved["weights"], path)
    return model.eval(), vocabulary


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
