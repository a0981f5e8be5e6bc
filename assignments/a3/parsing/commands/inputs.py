"""From the options of a command to a device, a recipe, a treebank and a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parsing.recipe import PRESETS, Recipe, recipe_for
from sanity.training.commands import UsageError, output_folder
from sanity.training.options import changed

if TYPE_CHECKING:
    import torch

    from parsing.treebank import Treebank

PACKAGES = ("conllu", "matplotlib", "jinja2", "tqdm", "torch", "numpy")
"""The packages that training requires."""


def device_of(args: argparse.Namespace) -> torch.device:
    """Set the number of threads; return the device. Raises UsageError: there is no such device."""
    import torch

    torch.set_num_threads(args.threads)
    if args.device == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: PyTorch finds no GPU here; try --device cpu")
    return torch.device(args.device)


def recipe_of(args: argparse.Namespace) -> Recipe:
    """Return the recipe for the data, changed by the preset and the options that are given. Raises RecipeError."""
    return changed(recipe_for("" if args.train else args.data or "toy"), PRESETS, args)


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
    """Return the output folder. Raises UsageError: see `output_folder`."""
    return output_folder(args, (args.train, args.dev, args.test, args.vectors))


def weights_in(model: Any) -> int:
    """Return the number of a model's weights."""
    return sum(weight.numel() for weight in model.parameters())
