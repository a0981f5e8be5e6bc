"""The training loop: batches in, a model out, a look at dev every now and then, and a checkpoint at each."""

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
from nmt.checkpoint import CheckpointError, Checkpoints, load_weights, read, understood
from nmt.descent import Descent
from nmt.device import random_state, set_random_state
from nmt.likelihood import perplexity
from nmt.recipe import Recipe
from nmt.state import State, fingerprint, must_match, state_of
from nmt.tracking import Judged, Progress, Report, Tracker

Validate = Callable[[Any, Progress], Judged]
"""Tries a model, in evaluation mode and without gradients, on sentences that it doesn't learn from."""


class Diverged(ArithmeticError):
    """The loss is infinite or not a number; the best model so far is safe. The message is one line."""


class Trained(NamedTuple):
    """How training ended. The model has its best weights again."""

    ended: str
    """enough, patience, max_updates or max_epoch: the limit that was reached."""
    progress: Progress
    best_score: float
    best_update: int


def train(
    model: Any,
    pairs: Sequence[Pair],
    recipe: Recipe,
    validate: Validate,
    tracker: Tracker,
    folder: Path,
    device: torch.device,
    resume: bool = False,
    better: Callable[[], object] = lambda: None,
    dev: Sequence[Pair] = (),
) -> Trained:
    """Train model on pairs until a limit of the recipe is reached or validate says it is enough.

    Args:
        model: an NMT with its first weights.
        pairs: the sentences to learn from, as word indices; at least one.
        recipe: the hyper-parameters.
        validate: judges the model every valid_niter updates, and once more at the end.
        tracker: is told how it goes.
        folder: where checkpoints are written, one at each judgement; those of an earlier training are removed.
        device: where to compute; the model is moved there.
        resume: go on from the newest checkpoint in the folder instead, if there is one.
        better: is called when the model is better than it was before, with its weights as they are.
        dev: what validate judges by, so that a run that resumes is not judged by something else.

    Raises:
        Diverged: the loss is no longer a finite number.
        CheckpointError: the checkpoint can't be read, or is of another model, vocabulary, recipe or text.
        SaveError: a checkpoint can't be written.
    """
    training = Training(model, pairs, recipe, tracker, Checkpoints(folder), device, dev)
    if resume:
        training.restore()
    else:
        training.checkpoints.remove()
    state = training.state
    tracker.begin(state.update, training.descent.updates)
    while (ended := training.over()) is None:
        if state.batches == training.per_epoch:
            state.epoch, state.batches = state.epoch + 1, 0
        for batch in training.batches():
            training.learn(batch)
            if state.update % recipe.valid_niter == 0:
                training.look(validate, better)
            if training.over():
                break
    if state.looked < state.update:
        training.look(validate, better)
    training.back_to_best(with_moments=False)
    return Trained(ended, training.progress(), state.best_score, state.best_update)


class Training:
    """A training under way: the model, its descent, and where they are."""

    def __init__(
        self,
        model: Any,
        pairs: Sequence[Pair],
        recipe: Recipe,
        tracker: Tracker,
        checkpoints: Checkpoints,
        device: torch.device,
        dev: Sequence[Pair],
    ) -> None:
        self.model, self.pairs, self.recipe = model.to(device), pairs, recipe
        self.tracker, self.checkpoints, self.device = tracker, checkpoints, device
        self.pads = (model.vocab.src["<pad>"], model.vocab.tgt["<pad>"])
        self.per_epoch = math.ceil(len(pairs) / recipe.batch_size)
        updates = min(recipe.max_updates or math.inf, recipe.max_epoch * self.per_epoch)
        self.descent = Descent(self.model, recipe, device, int(updates))
        self.made_of = fingerprint(model, pairs, recipe, dev)
        self.loss = torch.zeros((), dtype=torch.float64, device=device)  # summed there: to read it is to wait for it
        torch.manual_seed(recipe.seed)
        self.state = State()
        self.began = self.learning_since = time.monotonic()

    def over(self) -> str | None:
        """Return which limit is reached, or None."""
        state, recipe = self.state, self.recipe
        limits = {
            "enough": state.enough,
            "patience": state.trials >= recipe.max_num_trial,
            "max_updates": recipe.max_updates is not None and state.update >= recipe.max_updates,
            "max_epoch": state.epoch >= recipe.max_epoch and state.batches == self.per_epoch,
        }
        return next((name for name, reached in limits.items() if reached), None)

    def progress(self) -> Progress:
        """Return how far training is."""
        return Progress(self.state.epoch, self.state.update, self.state.seconds + time.monotonic() - self.began)

    def batches(self) -> Iterator[Batch]:
        """Yield the rest of this epoch's batches, on the device."""
        epoch = batch_iter(self.pairs, self.recipe.batch_size, self.pads, self.recipe.seed, self.state.epoch)
        return prefetched(islice(epoch, self.state.batches, None), self.device)

    def learn(self, batch: Batch) -> None:
        """Make one update, and a line of the log when it is time."""
        state = self.state
        self.loss += self.descent.step(batch, self.rate())
        state.update += 1
        state.batches += 1
        state.words += batch.words
        state.sentences += len(batch.source_lengths)
        state.examples += len(batch.source_lengths)
        self.tracker.step(state.update)
        if state.update % self.recipe.log_every == 0:
            self.report()

    def rate(self) -> float:
        """Return the learning rate of the coming update."""
        return self.descent.rate(self.state.update, self.state.decay)

    def report(self) -> None:
        """Log the loss since the last report."""
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
        """Return the loss since the last report; raise Diverged if it is no number to go on with."""
        loss = self.loss.item()
        if not math.isfinite(loss):
            self.diverged(f"the loss is {loss}")
        return loss

    def diverged(self, what: str) -> NoReturn:
        """Raise Diverged: there is nothing to learn from numbers that are none."""
        best = self.state.best_update
        kept = f"the best weights, of update {best}, are kept" if best else "there is no better model yet"
        raise Diverged(f"{what} at update {self.state.update}: {kept}; try a smaller learning rate")

    def look(self, validate: Validate, better: Callable[[], object]) -> None:
        """Try the model on dev, keep it if it is the best, go back to the best if it was not for long; checkpoint."""
        state, now = self.state, time.monotonic()
        self.finite_loss()
        state.learning_seconds += now - self.learning_since
        self.model.eval()
        with torch.no_grad():
            judged = validate(self.model, self.progress())
        if math.isnan(judged.score):
            self.diverged("the score on dev is nan")
        is_better = judged.score > state.best_score
        self.tracker.judged(self.progress(), judged, is_better)
        state.looked, state.examples, state.enough = state.update, 0, judged.enough
        if is_better:
            state.best_score, state.best_update, state.waited = judged.score, state.update, 0
            better()
        elif self.recipe.schedule == "plateau":
            state.waited += 1
            if state.waited >= self.recipe.patience:
                self.give_up_a_trial()
        self.save()
        self.learning_since = time.monotonic()

    def give_up_a_trial(self) -> None:
        """Go back to the best weights and moments with a lower learning rate; the last trial just ends training."""
        state, most = self.state, self.recipe.max_num_trial
        state.waited = 0
        state.trials += 1
        if state.trials < most and state.best_update:
            self.back_to_best(with_moments=True)
            state.decay *= self.recipe.lr_decay
            self.tracker.say(
                f"no better than at iter {state.best_update}: back to its weights with learning rate {self.rate():.3g} "
                f"(trial {state.trials} of {most})"
            )

    def back_to_best(self, with_moments: bool) -> None:
        """Give the model the best weights there were, and the optimizer its moments of then."""
        if self.state.best_update in (0, self.state.update):
            return
        path = self.checkpoints.path(self.state.best_update)
        content = read(path)
        load_weights(self.model, content["weights"], path)
        if with_moments:
            with understood(path):
                self.descent.go_back(content["optimizer"])

    def save(self) -> None:
        """Write a checkpoint."""
        state = self.state
        state.loss, state.seconds, self.began = self.loss.item(), self.progress().seconds, time.monotonic()
        content = {
            "made_of": self.made_of,
            "state": asdict(state),
            "weights": self.model.state_dict(),
            "optimizer": self.descent.optimizer.state_dict(),
            "random": random_state(self.device),
        }
        self.checkpoints.save(state.update, content, best=state.best_update)

    def restore(self) -> None:
        """Go on from the newest checkpoint, if there is one; raise CheckpointError if it is of no use."""
        path = self.checkpoints.newest()
        if path is None:
            return
        content = read(path)
        if "sizes" in content:
            raise CheckpointError(f"{path}: a model, not a checkpoint; take it away, or begin again with --restart")
        with understood(path):
            must_match(content["made_of"], self.made_of, path)
            load_weights(self.model, content["weights"], path)
            self.descent.go_back(content["optimizer"])
            self.state = state_of(content["state"])
            if self.state.batches > self.per_epoch:
                raise ValueError("beyond the end of the epoch")
            self.loss.fill_(self.state.loss)
            set_random_state(content["random"], self.device)
