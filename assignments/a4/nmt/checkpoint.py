"""Checkpoints of training, and saved models: what they hold. How they are written and read: sanity.training.checkpoint.

A checkpoint holds everything that the next update depends on:

    fingerprint   the vocabulary, the recipe and the text that it belongs to
    state         the counters, the place in the epoch, the best score
    weights       of the model
    optimizer     Adam's moments
    random        the generators that dropout draws from
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import nn

from nmt.batches import Pair
from nmt.recipe import Recipe
from sanity.training.checkpoint import CheckpointError, as_checkpoint_error, crc, load_weights, read
from sanity.training.recipe import option
from vocab import Vocab, VocabError

SIZES = {"embed_size": int, "hidden_size": int, "dropout_rate": float}
"""Arguments of the model's constructor, besides the vocabulary."""
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


def fingerprint(model: Any, pairs: Sequence[Pair], recipe: Recipe, dev: Sequence[Pair]) -> dict[str, str]:
    """Return what a run must share with a checkpoint to resume from it, as text by name."""
    vocabulary = f"{len(model.vocab.src)}/{len(model.vocab.tgt)} words, {crc(model.vocab.to_plain())}"
    numbers = {option(name): str(value) for name, value in asdict(recipe).items() if name not in CHANGEABLE}
    texts = {"training pairs": f"{len(pairs)}, {crc(pairs)}", "pairs of dev": f"{len(dev)}, {crc(dev)}"}
    return numbers | {"vocabulary": vocabulary} | texts


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
