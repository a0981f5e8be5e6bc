"""Checkpoints: plain data and tensors, written atomically and read without running code.

fingerprint    the task, the recipe and the data that it belongs to, as text
recipe         its values
round, update  how far training is
weights        of the model that learns, and `optimizer`, Adam's moments
vocabulary     characters by number
best           the score on dev, the round and the weights of the model that answered best
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

NAME = "checkpoint.pt"
NAMES = {"fingerprint", "recipe", "round", "update", "enough", "weights", "optimizer", "vocabulary", "best"}


class CheckpointError(ValueError):
    """A checkpoint that can't be read or doesn't fit; the message is one line."""


class SaveError(RuntimeError):
    """A checkpoint that can't be written; the last one is intact. The message is one line."""


def save(folder: Path, content: dict[str, Any]) -> None:
    """Write the checkpoint of a folder; a process killed meanwhile leaves the last one. Raises SaveError."""
    path = folder / NAME
    part = path.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:
        raise SaveError(f"{path}: can't be written: {_cause(error)}") from None


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


def _cause(error: BaseException) -> str:
    """Return the operating system's reason; torch.save hides it behind a RuntimeError."""
    while not isinstance(error, OSError) and error.__context__:
        error = error.__context__
    return (isinstance(error, OSError) and error.strerror) or str(error).partition("\n")[0]
