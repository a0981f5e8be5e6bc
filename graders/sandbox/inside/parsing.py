"""Parsing inside the sandbox: trains with the handout's loop, parses dev and test.

No tree of dev or test is ever readable here.
"""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from graders.sandbox.inside.protocol import Answers, Channel, Finished, Order, Progress
from graders.sandbox.inside.reporter import Reporter
from graders.sandbox.inside.resuming import carried_out

CHECKPOINTS = Path("checkpoints")
"""In the working folder."""
BATCH, SMALL_BATCH = 512, 7
"""Sentences that are parsed at a time; the second time, to see that a parse depends on its sentence alone."""


def train(order: Order, channel: Channel) -> Finished:
    """Train until the loop ends, the dev score is enough, or the time is up; then dev is parsed once more."""
    import torch

    from parsing.features import instances_of
    from parsing.training import Diverged
    from parsing.training import train as train_model
    from sanity.training.checkpoint import Checkpoints
    from sanity.training.tracking import ValidationResult

    dev, sentences = _sentences(order, "dev"), _sentences(order, "train")
    tracker = Reporter(channel, "UAS")
    vocabulary, recipe = _vocabulary_and_recipe(order, sentences)
    instances = instances_of(sentences, vocabulary)

    def validate(model: Any, progress: Any) -> Any:
        dev_score = channel.validate(progress.update, _parse(model, vocabulary, dev, BATCH, channel, progress.update))
        return ValidationResult(dev_score.score, {"uas/dev": dev_score.score}, dev_score.enough)

    def training() -> None:
        model, device = _model(vocabulary, recipe), torch.device(order.device)
        train_model(model, instances, vocabulary, recipe, validate, tracker, CHECKPOINTS, device, resume=True)

    return carried_out(training, Checkpoints(CHECKPOINTS).remove, Diverged)


def answer(order: Order, channel: Channel) -> Finished:
    """Parse the test twice, with the best model that training has saved: in large batches, then in small ones."""
    import torch

    from parsing.roles import in_roles
    from sanity.training.checkpoint import Checkpoints, load_weights, read

    vocabulary, recipe = _vocabulary_and_recipe(order, _sentences(order, "train"))
    model = _model(vocabulary, recipe)
    checkpoints = Checkpoints(CHECKPOINTS)
    newest = checkpoints.newest()
    assert newest is not None, "no checkpoint"
    best = int(read(newest)["state"]["best_update"])
    path = checkpoints.path(best) if best else newest
    weights = read(path)["weights"]
    if _shapes(weights) != _shapes(model.state_dict()):  # the model is the reference's, and the weights are not
        sizes = {name: tuple(value.shape) for name, value in _roles_of_reference(model).items()}
        found = in_roles(weights.values(), sizes)
        if found is None:
            return Finished("incomparable")
        with torch.no_grad():
            for role, parameter in _roles_of_reference(model).items():
                parameter.copy_(found[role])
    else:
        load_weights(model, weights, path)
    model.to(torch.device(order.device)).eval()
    test = _sentences(order, "test")
    once = _parse(model, vocabulary, test, BATCH, channel, best)
    again = _parse(model, vocabulary, test[::-1], SMALL_BATCH, channel, best)[::-1]
    channel.send(Answers(best, [*once, *again]))
    return Finished("answered")


def _roles_of_reference(model: Any) -> dict[str, Any]:
    """Return the parameters of the reference's model by role; it makes them in this order."""
    from parsing.roles import ROLES

    return dict(zip(ROLES, model.parameters(), strict=True))


def _shapes(weights: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in weights.items()}


def _sentences(order: Order, part: str) -> list[Any]:
    """Return the sentences of a part: with their trees only those of train."""
    from parsing.treebank import Sentence

    rows = msgspec.json.decode(Path(order.data, f"{part}.json").read_bytes(), type=list[list[tuple[Any, ...]]])
    return [Sentence(*row) for row in rows]


def _vocabulary_and_recipe(order: Order, sentences: Sequence[Any]) -> tuple[Any, Any]:
    from parsing.recipe import recipe_for
    from parsing.vocabulary import Vocabulary

    recipe = replace(recipe_for(order.settings["recipe"]), **order.settings["hyperparameters"])
    return Vocabulary.of(sentences, recipe.relations == "on", recipe.min_count), recipe


def _model(vocabulary: Any, recipe: Any) -> Any:
    """Return a new model of the submission's."""
    from parser_model import ParserModel
    from parsing.recipe import new_model

    return new_model(ParserModel, vocabulary, recipe)


def _parse(
    model: Any, vocabulary: Any, sentences: Sequence[Any], batch_size: int, channel: Channel, update: int
) -> list[str]:
    """Parse sentences with the submission's `minibatch_parse`; send Progress after each part of them."""
    from parser_transitions import minibatch_parse
    from parsing.decoding import predict

    texts = []
    for start in range(0, len(sentences), BATCH):
        parses = predict(model, vocabulary, sentences[start : start + BATCH], minibatch_parse, batch_size)
        texts += [as_text(parse.heads, parse.relations) for parse in parses]
        channel.send(Progress(update))
    return texts


def as_text(heads: Sequence[int], relations: Sequence[str] | None) -> str:
    """Return a tree as a line: for each word its head, which counts from 1, and its relation.

    >>> as_text([2, 0], ["nsubj", "root"]), as_text([2, 0], None)
    ('2:nsubj 0:root', '2: 0:')
    """
    return " ".join(f"{head}:{name}" for head, name in zip(heads, relations or [""] * len(heads), strict=True))
