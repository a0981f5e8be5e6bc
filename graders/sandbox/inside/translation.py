"""Translation inside the sandbox: trains with the handout's loop, translates dev and test.

No reference translation of dev or test is ever readable here.
"""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from graders.sandbox.inside.protocol import Answers, Channel, Finished, Order, Progress
from graders.sandbox.inside.reporter import Reporter, send_attention

CHECKPOINTS = Path("checkpoints")
"""In the working folder."""
MIXED = 32
"""Largest batch with sentences of mixed length."""


def train(order: Order, channel: Channel) -> Finished:
    """Train until the loop ends, the dev score is enough, or the time is up; then dev is answered once more."""
    import torch

    from nmt.batches import indexed
    from nmt.checkpoint import CheckpointError, Checkpoints
    from nmt.corpus import Texts
    from nmt.tracking import ValidationResult
    from nmt.training import Diverged
    from nmt.training import train as train_model

    dev = _lines(order, "dev.src")
    texts = Texts(_lines(order, "train.src"), _lines(order, "train.tgt"))
    tracker = Reporter(channel, "BLEU")

    def validate(model: Any, progress: Any) -> Any:
        dev_score = channel.validate(progress.update, _translate(order, model, dev, channel, progress.update))
        return ValidationResult(dev_score.score, {"bleu/dev": dev_score.score}, dev_score.enough)

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
    except CheckpointError as problem:  # damaged, by the submission or a failing disk
        tracker.say(f"{problem}; training starts again")
        for path in Checkpoints(CHECKPOINTS).all():
            path.unlink()
        return run(resume=False)


def answer(order: Order, channel: Channel) -> Finished:
    """Translate the test twice, with the best model that training has saved: in uniform and in mixed batches."""
    import torch

    from nmt.checkpoint import Checkpoints, load_weights, read
    from nmt.corpus import Texts
    from nmt.search import attention_of

    texts = Texts(_lines(order, "train.src"), _lines(order, "train.tgt"))
    model, _, _ = _model(order, texts)
    checkpoints = Checkpoints(CHECKPOINTS)
    newest = checkpoints.newest()
    assert newest is not None, "no checkpoint"
    best = read(newest)["state"]["best_update"]
    path = checkpoints.path(int(best)) if best else newest
    load_weights(model, _compatible_weights(model, read(path)["weights"]), path)
    model.to(torch.device(order.device)).eval()
    torch.backends.cudnn.allow_tf32 = False  # TF32 is so coarse that the batch size would change words
    sentences = _lines(order, "test.src")  # the test, two times
    texts = sentences[: len(sentences) // 2]
    uniform = _translate(order, model, texts, channel, best)
    mixed = _translate_in_mixed_batches(order, model, texts, channel, best)
    channel.send(Answers(best, [*uniform, *mixed]))
    send_attention(channel, lambda i: attention_of(model, texts[i], uniform[i]), len(texts))
    return Finished("answered")


def _compatible_weights(model: Any, weights: dict[str, Any]) -> dict[str, Any]:
    """Return the weights that this model can load; they may be from a submission, and the model the reference's.

    Extra weights are dropped. A submission without the convolution, as in other years of the course, gets an identity
    convolution, which changes nothing.
    """
    import torch

    compatible = {name: value for name, value in weights.items() if name in model.state_dict()}
    if not any(name.startswith("post_embed_cnn.") for name in weights) and hasattr(model, "post_embed_cnn"):
        kernel = torch.zeros_like(model.post_embed_cnn.weight)
        kernel[:, :, 0] = torch.eye(len(kernel))
        compatible |= {"post_embed_cnn.weight": kernel, "post_embed_cnn.bias": torch.zeros(len(kernel))}
    return compatible


def _lines(order: Order, name: str) -> list[str]:
    return Path(order.data, name).read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _model(order: Order, texts: Any) -> tuple[Any, Any, Any]:
    """Return a new model, its training recipe and its vocabulary."""
    import torch

    import nmt.recipe

    settings = order.settings
    recipe = replace(nmt.recipe.recipe_for(settings["recipe"]), **settings["hyperparameters"])
    if order.device == "cuda":
        recipe = replace(recipe, mixed_precision="bf16")
    vocab = nmt.recipe.vocabulary(texts.source, texts.target, recipe)
    module, _, name = settings["model"].rpartition(".")
    torch.manual_seed(recipe.seed)
    model = getattr(importlib.import_module(module), name)(recipe.embed_size, recipe.hidden_size, vocab, recipe.dropout)
    nmt.recipe.initialise(model, recipe)
    return model, recipe, vocab


def _translate(order: Order, model: Any, texts: Sequence[str], channel: Channel, update: int) -> list[str]:
    """Translate texts, and send Progress after each batch."""
    from nmt.search import translate

    translations: list[str] = translate(
        model,
        list(texts),
        batch_size=256 if order.device == "cuda" else 128,
        progress=lambda sentences: channel.send(Progress(update)),
    )
    return translations


def _translate_in_mixed_batches(
    order: Order, model: Any, texts: Sequence[str], channel: Channel, update: int
) -> list[str]:
    """Translate texts in batches of short and long sentences; `_translate` batches by length.

    A correct model answers alike: a translation must not depend on the other sentences of its batch.
    """
    by_length = sorted(range(len(texts)), key=lambda i: len(texts[i].split()))
    batches = -(-len(texts) // MIXED)
    translations = [""] * len(texts)
    for first in range(batches):
        batch = by_length[first::batches]
        for i, text in zip(batch, _translate(order, model, [texts[i] for i in batch], channel, update), strict=True):
            translations[i] = text
    return translations
