"""Copying strings, and the world: what is learnt in a round, and what is asked after it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from training import corruption
from training.questions import Batch, answered, batches, characters
from training.recipe import Recipe


@dataclass
class Strings:
    """Questions are learnt directly: the strings to copy and to reverse."""

    recipe: Recipe
    questions: Sequence[str]
    answers: Sequence[str]
    vocabulary: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.vocabulary = characters([*self.questions, *self.answers])
        length = self.recipe.context_length + 1
        self._texts = answered(self.questions, self.answers, self.vocabulary, length)
        self.examples = len(self.questions)

    def epoch(self, generator: torch.Generator) -> Iterator[Batch]:
        """Yield all questions once."""
        return batches(self._texts, self.recipe.main.batch_size, generator)

    def finetuning(self, generator: torch.Generator) -> Iterator[Batch]:
        """Yield nothing: there is no second stage."""
        return iter(())


@dataclass
class World:
    """Documents are read first, by span corruption; then questions are learnt."""

    recipe: Recipe
    documents: Sequence[str]
    questions: Sequence[str]
    answers: Sequence[str]
    vocabulary: list[str] = field(init=False)

    def __post_init__(self) -> None:
        from dataset import CharCorruptionDataset

        assert self.recipe.finetuning
        self._dataset: Any = CharCorruptionDataset("\n".join(self.documents), self.recipe.context_length)
        self.vocabulary = corruption.vocabulary(self._dataset)
        length = self.recipe.context_length + 1
        self._texts = answered(self.questions, self.answers, self.vocabulary, length)
        self.examples = len(self._dataset)

    def epoch(self, generator: torch.Generator) -> Iterator[Batch]:
        """Yield all documents once."""
        recipe = self.recipe
        return corruption.batches(self._dataset, recipe.main.batch_size, recipe.context_length, generator)

    def finetuning(self, generator: torch.Generator) -> Iterator[Batch]:
        """Yield all questions once."""
        assert self.recipe.finetuning
        return batches(self._texts, self.recipe.finetuning.batch_size, generator)


def fingerprint(recipe: Recipe, *texts: Sequence[str]) -> str:
    """Return what a run must share with a checkpoint to go on from it."""
    return f"{recipe} {zlib.crc32(repr(texts).encode()):08x}"
