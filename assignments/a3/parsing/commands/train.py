"""`python run.py train`: train a parser, and parse test with it."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from parsing.commands import terminal
from parsing.commands.dispatch import UsageError, device_named
from parsing.recipe import PRESETS, Recipe, new_model, recipe_for
from parsing.treebank import PARTS, Treebank, TreebankError, load_treebank, read_treebank

ENDED = {
    "patience": "training ended because dev stopped improving",
    "max_epoch": "all epochs are done",
    "max_updates": "all updates are done",
}


def train(args: argparse.Namespace) -> None:
    """Train a parser, parse test, and print the scores."""
    import conllu  # noqa: F401  # whether it is installed, before training rather than after it
    import torch

    from parser_model import ParserModel
    from parser_transitions import minibatch_parse
    from parsing.checkpoint import save_model
    from parsing.commands.report import report
    from parsing.features import instances_of
    from parsing.tracking import Log
    from parsing.training import train as train_model
    from parsing.validation import validation_on
    from parsing.vocabulary import Vocabulary

    terminal.after_imports()
    torch.set_num_threads(args.threads)
    recipe, folder, device = recipe_of(args), folder_of(args), device_named(args.device)
    treebank = treebank_of(args, recipe.seed)
    vocabulary = Vocabulary.of(treebank.train, recipe.relations == "on", recipe.min_count)
    instances = instances_of(treebank.train, vocabulary)
    if not len(instances.classes):
        raise TreebankError(f"{treebank.name}: every tree of train has crossing arcs; no transitions make one")
    model: Any = new_model(ParserModel, vocabulary, recipe)
    weights = sum(weight.numel() for weight in model.parameters())
    left_out = f" ({instances.left_out} with crossing arcs are left out)" if instances.left_out else ""
    print(f"{treebank.name}: {len(treebank.train)} sentences to learn from{left_out}, {len(treebank.dev)} of dev")
    print(f"{len(instances.classes)} transitions, {weights} weights, on {device}, into {folder}", flush=True)
    with Log(folder) as log:
        validate = validation_on(treebank.dev, vocabulary, minibatch_parse)
        save = partial(save_model, args.save_to, model, vocabulary, recipe)
        trained = train_model(
            model, instances, vocabulary, recipe, validate, log, folder, device, args.resume, on_improvement=save
        )
    print(f"{ENDED[trained.ended]}; the best weights, of iter {trained.best_update}, are in {args.save_to}")
    report(model, vocabulary, treebank, minibatch_parse, folder)


def recipe_of(args: argparse.Namespace) -> Recipe:
    """Return the recipe for the data, changed by the preset and the options that are given. Raises RecipeError."""
    options = {parameter.name: getattr(args, parameter.name) for parameter in fields(Recipe)}
    given = {name: value for name, value in options.items() if value is not None}
    recipe = recipe_for("" if args.train else args.data or "toy")
    return replace(recipe, **{**PRESETS.get(args.preset, {}), **given})


def treebank_of(args: argparse.Namespace, seed: int) -> Treebank:
    """Return the treebank of --data, or of --train and the other files. Raises TreebankError, UsageError."""
    files = {part: getattr(args, part) for part in PARTS}
    if not any(files.values()):
        return load_treebank(args.data or "toy", seed)
    if args.data is not None:
        raise UsageError(f"--data {args.data}: expected no files named by --train and the like; leave one out")
    if not files["train"] or not files["dev"]:
        raise UsageError("--train and --dev: expected both; --test is optional")
    return read_treebank(**files)


def folder_of(args: argparse.Namespace) -> Path:
    """Return the output folder.

    Raises UsageError: it can't be created, there are checkpoints in it and neither --resume nor --restart is given, or
    the model would overwrite an input.
    """
    from parsing.atomic import SaveError, refuse_to_overwrite
    from parsing.checkpoint import Checkpoints

    if args.save_to.is_dir() or not args.save_to.suffix:
        raise UsageError(f"--save-to {args.save_to}: expected a file, such as {args.save_to / 'model.bin'}")
    try:
        refuse_to_overwrite(args.save_to, [getattr(args, part) for part in PARTS])
    except SaveError as error:
        raise UsageError(str(error)) from None
    folder: Path = args.save_to.parent
    try:
        checkpoints = Checkpoints(folder)
    except OSError as error:
        raise UsageError(f"{folder}: can't be created: {error.strerror}") from None
    if checkpoints.newest() and not (args.resume or args.restart):
        raise UsageError(f"{folder}: has checkpoints already: continue with --resume, or start again with --restart")
    return folder
