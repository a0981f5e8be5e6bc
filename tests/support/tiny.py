"""A training of moments: words to say backwards, and a model of some hundred weights."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from sanity.training.tracking import ValidationResult

Modules = Callable[[str], ModuleType]
WORDS = ("ka", "lo", "mi", "nu", "re", "si")


def sentences(number: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Sentences of one to six words, and the same backwards in capitals."""
    dice = random.Random(seed)
    source = [dice.choices(WORDS, k=dice.randint(1, 6)) for _ in range(number)]
    return [" ".join(words) for words in source], [" ".join(words[::-1]).upper() for words in source]


class Tiny:
    """A vocabulary, pairs and a recipe, and models that start from the same weights."""

    def __init__(self, a4: Modules, number: int = 20, **recipe: Any) -> None:
        self.a4 = a4
        source, target = sentences(number)
        self.vocab = a4("vocab").Vocab.from_texts(source, target, freq_cutoff=1)
        self.pairs = a4("nmt.batches").indexed(a4("nmt.corpus").Texts(source, target), self.vocab)
        small = {"embed_size": 5, "hidden_size": 4, "batch_size": 4, "valid_niter": 4, "log_every": 2, "max_epoch": 3}
        self.recipe = a4("nmt.recipe").Recipe(**{**small, "lr": 0.01, **recipe})

    def model(self) -> Any:
        torch.manual_seed(self.recipe.seed)
        recipe = self.recipe
        model = self.a4("nmt_model").NMT(recipe.embed_size, recipe.hidden_size, self.vocab, recipe.dropout)
        self.a4("nmt.recipe").initialise(model, recipe)
        return model

    def batch(self, size: int | None = None) -> Any:
        pads = (self.vocab.src["<pad>"], self.vocab.tgt["<pad>"])
        return self.a4("nmt.batches").make_batch(self.pairs[:size], pads)

    def train(self, folder: Path, tracker: Any = None, validate: Any = None, resume: bool = False, **more: Any) -> Any:
        """Train; dev is the training pairs unless validate says otherwise."""
        evaluate = self.a4("nmt.losses").evaluate_ppl

        def by_perplexity(model: Any, progress: Any) -> Any:
            ppl = evaluate(model, self.pairs)
            return ValidationResult(-ppl, {"perplexity/dev": ppl})

        return self.a4("nmt.training").train(
            more.pop("model", None) or self.model(),
            self.pairs,
            self.recipe,
            validate or by_perplexity,
            tracker or Recorder(),
            folder,
            torch.device("cpu"),
            resume,
            **more,
        )


class Recorder:
    """A tracker that records all calls."""

    def __init__(self) -> None:
        self.began: list[tuple[int, int]] = []
        self.steps: list[int] = []
        self.reports: list[Any] = []
        self.validations: list[tuple[Any, Any, bool]] = []
        self.lines: list[str] = []

    def begin(self, update: int, updates: int) -> None:
        self.began.append((update, updates))
        self.reports = [report for report in self.reports if report.update <= update]
        self.validations = [entry for entry in self.validations if entry[0].update <= update]

    def step(self, update: int) -> None:
        self.steps.append(update)

    def log(self, report: Any) -> None:
        self.reports.append(report)

    def validated(self, progress: Any, result: Any, improved: bool) -> None:
        self.validations.append((progress, result, improved))

    def say(self, line: str) -> None:
        self.lines.append(line)

    def curve(self) -> list[tuple[float, ...]]:
        """All numbers but times and speeds."""
        reports = [(r.epoch, r.update, r.loss, r.perplexity, r.examples) for r in self.reports]
        validations = [
            (p.epoch, p.update, result.score, *result.scalars.values(), improved)
            for p, result, improved in self.validations
        ]
        return reports + validations


def weights(model: Any) -> torch.Tensor:
    """All weights, end to end."""
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])
