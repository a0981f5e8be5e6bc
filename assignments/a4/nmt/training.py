"""The training loop: epochs of batches, validation on dev, patience, and a checkpoint after each validation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import torch

from nmt.batches import Batch, Pair, batch_iter, prefetched
from nmt.checkpoint import TrainingState, fingerprint
from nmt.losses import perplexity, sum_dtype
from nmt.optimization import ModelOptimizer
from nmt.recipe import Recipe
from nmt.tracking import Log, Report
from sanity.training import checkpoint
from sanity.training.adam import load_moments
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
    pairs: Sequence[Pair],
    recipe: Recipe,
    validate: Validate,
    tracker: Log,
    folder: Path,
    device: torch.device,
    resume: bool = False,
    on_improvement: Callable[[], object] = lambda: None,
    dev: Sequence[Pair] = (),
) -> TrainingResult:
    """Train model on pairs until a limit of the recipe is reached, or until a validation result says `enough`.

    Args:
        model: an NMT with its initial weights.
        pairs: the training pairs as word indices, at least one.
        recipe: the hyper-parameters.
        validate: called every valid_niter updates, and once more at the end.
        tracker: a `Log`, or an object with the five methods that the loop calls; `step` returns whether to stop.
        folder: gets a checkpoint after each validation; those of an earlier training are removed.
        device: where to compute; the model is moved there.
        resume: continue from the newest checkpoint in the folder, if there is one.
        on_improvement: called when the dev score improved, while the model has the new best weights.
        dev: the pairs that validate uses; part of the checkpoint's fingerprint.

    Raises:
        Diverged: the loss or the dev score is NaN or infinite.
        CheckpointError: the checkpoint can't be read, or belongs to another model, vocabulary, recipe or text.
        SaveError: a checkpoint can't be written.
    """
    training = Training(model, pairs, recipe, tracker, checkpoint.Checkpoints(folder), device, dev)
    if resume:
        training.restore()
    else:
        training.checkpoints.remove()
    state = training.state
    tracker.begin(state.update, training.optimizer.updates)
    while (ended := training.limit_reached()) is None:
        if state.batches == training.batches_per_epoch:
            state.epoch, state.batches = state.epoch + 1, 0
        for batch in training.remaining_batches():
            training.update(batch)
            if state.update % recipe.valid_niter == 0:
                training.validate(validate, on_improvement)
            if training.limit_reached():
                break
    if state.last_validation < state.update:
        training.validate(validate, on_improvement)
    training.restore_best(with_moments=False)
    return TrainingResult(ended, training.progress(), state.best_score, state.best_update)


class Training:
    """A training run: the model, its optimizer, and the counters in `state`."""

    def __init__(
        self,
        model: Any,
        pairs: Sequence[Pair],
        recipe: Recipe,
        tracker: Log,
        checkpoints: checkpoint.Checkpoints,
        device: torch.device,
        dev: Sequence[Pair],
    ) -> None:
        self.model, self.pairs, self.recipe = model.to(device), pairs, recipe
        self.tracker, self.checkpoints, self.device = tracker, checkpoints, device
        self.pads = (model.vocab.src["<pad>"], model.vocab.tgt["<pad>"])
        self.batches_per_epoch = math.ceil(len(pairs) / recipe.batch_size)
        updates = min(recipe.max_updates or math.inf, recipe.max_epoch * self.batches_per_epoch)
        self.optimizer = ModelOptimizer(self.model, recipe, device, int(updates))
        self.fingerprint = fingerprint(model, pairs, recipe, dev)
        # The sum since the last report stays on the device: reading it at each update would wait for the GPU.
        self.loss = torch.zeros((), dtype=sum_dtype(device), device=device)
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
            "patience": state.trials >= recipe.max_num_trial,
            "max_updates": recipe.max_updates is not None and state.update >= recipe.max_updates,
            "max_epoch": state.epoch >= recipe.max_epoch and state.batches == self.batches_per_epoch,
        }
        return next((name for name, reached in limits.items() if reached), None)

    def progress(self) -> Progress:
        """Return the epoch, the update and the seconds of training so far."""
        return Progress(self.state.epoch, self.state.update, self.state.seconds + time.monotonic() - self.started)

    def remaining_batches(self) -> Iterator[Batch]:
        """Yield the batches of this epoch that training has not seen yet, on the device."""
        epoch = batch_iter(self.pairs, self.recipe.batch_size, self.pads, self.recipe.seed, self.state.epoch)
        return prefetched(islice(epoch, self.state.batches, None), self.device)

    def update(self, batch: Batch) -> None:
        """Make one update of the weights; report the loss every log_every updates."""
        state = self.state
        self.loss += self.optimizer.step(batch, self.learning_rate())
        state.update += 1
        state.batches += 1
        state.words += batch.words
        state.sentences += len(batch.source_lengths)
        state.examples += len(batch.source_lengths)
        self.stopped = self.tracker.step(state.update)
        if state.update % self.recipe.log_every == 0:
            self.report()

    def learning_rate(self) -> float:
        """Return the learning rate of the next update."""
        return self.optimizer.learning_rate(self.state.update, self.state.decay)

    def report(self) -> None:
        """Log the loss since the last report. Raises Diverged."""
        state, loss, now = self.state, self.finite_loss(), time.monotonic()
        seconds = state.learning_seconds + now - self.learning_since
        report = Report(
            epoch=state.epoch,
            update=state.update,
            loss=loss / state.sentences,
            perplexity=perplexity(loss, state.words),
            examples=state.examples,
            speed=state.words / max(seconds, 1e-9),
            seconds=self.progress().seconds,
        )
        self.tracker.log(report)
        self.loss.zero_()
        state.words, state.sentences, state.learning_seconds, self.learning_since = 0, 0, 0.0, now

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
        """Evaluate the model on dev, apply the plateau schedule, and save a checkpoint. Raises Diverged, SaveError."""
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
        state.last_validation, state.examples, state.enough = state.update, 0, result.enough
        if improved:
            state.best_score, state.best_update, state.stale = result.score, state.update, 0
            on_improvement()
        elif self.recipe.schedule == "plateau":
            state.stale += 1
            if state.stale >= self.recipe.patience:
                self.end_trial()
        self.save()
        self.learning_since = time.monotonic()

    def end_trial(self) -> None:
        """Return to the best weights and moments with a lower learning rate; after the last trial training ends."""
        state, trials = self.state, self.recipe.max_num_trial
        state.stale = 0
        state.trials += 1
        if state.trials < trials and state.best_update:
            self.restore_best(with_moments=True)
            state.decay *= self.recipe.lr_decay
            self.tracker.say(
                f"no better than at iter {state.best_update}: back to its weights with learning rate "
                f"{self.learning_rate():.3g} (trial {state.trials} of {trials})"
            )

    def restore_best(self, with_moments: bool) -> None:
        """Load the weights of the best checkpoint, and Adam's moments if asked. Raises CheckpointError."""
        if self.state.best_update in (0, self.state.update):
            return
        path = self.checkpoints.path(self.state.best_update)
        content = checkpoint.read(path)
        checkpoint.load_weights(self.model, content["weights"], path)
        if with_moments:
            with checkpoint.as_checkpoint_error(path):
                load_moments(self.optimizer.adam, content["optimizer"])

    def save(self) -> None:
        """Write a checkpoint. Raises SaveError."""
        state = self.state
        state.loss, state.seconds, self.started = self.loss.item(), self.progress().seconds, time.monotonic()
        content = {
            "fingerprint": self.fingerprint,
            "state": asdict(state),
            "weights": self.model.state_dict(),
            "optimizer": self.optimizer.adam.state_dict(),
            "random": checkpoint.rng_state(self.device),
        }
        self.checkpoints.save(state.update, content, best=state.best_update)

    def restore(self) -> None:
        """Continue from the newest checkpoint, if there is one. Raises CheckpointError."""
        path = self.checkpoints.newest()
        if path is None:
            return
        content = checkpoint.read(path)
        if "sizes" in content:
            raise checkpoint.CheckpointError(
                f"{path}: a model, not a checkpoint; remove it, or start again with --restart"
            )
        with checkpoint.as_checkpoint_error(path):
            checkpoint.check_fingerprint(content["fingerprint"], self.fingerprint, path)
            checkpoint.load_weights(self.model, content["weights"], path)
            load_moments(self.optimizer.adam, content["optimizer"])
            self.state = checkpoint.state_from_plain(TrainingState, content["state"])
            if self.state.batches > self.batches_per_epoch:
                raise ValueError("beyond the end of the epoch")
            self.loss.fill_(self.state.loss)
            # Last of all: nothing may draw random numbers between here and the next update's dropout.
            checkpoint.set_rng_state(content["random"], self.device)
