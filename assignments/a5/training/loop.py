"""The loop: rounds of updates; after each a model answers dev, and everything is saved."""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from sanity.training.checkpoint import CheckpointError
from training import checkpoint
from training.model import device_of, load_weights
from training.questions import Batch
from training.recipe import Recipe, Stage


class Diverged(ArithmeticError):
    """The loss is NaN or infinite; the message is one line."""


class Task(Protocol):
    """What is learnt, and what is asked."""

    vocabulary: list[str]
    examples: int
    """Questions, or documents, in an epoch."""

    def epoch(self, generator: torch.Generator) -> Iterator[Batch]:
        """Yield the batches of one epoch: of the questions, or of the documents in pretraining."""

    def finetuning(self, generator: torch.Generator) -> Iterator[Batch]:
        """Yield the batches of one epoch of fine-tuning."""


class Report(NamedTuple):
    """The loss since the last report."""

    stage: str
    """main or finetuning."""
    round: int
    update: int
    loss: float
    """A predicted character, in nats."""
    speed: float
    """Predicted characters a second."""

    def line(self) -> str:
        """Return the line of the log."""
        stage = "" if self.stage == "main" else ", fine-tuning"
        return f"round {self.round}{stage}, update {self.update}, loss {self.loss:.3f}, {self.speed:,.0f} characters/s"


class Validation(NamedTuple):
    """The score on dev, and whether it is enough."""

    score: float
    enough: bool = False


class Tracker(Protocol):
    """Where the loop reports to."""

    def begin(self, round: int, rounds: int) -> None:
        """Training begins after this round."""

    def step(self, update: int) -> bool:
        """An update was made; return whether the time is up."""

    def log(self, report: Report) -> None:
        """The loss since the last report."""

    def validated(self, round: int, update: int, score: float, improved: bool) -> None:
        """Dev was answered."""


Validate = Callable[[Any, int], Validation]
"""Called with a model in evaluation mode, and the number of updates so far."""


def train(
    model: Any, task: Task, recipe: Recipe, validate: Validate, tracker: Tracker, folder: Path, fingerprint: str
) -> None:
    """Train until dev says that it is enough, the rounds are over, or the tracker says that the time is up.

    Round 0 has no updates: with fine-tuning it shows what is answered without pretraining. If the folder has a
    checkpoint, training goes on from it, to the same numbers on the same machine: what is random in a round depends on
    the recipe's seed and the round alone.

    Raises:
        Diverged: the loss is NaN or infinite.
        CheckpointError: the checkpoint can't be read, or has another fingerprint.
        SaveError: a checkpoint can't be written.
    """
    optimizer = make_optimizer(model, recipe.main)
    best: dict[str, Any] = {"score": -math.inf, "round": -1, "weights": {}}
    first, update, enough = 0, 0, False
    if (folder / checkpoint.NAME).exists():
        saved = checkpoint.read(folder)
        if saved["fingerprint"] != fingerprint:
            raise CheckpointError(f"{folder}: made with other data, or another recipe")
        load_weights(model, saved["weights"])
        optimizer.load_state_dict(saved["optimizer"])
        first, update, best, enough = saved["round"] + 1, saved["update"], saved["best"], saved["enough"]
    updates = recipe.rounds * recipe.main.epochs * -(-task.examples // recipe.main.batch_size)
    tracker.begin(first, recipe.rounds)
    stopped = False
    for round in range(first, recipe.rounds + 1):
        if stopped or enough:
            break
        generator = reseed(recipe.seed, round)
        learner = Learner(model, optimizer, recipe.main, recipe, "main", round, update, updates, tracker)
        for _ in range(recipe.main.epochs if round else 0):
            learner.learn(task.epoch(generator))
        update, stopped = learner.update, learner.stopped
        asked = finetuned(model, task, recipe, round, update, tracker) if recipe.finetuning else model
        if recipe.finetuning is None and not round:
            continue
        asked.eval()
        result = validate(asked, update)
        asked.train()
        enough, improved = result.enough, result.score > best["score"]
        if improved:
            best = {"score": result.score, "round": round, "weights": copy.deepcopy(asked.state_dict())}
        tracker.validated(round, update, result.score, improved)
        checkpoint.save(
            folder,
            {
                "fingerprint": fingerprint,
                "recipe": asdict(recipe),
                "round": round,
                "update": update,
                "enough": enough,
                "weights": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "vocabulary": task.vocabulary,
                "best": best,
            },
        )


def finetuned(model: Any, task: Task, recipe: Recipe, round: int, update: int, tracker: Tracker) -> Any:
    """Return a copy of the model that has learnt to answer. The time may be up: it is short, and not cut."""
    assert recipe.finetuning
    tuned = copy.deepcopy(model)
    generator = reseed(recipe.seed, -1 - round)
    optimizer = make_optimizer(tuned, recipe.finetuning)
    epochs = [list(task.finetuning(generator)) for _ in range(recipe.finetuning.epochs)]
    updates = sum(map(len, epochs))
    learner = Learner(tuned, optimizer, recipe.finetuning, recipe, "finetuning", round, update, updates, tracker)
    for epoch in epochs:
        learner.learn(epoch)
    return tuned


def reseed(seed: int, round: int) -> torch.Generator:
    """Seed everything that a dataset may draw from for this round; return a generator for the order of batches."""
    number = (seed * 1_000_003 + round * 7919) % 2**31
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)
    return torch.Generator().manual_seed(number)


def make_optimizer(model: nn.Module, stage: Stage) -> torch.optim.Optimizer:
    """Return AdamW for the model's weights."""
    return torch.optim.AdamW(model.parameters(), lr=stage.lr, betas=(0.9, 0.98), weight_decay=stage.weight_decay)


class Learner:
    """Updates a model in one stage of one round."""

    def __init__(
        self,
        model: Any,
        optimizer: torch.optim.Optimizer,
        stage: Stage,
        recipe: Recipe,
        name: str,
        round: int,
        update: int,
        updates: int,
        tracker: Tracker,
    ) -> None:
        self.model, self.optimizer, self.stage, self.recipe = model, optimizer, stage, recipe
        self.name, self.round, self.tracker = name, round, tracker
        self.update = update
        """In the main stage, over all rounds."""
        self.step = 0
        """In this round."""
        self.updates = updates
        """In the main stage over all rounds, in fine-tuning in this one: the learning rate falls until then."""
        self.stopped = False
        self._losses: list[torch.Tensor] = []
        self._predicted, self._since = 0, time.monotonic()

    def learn(self, batches: Iterator[Batch] | list[Batch]) -> None:
        """Make an update with each batch. Raises Diverged."""
        for batch in batches:
            if self.stopped:
                break
            self._update(batch)

    def _update(self, batch: Batch) -> None:
        device = device_of(self.model)
        inputs, targets = batch.inputs.to(device), batch.targets.to(device)
        loss = cross_entropy(self.model(inputs).flatten(0, 1), targets.flatten(), ignore_index=0)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.stage.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        self.optimizer.step()
        self.step += 1
        self._losses.append(loss.detach())
        self._predicted += int((targets != 0).sum())
        if self.name == "main":
            self.update += 1
            self.stopped = self.tracker.step(self.update)
        else:
            self.tracker.step(self.update)
        if self.step % self.recipe.log_every == 0:
            self._report()

    def learning_rate(self) -> float:
        """Return the learning rate of the next update: it rises at first, and falls linearly to 0 until the end."""
        made = self.update if self.name == "main" else self.step
        return self.stage.lr * min(1.0, (made + 1) / self.stage.warmup) * (1 - made / self.updates)

    def _report(self) -> None:
        loss = float(torch.stack(self._losses).mean())
        if not math.isfinite(loss):
            raise Diverged(f"the loss is {loss} at update {self.update}: try a smaller learning rate")
        speed = self._predicted / max(time.monotonic() - self._since, 1e-9)
        self.tracker.log(Report(self.name, self.round, self.update, loss, speed))
        self._losses, self._predicted, self._since = [], 0, time.monotonic()
