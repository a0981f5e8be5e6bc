"""Training and translating inside the sandbox, with the handout's own loop. Not one reference translation of dev or
test comes in here.
"""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from graders.sandbox.inside.protocol import Answers, Finished, Order, Progress, Talk

CHECKPOINTS = Path("checkpoints")
"""In the working folder."""
MIXED = 32
"""Sentences in a batch of short and long ones, at most."""
SILENCE = 5.0
"""Seconds of training without a word."""


def train(order: Order, talk: Talk) -> Finished:
    """Train until the loop ends, the runner says that it is enough, or ends this process."""
    import torch

    from nmt.batches import indexed
    from nmt.checkpoint import CheckpointError, Checkpoints
    from nmt.corpus import Texts
    from nmt.tracking import ValidationResult
    from nmt.training import Diverged
    from nmt.training import train as train_model

    dev = _lines(order, "dev.src")
    texts = Texts(_lines(order, "train.src"), _lines(order, "train.tgt"))
    tracker = Tell(talk)

    def validate(model: Any, progress: Any) -> Any:
        judged = talk.judged(progress.update, _translated(order, model, dev, talk, progress.update))
        return ValidationResult(judged.score, {"bleu/dev": judged.score}, judged.enough)

    def run(resume: bool) -> Finished:
        model, recipe, vocab = _model(order, texts)
        pairs = indexed(texts, vocab)
        try:
            train_model(model, pairs, recipe, validate, tracker, CHECKPOINTS, torch.device(order.device), resume)
        except Diverged as problem:
            tracker.say(str(problem))
            return Finished("diverged")
        return Finished("converged")

    if Checkpoints(CHECKPOINTS).newest() is None:
        return run(resume=False)
    try:
        return run(resume=True)
    except CheckpointError as problem:  # damaged: only the submission and a failing disk can do that
        tracker.say(f"{problem}; training starts again")
        for path in Checkpoints(CHECKPOINTS).all():
            path.unlink()
        return run(resume=False)


def answer(order: Order, talk: Talk) -> Finished:
    """Translate the test with the best model that training has left."""
    import torch

    from nmt.checkpoint import Checkpoints, load_weights, read
    from nmt.corpus import Texts

    texts = Texts(_lines(order, "train.src"), _lines(order, "train.tgt"))
    model, _, _ = _model(order, texts)
    checkpoints = Checkpoints(CHECKPOINTS)
    newest = checkpoints.newest()
    assert newest is not None, "no checkpoint"
    best = read(newest)["state"]["best_update"]
    path = checkpoints.path(int(best)) if best else newest
    load_weights(model, _fitted(model, read(path)["weights"]), path)
    model.to(torch.device(order.device)).eval()
    torch.backends.cudnn.allow_tf32 = False  # so coarse that batches of other sizes would be rounded to other words
    sentences = _lines(order, "test.src")  # all of them twice
    texts = sentences[: len(sentences) // 2]
    translations = _translated(order, model, texts, talk, best), _among_others(order, model, texts, talk, best)
    talk.say(Answers(best, list(chain(*translations))))
    return Finished("answered")


def _fitted(model: Any, weights: dict[str, Any]) -> dict[str, Any]:
    """Return the weights that the model has: it may be the reference's, and they may be of a submission's model.

    That may have more of them, and, as in other years of the course, no convolution: then one that changes nothing.
    """
    import torch

    fitted = {name: value for name, value in weights.items() if name in model.state_dict()}
    if not any(name.startswith("post_embed_cnn.") for name in weights) and hasattr(model, "post_embed_cnn"):
        kernel = torch.zeros_like(model.post_embed_cnn.weight)
        kernel[:, :, 0] = torch.eye(len(kernel))
        fitted |= {"post_embed_cnn.weight": kernel, "post_embed_cnn.bias": torch.zeros(len(kernel))}
    return fitted


def _lines(order: Order, name: str) -> list[str]:
    return Path(order.data, name).read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _model(order: Order, texts: Any) -> tuple[Any, Any, Any]:
    """Return a new model of the submission's, the recipe it is trained by, and its vocabulary."""
    import torch

    import nmt.recipe

    settings = order.settings
    recipe = replace(nmt.recipe.recipe_for(settings["recipe"]), **settings["knobs"])
    if order.device == "cuda":
        recipe = replace(recipe, mixed_precision="bf16")
    vocab = nmt.recipe.vocabulary(texts.source, texts.target, recipe)
    module, _, name = settings["model"].rpartition(".")
    torch.manual_seed(recipe.seed)
    model = getattr(importlib.import_module(module), name)(recipe.embed_size, recipe.hidden_size, vocab, recipe.dropout)
    nmt.recipe.initialise(model, recipe)
    return model, recipe, vocab


def _translated(order: Order, model: Any, texts: Sequence[str], talk: Talk, update: int) -> list[str]:
    """Translate texts, and give a sign of life after each batch."""
    from nmt.search import translate

    translations: list[str] = translate(
        model,
        list(texts),
        batch_size=256 if order.device == "cuda" else 128,
        progress=lambda sentences: talk.say(Progress(update)),
    )
    return translations


def _among_others(order: Order, model: Any, texts: Sequence[str], talk: Talk, update: int) -> list[str]:
    """Translate texts in batches of short and long ones, where `_translated` has those of like length together."""
    by_length = sorted(range(len(texts)), key=lambda i: len(texts[i].split()))
    batches = -(-len(texts) // MIXED)
    translations = [""] * len(texts)
    for first in range(batches):
        batch = by_length[first::batches]
        for i, text in zip(batch, _translated(order, model, [texts[i] for i in batch], talk, update), strict=True):
            translations[i] = text
    return translations


class Tell:
    """The loop's tracker (nmt/tracking.py): prints the log as the course does, and tells the runner."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._spoke = time.monotonic()

    def begin(self, update: int, updates: int) -> None:
        """Say where training begins."""
        self._talk.say(Progress(update))

    def step(self, update: int) -> None:
        """Give a sign of life now and then: on a slow machine the next line of the log may be minutes away."""
        if time.monotonic() - self._spoke > SILENCE:
            self._spoke = time.monotonic()
            self._talk.say(Progress(update))

    def log(self, report: Any) -> None:
        """Print the line of the log."""
        print(report.line(), flush=True)
        self._talk.say(Progress(report.update, report.epoch, report.loss, report.perplexity, report.speed))

    def validated(self, progress: Any, result: Any, improved: bool) -> None:
        """Print how good the model is."""
        print(f"validation: iter {progress.update}, dev. BLEU {result.score:.2f}", flush=True)

    def say(self, line: str) -> None:
        """Print a line."""
        print(line, flush=True)
