"""The state of training in plain numbers, and the fingerprint of what a checkpoint belongs to."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nmt.batches import Pair
from nmt.checkpoint import CheckpointError
from nmt.recipe import Recipe, option

CHANGEABLE = ("max_epoch", "max_updates", "max_num_trial", "log_every", "beam_size", "max_decoding_time_step")
"""Hyper-parameters that a resumed run may change: its limits, how often it logs, and how it translates at the end."""


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
