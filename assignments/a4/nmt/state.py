"""Where training is, and what it was begun with."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt.batches import Pair
from nmt.checkpoint import CheckpointError
from nmt.recipe import Recipe

FIXED = ("embed_size", "hidden_size", "batch_size", "seed")
"""What a run that resumes can't change: the place in the epoch means something only with these."""


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


def fingerprint(model: Any, pairs: Sequence[Pair], recipe: Recipe) -> dict[str, str]:
    """Return what a checkpoint must have been made of to go on from it."""
    vocabulary = f"{len(model.vocab.src)}/{len(model.vocab.tgt)} words, {crc(model.vocab.to_plain())}"
    sizes = {name: str(getattr(recipe, name)) for name in FIXED}
    return sizes | {"vocabulary": vocabulary, "training pairs": f"{len(pairs)}, {crc(pairs)}"}


def must_match(then: dict[str, str], now: dict[str, str], path: Path) -> None:
    """Raise CheckpointError if the checkpoint at path was made of something else than now."""
    for what in now:
        if then.get(what) != now[what]:
            advice = "resume with the same, or train in another folder"
            raise CheckpointError(f"{path}: made with {what} {then.get(what)}, not {now[what]}: {advice}")


def crc(plain: Any) -> str:
    """Return a short number that differs for different data."""
    return f"{zlib.crc32(repr(plain).encode()):08x}"
