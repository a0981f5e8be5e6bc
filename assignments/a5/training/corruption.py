"""The documents of pretraining, by your CharCorruptionDataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from training.questions import MASK, PAD, Batch, DataError


def vocabulary(dataset: Any) -> list[str]:
    """Return the characters of a CharCorruptionDataset by number. Raises DataError if they can't be used."""
    try:
        found = {int(number): str(character) for character, number in dict(dataset.stoi).items()}
    except (AttributeError, TypeError, ValueError):
        raise DataError("CharCorruptionDataset has no stoi that gives each character a number") from None
    if sorted(found) != list(range(len(dataset.stoi))) or any(len(character) != 1 for character in found.values()):
        raise DataError(f"stoi of CharCorruptionDataset doesn't number characters from 0 to {len(dataset.stoi) - 1}")
    if (found[0], found.get(1)) != (PAD, MASK):
        raise DataError(f"stoi of CharCorruptionDataset doesn't give {PAD!r} the number 0 and {MASK!r} the number 1")
    return [found[number] for number in range(len(found))]


def batches(dataset: Any, size: int, length: int, generator: torch.Generator) -> Iterator[Batch]:
    """Yield all documents once, in random order, `size` at a time, each corrupted anew.

    Args:
        dataset: item i is a pair (x, y) of document i: what is read, and the next characters, both padded with 0.
        size: documents in a batch.
        length: characters that the model can read; longer items are refused.
        generator: for the order.

    Columns where all documents are padded are left out, for speed.
    """
    for rows in torch.randperm(len(dataset), generator=generator).split(size):
        items = [dataset[int(row)] for row in rows]
        inputs, targets = (torch.stack([torch.as_tensor(item[part]) for item in items]).long() for part in (0, 1))
        used = int((targets != 0).any(0).sum())
        if inputs.dim() != 2 or inputs.shape != targets.shape or inputs.shape[1] > length:
            shapes = f"{tuple(inputs.shape[1:])} and {tuple(targets.shape[1:])}"
            raise DataError(f"items of CharCorruptionDataset have shapes {shapes}, not twice ({length},), or one less")
        yield Batch(inputs[:, :used], targets[:, :used])
