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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nmt.atomic import write_atomically
from nmt.batches import Pair
from nmt.recipe import Recipe, option
from vocab import Vocab, VocabError

SIZES = {"embed_size": int, "hidden_size": int, "dropout_rate": float}
"""Arguments of the model's constructor, besides the vocabulary."""
CHANGEABLE = ("max_epoch", "max_updates", "max_num_trial", "log_every", "beam_size", "max_decoding_time_step")
"""Hyper-parameters that a resumed run may change: its limits, how often it logs, and how it translates at the end."""


class CheckpointError(ValueError):
    """A checkpoint or a model that can't be read, or doesn't fit; the message is one line."""


@dataclass
class TrainingState:
    """The counters of training; a checkpoint stores them by these names. Times are in seconds."""

    epoch: int = 1
    batches: int = 0  # finished in this epoch
    update: int = 0
    seconds: float = 0.0

    # Since the last line of the log
    loss: float = 0.0
    words: int = 0
    sentences: int = 0
    learning_seconds: float = 0.0

    examples: int = 0  # sentences since the last validation
    last_validation: int = 0  # its update
    best_score: float = -math.inf
    best_update: int = 0  # 0: no validation yet
    stale: int = 0  # validations since the last improvement or return to the best weights
    trials: int = 0
    decay: float = 1.0  # factor of the learning rate
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


def fingerprint(model: Any, pairs: Sequence[Pair], recipe: Recipe, dev: Sequence[Pair]) -> dict[str, str]:
    """Return what a run must share with a checkpoint to resume from it, as text by name."""
    vocabulary = f"{len(model.vocab.src)}/{len(model.vocab.tgt)} words, {crc(model.vocab.to_plain())}"
    numbers = {option(name): str(value) for name, value in asdict(recipe).items() if name not in CHANGEABLE}
    texts = {"training pairs": f"{len(pairs)}, {crc(pairs)}", "pairs of dev": f"{len(dev)}, {crc(dev)}"}
    return numbers | {"vocabulary": vocabulary} | texts


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
    state: it depends on the seed and the epoch alone (batches.py).
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


def load_model(path: Path, make_model: Callable[..., nn.Module]) -> Any:
    """Return the model that `NMT.save` wrote to path, on the CPU.

    Args:
        path: a model.bin.
        make_model: the model's class, called with `vocab` and the arguments in SIZES.

    Raises:
        CheckpointError: path can't be read, or isn't a model. Errors of make_model are not caught.
    """
    saved = read(path)
    if "sizes" not in saved or "vocab" not in saved:
        raise CheckpointError(f"{path}: a checkpoint, not a model; the model is model.bin in the same folder")
    try:
        vocab = Vocab.read_plain(saved["vocab"])
    except VocabError as error:
        raise CheckpointError(f"{path}: {error}") from None
    with as_checkpoint_error(path):  # doesn't enclose make_model, whose errors are the student's
        sizes = {name: kind(saved["sizes"][name]) for name, kind in SIZES.items()}
        if min(sizes["embed_size"], sizes["hidden_size"]) < 1 or not 0 <= sizes["dropout_rate"] <= 1:
            raise ValueError("no such model")
    model = make_model(vocab=vocab, **sizes)
    load_weights(model, saved["weights"], path)
    return model


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
