"""The training loop: epochs of batches, validation on dev, patience, and a checkpoint after each validation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from parsing.checkpoint import TrainingState, fingerprint
from parsing.features import Instances
from parsing.recipe import Recipe
from parsing.tracking import Log, Report
from parsing.vocabulary import Vocabulary
from sanity.training import checkpoint
from sanity.training.adam import load_moments, make_adam
from sanity.training.tracking import Progress, ValidationResult

Validate = Callable[[Any, Progress], ValidationResult]
"""Evaluates a model on dev; called with the model in evaluation mode and without gradients."""


class Diverged(ArithmeticError):
    """The loss or the dev score is NaN or infinite; the best checkpoint is intact. The message is one line."""


class TrainingResult(NamedTuple):
    """How training ended. The model has its best weights again."""

    ended: str  # the limit that was reached: enough, stopped, patience, max_updates or max_epoch
    progress: Progress
    best_score: float
    best_update: int


def train(
    model: Any,
    instances: Instances,
    vocabulary: Vocabulary,
    recipe: Recipe,
    validate: Validate,
    tracker: Log,
    folder: Path,
    device: torch.device,
    resume: bool = False,
    on_improvement: Callable[[], object] = lambda: None,
) -> TrainingResult:
    """Train model on partial parses until a limit of the recipe is reached, or a validation result says `enough`.

    Args:
        model: a ParserModel with its first weights.
        instances: partial parses and their next transitions, at least one.
        vocabulary: the one that instances are made with; part of the checkpoint's fingerprint.
        recipe: the hyper-parameters.
        validate: called every valid_niter updates, and once more at the end.
        tracker: a `Log`, or an object with the five methods that the loop calls; `step` returns whether to stop.
        folder: gets a checkpoint after each validation; those of an earlier training are removed.
        device: where to compute; the model is moved there.
        resume: continue from the newest checkpoint in the folder, if there is one.
        on_improvement: called when the dev score improved, while the model has the new best weights.

    Raises:
        Diverged: the loss or the dev score is NaN or infinite.
        CheckpointError: the checkpoint can't be read, or belongs to another model, vocabulary, recipe or text.
        SaveError: a checkpoint can't be written.
    """
    training = Training(model, instances, vocabulary, recipe, tracker, checkpoint.Checkpoints(folder), device)
    if resume:
        training.restore()
    else:
        training.checkpoints.remove()
    state = training.state
    tracker.begin(state.update, training.updates)
    while (ended := training.limit_reached()) is None:
        if state.batches == training.batches_per_epoch:
            state.epoch, state.batches = state.epoch + 1, 0
        for features, classes in training.remaining_batches():
            training.update(features, classes)
            if state.update % training.valid_niter == 0:
                training.validate(validate, on_improvement)
            if training.limit_reached():
                break
    if state.last_validation < state.update:
        training.validate(validate, on_improvement)
    training.restore_best()
    return TrainingResult(ended, training.progress(), state.best_score, state.best_update)


class Training:
    """A training run: the model, Adam, and the counters in `state`."""

    def __init__(
        self,
        model: Any,
        instances: Instances,
        vocabulary: Vocabulary,
        recipe: Recipe,
        tracker: Log,
        checkpoints: checkpoint.Checkpoints,
        device: torch.device,
    ) -> None:
        self.model, self.instances, self.recipe = model.to(device), instances, recipe
        self.tracker, self.checkpoints, self.device = tracker, checkpoints, device
        self.batches_per_epoch = math.ceil(len(instances.classes) / recipe.batch_size)
        self.valid_niter = recipe.valid_niter or self.batches_per_epoch
        self.updates = int(min(recipe.max_updates or math.inf, recipe.max_epoch * self.batches_per_epoch))
        self.adam = make_adam(self.model, recipe.lr)
        self.loss_function = nn.CrossEntropyLoss()
        self.fingerprint = fingerprint(instances, recipe, vocabulary)
        # The sum since the last report stays on the device: reading it at each update would wait for a GPU.
        self.loss = torch.zeros((), dtype=torch.float64, device=device)
        torch.manual_seed(recipe.seed)
        self.state = TrainingState()
        self.stopped = False
        self.started = self.learning_since = time.monotonic()

    def limit_reached(self) -> str | None:
        """Return the name of the limit that is reached, as in TrainingResult.ended, or None."""
        state, recipe = self.state, self.recipe
        limits = {
            "enough": state.enough,
            "stopped": self.stopped,
            "patience": state.stale >= recipe.patience,
            "max_updates": recipe.max_updates is not None and state.update >= recipe.max_updates,
            "max_epoch": state.epoch >= recipe.max_epoch and state.batches == self.batches_per_epoch,
        }
        return next((name for name, reached in limits.items() if reached), None)

    def progress(self) -> Progress:
        """Return the epoch, the update and the seconds of training so far."""
        return Progress(self.state.epoch, self.state.update, self.state.seconds + time.monotonic() - self.started)

    def remaining_batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield features and classes of the batches of this epoch that training has not seen yet, on the device."""
        size = self.recipe.batch_size
        order = np.random.default_rng([self.recipe.seed, self.state.epoch]).permutation(len(self.instances.classes))
        for start in range(self.state.batches * size, len(order), size):
            batch = order[start : start + size]
            features, classes = self.instances.features[batch], self.instances.classes[batch]
            yield torch.from_numpy(features).to(self.device), torch.from_numpy(classes).to(self.device)

    def update(self, features: Tensor, classes: Tensor) -> None:
        """Make one update of the weights; report the loss every log_every updates."""
        state = self.state
        self.model.train()
        for group in self.adam.param_groups:
            group["lr"] = self.learning_rate()
        self.adam.zero_grad()
        loss = self.loss_function(self.model(features), classes)
        loss.backward()
        self.adam.step()
        self.loss += loss.detach() * len(classes)
        state.update += 1
        state.batches += 1
        state.learnt += len(classes)
        state.examples += len(classes)
        self.stopped = self.tracker.step(state.update)
        if state.update % self.recipe.log_every == 0:
            self.report()

    def learning_rate(self) -> float:
        """Return the learning rate of the next update."""
        falling = self.recipe.schedule == "linear"
        return self.recipe.lr * (1 - self.state.update / self.updates if falling else 1)

    def report(self) -> None:
        """Log the loss since the last report. Raises Diverged."""
        state, loss, now = self.state, self.finite_loss(), time.monotonic()
        seconds = state.learning_seconds + now - self.learning_since
        report = Report(
            epoch=state.epoch,
            update=state.update,
            loss=loss / state.learnt,
            examples=state.examples,
            speed=state.learnt / max(seconds, 1e-9),
            seconds=self.progress().seconds,
        )
        self.tracker.log(report)
        self.loss.zero_()
        state.learnt, state.learning_seconds, self.learning_since = 0, 0.0, now

    def finite_loss(self) -> float:
        """Return the sum of losses since the last report, in nats. Raises Diverged: it is NaN or infinite."""
        loss = self.loss.item()
        if not math.isfinite(loss):
            self.raise_diverged(f"the loss is {loss}")
        return loss

    def raise_diverged(self, reason: str) -> NoReturn:
        """Raise Diverged: the loss is NaN or infinite, or the dev score is NaN."""
        best = self.state.best_update
        kept = f"the best weights, of update {best}, are kept" if best else "there is no better model yet"
        raise Diverged(f"{reason} at update {self.state.update}: {kept}; try a smaller learning rate")

    def validate(self, validate: Validate, on_improvement: Callable[[], object]) -> None:
        """Evaluate the model on dev, and save a checkpoint. Raises Diverged, SaveError."""
        state, now = self.state, time.monotonic()
        self.finite_loss()
        state.learning_seconds += now - self.learning_since
        self.model.eval()
        with torch.no_grad():
            result = validate(self.model, self.progress())
        if math.isnan(result.score):
            self.raise_diverged("the score on dev is nan")
        improved = result.score > state.best_score
        self.tracker.validated(self.progress(), result, improved)
        state.last_validation, state.enough = state.update, result.enough
        if improved:
            state.best_score, state.best_update, state.stale = result.score, state.update, 0
            on_improvement()
        else:
            state.stale += 1
        self.save()
        self.learning_since = time.monotonic()

    def restore_best(self) -> None:
        """Load the weights of the best checkpoint. Raises CheckpointError."""
        self.model.eval()
        if self.state.best_update not in (0, self.state.update):
            path = self.checkpoints.path(self.state.best_update)
            checkpoint.load_weights(self.model, checkpoint.read(path)["weights"], path)

    def save(self) -> None:
        """Write a checkpoint. Raises SaveError."""
        state = self.state
        state.loss, state.seconds, self.started = self.loss.item(), self.progress().seconds, time.monotonic()
        content = {
            "fingerprint": self.fingerprint,
            "state": asdict(state),
            "weights": self.model.state_dict(),
            "optimizer": self.adam.state_dict(),
            "random": checkpoint.rng_state(self.device),
        }
        self.checkpoints.save(state.update, content, best=state.best_update)

    def restore(self) -> None:
        """Continue from the newest checkpoint, if there is one. Raises CheckpointError."""
        path = self.checkpoints.newest()
        if path is None:
            return
        content = checkpoint.read(path)
        with checkpoint.as_checkpoint_error(path):
            checkpoint.check_fingerprint(content["fingerprint"], self.fingerprint, path)
            checkpoint.load_weights(self.model, content["weights"], path)
            load_moments(self.adam, content["optimizer"])
            self.state = checkpoint.state_from_plain(TrainingState, content["state"])
            if self.state.batches > self.batches_per_epoch:
                raise ValueError("beyond the end of the epoch")
            self.loss.fill_(self.state.loss)
            # Last of all: nothing may draw random numbers between here and the next update's dropout.
            checkpoint.set_rng_state(content["random"], self.device)
