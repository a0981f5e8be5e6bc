"""Where training is, and what it was begun with."""

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

FREE = ("max_epoch", "max_updates", "max_num_trial", "log_every", "beam_size", "max_decoding_time_step")
"""What a run that resumes may change: when it ends, how often it tells, and how it translates afterwards."""


@dataclass
class State:
    """Where training is: what a checkpoint has beside weights, moments and random numbers."""

    epoch: int = 1
    batches: int = 0  # of this epoch, learnt from
    update: int = 0
    seconds: float = 0.0

    # Since the last line of the log
    loss: float = 0.0
    words: int = 0
    sentences: int = 0
    learning_seconds: float = 0.0

    examples: int = 0  # sentences since the last look at dev
    looked: int = 0  # the update of that look
    best_score: float = -math.inf
    best_update: int = 0
    waited: int = 0  # looks since the model got better or training went back
    trials: int = 0
    decay: float = 1.0  # of the learning rate
    enough: bool = False


def state_of(plain: dict[str, Any]) -> State:
    """Return the State that asdict made plain; raise KeyError, TypeError or ValueError if it is something else."""
    for name, first in asdict(State()).items():
        value = plain[name]
        if not isinstance(value, (int, float) if isinstance(first, float) else type(first)):
            raise TypeError(f"{name} is {value!r}")
        if isinstance(first, int) and value < 0:
            raise ValueError(f"{name} is {value}")
    return State(**plain)


def fingerprint(model: Any, pairs: Sequence[Pair], recipe: Recipe, dev: Sequence[Pair]) -> dict[str, str]:
    """Return what a checkpoint must have been made of to go on from it."""
    vocabulary = f"{len(model.vocab.src)}/{len(model.vocab.tgt)} words, {crc(model.vocab.to_plain())}"
    numbers = {option(name): str(value) for name, value in asdict(recipe).items() if name not in FREE}
    texts = {"training pairs": f"{len(pairs)}, {crc(pairs)}", "pairs of dev": f"{len(dev)}, {crc(dev)}"}
    return numbers | {"vocabulary": vocabulary} | texts


def must_match(then: dict[str, str], now: dict[str, str], path: Path) -> None:
    """Raise CheckpointError if the checkpoint at path was made of something else than now."""
    for what in now:
        if then.get(what) != now[what]:
            advice = "resume with the same, or train in another folder"
            raise CheckpointError(f"{path}: made with {what} {then.get(what)}, not {now[what]}: {advice}")


def crc(plain: Any) -> str:
    """Return a short number that differs for different data."""
    return f"{zlib.crc32(repr(plain).encode()):08x}"
