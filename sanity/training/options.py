"""The options that command lines of trainings share. It imports no torch, so that `--help` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from sanity.training.recipe import Hyperparameters, option

KINDS = {"int": int, "int | None": int, "float": float, "str": str}

Recipe = TypeVar("Recipe", bound=Hyperparameters)
Presets = Mapping[str, Mapping[str, Any]]
"""Changes to a recipe, by name."""


def add_output_options(train: argparse.ArgumentParser) -> None:
    """Add the options for what a training leaves, and how it goes on."""
    train.add_argument(
        "--save-to",
        type=Path,
        default=Path("trained/model.bin"),
        metavar="FILE",
        help="output file of the model; all other output goes to its folder (trained/model.bin)",
    )
    again = train.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="continue from the last checkpoint in that folder")
    again.add_argument("--restart", action="store_true", help="delete the checkpoints in that folder and start again")


def add_hyperparameters(command: argparse.ArgumentParser, defaults: Recipe, toy: Recipe, presets: Presets) -> None:
    """Add the presets, and an option for each hyper-parameter: the help names its default, and that for toy data."""
    described = "; ".join(
        f"{name}: {' '.join(f'{option(key)} {value}' for key, value in changes.items())}"
        for name, changes in presets.items()
    )
    command.add_argument("--preset", choices=presets, help=f"several options at once ({described})")
    for parameter in fields(defaults):
        kind, default, for_toy = KINDS[str(parameter.type)], parameter.default, getattr(toy, parameter.name)
        shown = "no limit" if default is None else str(default)
        shown += f"; toy: {for_toy}" if for_toy != default else ""
        command.add_argument(
            option(parameter.name),
            type=kind,
            metavar="|".join(parameter.metadata["choices"]) or kind.__name__.upper(),
            help=f"{parameter.metadata['help']} ({shown})",
        )


def changed(recipe: Recipe, presets: Presets, args: argparse.Namespace) -> Recipe:
    """Return the recipe, changed by the preset and the options that are given. Raises RecipeError."""
    options = {parameter.name: getattr(args, parameter.name) for parameter in fields(recipe)}
    given = {name: value for name, value in options.items() if value is not None}
    return replace(recipe, **{**presets.get(args.preset, {}), **given})


def at_least(minimum: int, kind: type[int] | type[float] = int) -> Callable[[str], float]:
    """Return a converter for argparse: a number of this kind, not below the minimum."""

    def convert(text: str) -> float:
        number = kind(text)
        if not number >= minimum:
            raise argparse.ArgumentTypeError(f"{text} is not at least {minimum}")
        return number

    convert.__name__ = kind.__name__  # for argparse's message "invalid int value"
    return convert
