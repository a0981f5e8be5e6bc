"""From the options of a command to a treebank, a recipe and a folder; and files that are written."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parsing.recipe import PRESETS, Recipe, recipe_for

if TYPE_CHECKING:
    import torch

    from parsing.treebank import Treebank

PACKAGES = ("sanity.training", "conllu", "matplotlib", "jinja2", "tqdm", "torch", "numpy")
"""The packages that training requires."""


class UsageError(ValueError):
    """Something is wrong with the command line; the message is one line."""


def require_packages() -> None:
    """Raise ModuleNotFoundError for a package that isn't installed: before training rather than after it."""
    for name in PACKAGES:
        if find_spec(name) is None:
            raise ModuleNotFoundError(name=name)


def device_of(args: argparse.Namespace) -> torch.device:
    """Set the number of threads; return the device. Raises UsageError: there is no such device."""
    import torch

    torch.set_num_threads(args.threads)
    if args.device == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: PyTorch finds no GPU here; try --device cpu")
    return torch.device(args.device)


def recipe_of(args: argparse.Namespace) -> Recipe:
    """Return the recipe for the data, changed by the preset and the options that are given. Raises RecipeError."""
    options = {parameter.name: getattr(args, parameter.name) for parameter in fields(Recipe)}
    given = {name: value for name, value in options.items() if value is not None}
    recipe = recipe_for("" if args.train else args.data or "toy")
    return replace(recipe, **{**PRESETS.get(args.preset, {}), **given})


def treebank_of(args: argparse.Namespace, seed: int) -> Treebank:
    """Return the treebank of --data, or of --train and the other files. Raises TreebankError, UsageError."""
    from parsing.treebank import load_treebank, read_treebank

    if not any((args.train, args.dev, args.test)):
        return load_treebank(args.data or "toy", seed)
    if args.data is not None:
        raise UsageError(f"--data {args.data}: expected no files named by --train and the like; leave one out")
    if not (args.train and args.dev):
        raise UsageError("--train and --dev: expected both")
    return read_treebank(args.train, args.dev, args.test, args.train.name)


def folder_of(args: argparse.Namespace) -> Path:
    """Return the output folder.

    Raises UsageError: it can't be created, or there are checkpoints in it and neither --resume nor --restart is given,
    or the model would overwrite an input.
    """
    from parsing.checkpoint import Checkpoints

    if args.save_to.is_dir() or not args.save_to.suffix:
        raise UsageError(f"--save-to {args.save_to}: expected a file, such as {args.save_to / 'model.bin'}")
    check_output(args.save_to, [args.train, args.dev, args.test, args.vectors])
    folder: Path = args.save_to.parent
    try:
        checkpoints = Checkpoints(folder)
    except OSError as error:
        raise UsageError(f"{folder}: can't be created: {error.strerror}") from None
    if checkpoints.newest() and not (args.resume or args.restart):
        raise UsageError(f"{folder}: has checkpoints already: continue with --resume, or start again with --restart")
    return folder


def check_output(output: Path, inputs: Iterable[Path | None]) -> None:
    """Raise UsageError if the output would overwrite an input; None is an input that isn't given."""
    from parsing.atomic import SaveError, refuse_to_overwrite

    try:
        refuse_to_overwrite(output, inputs)
    except SaveError as error:
        raise UsageError(str(error)) from None


def check_new(output: Path, inputs: Iterable[Path | None], force: bool) -> None:
    """Raise UsageError unless a file can be written: before parsing rather than after it."""
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"{output}: can't be written: expected a file in an existing folder")
    check_output(output, inputs)
    if output.exists() and not force:
        raise UsageError(f"{output}: exists already: name a new file, or overwrite this one with --force")


def save_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder, each atomically, given their contents by name. Raises SaveError."""
    from parsing.atomic import write_atomically

    for name, text in files.items():
        write_atomically(folder / name, lambda file, text=text: file.write(text.encode()))


def weights_in(model: Any) -> int:
    """Return the number of a model's weights."""
    return sum(weight.numel() for weight in model.parameters())
