"""Checkpoints: plain data and tensors, written atomically and read without running code.

fingerprint    the task, the recipe and the data that it belongs to, as text
recipe         its values
round, update  how far training is
weights        of the model that learns, and `optimizer`, Adam's moments
vocabulary     characters by number
best           the score on dev, the round and the weights of the model that answered best
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from sanity.training.atomic import SaveError, write_atomically
from sanity.training.checkpoint import CheckpointError

NAME = "checkpoint.pt"
NAMES = {"fingerprint", "recipe", "round", "update", "enough", "weights", "optimizer", "vocabulary", "best"}


def save(folder: Path, content: dict[str, Any]) -> None:
    """Write the checkpoint of a folder; a process killed meanwhile leaves the last one. Raises SaveError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"{folder}: can't be created: {error.strerror}") from None
    write_atomically(folder / NAME, lambda file: torch.save(content, file))


def read(folder: Path) -> dict[str, Any]:
    """Return the checkpoint of a folder. Raises CheckpointError: there is none, or it is damaged."""
    path = folder / NAME
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except Exception:  # which exception torch raises depends on the byte where reading fails
        content = None
    if not isinstance(content, dict) or not set(content) >= NAMES:
        raise CheckpointError(f"{path}: not a checkpoint of this program, or a damaged one")
    return content
