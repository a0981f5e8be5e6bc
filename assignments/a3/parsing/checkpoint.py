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
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from parsing.features import N_FEATURES, Instances
from parsing.recipe import Recipe
from parsing.vocabulary import Vocabulary
from sanity.training.atomic import write_atomically
from sanity.training.checkpoint import CheckpointError, as_checkpoint_error, crc, load_weights, read
from sanity.training.recipe import option

CHANGEABLE = ("max_epoch", "max_updates", "patience", "log_every")
"""Hyper-parameters that a resumed run may change: its limits, and how often it logs."""
SIZES = {"embed_size": int, "hidden_size": int, "dropout_prob": float}
"""What a model is made with, besides the vocabulary."""


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


def fingerprint(instances: Instances, recipe: Recipe, vocabulary: Vocabulary) -> dict[str, str]:
    """Return what a run must share with a checkpoint to resume from it, as text by name."""
    numbers = {option(name): str(value) for name, value in asdict(recipe).items() if name not in CHANGEABLE}
    examples = zlib.crc32(instances.classes.tobytes(), zlib.crc32(np.ascontiguousarray(instances.features).tobytes()))
    texts = {
        "vocabulary": f"{len(vocabulary)} words and tags, {crc(vocabulary.to_plain())}",
        "training text": f"{len(instances.classes)} transitions, {examples:08x}",
    }
    return numbers | texts


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
