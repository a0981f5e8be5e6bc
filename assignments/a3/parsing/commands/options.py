"""The command line of run.py. It imports no torch, so that `--help` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from parsing.recipe import PRESETS, TOY, Recipe, option
from parsing.treebank import PARTS

KINDS = {"int": int, "int | None": int, "float": float, "str": str}
MODEL = Path("trained/model.bin")


def parser(about: str) -> argparse.ArgumentParser:
    """Return the parser of the command line; `--help` begins with `about`."""
    top = argparse.ArgumentParser(
        prog="python run.py", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a parser")
    train.add_argument("--data", help="toy, or the folder of a treebank (toy)")
    for part in PARTS:
        train.add_argument(f"--{part}", type=Path, metavar="FILE", help=f"{part} in CoNLL-U, instead of --data")
    train.add_argument(
        "--save-to",
        type=Path,
        default=MODEL,
        metavar="FILE",
        help=f"output file of the model; all other output goes to its folder ({MODEL})",
    )
    again = train.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="continue from the last checkpoint in that folder")
    again.add_argument("--restart", action="store_true", help="delete the checkpoints in that folder and start again")
    add_hyperparameters(train)
    parse = commands.add_parser("parse", help="parse a file with a trained parser")
    parse.add_argument(
        "input", type=Path, metavar="FILE", help="sentences in CoNLL-U: words and tags; trees are ignored"
    )
    parse.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="output file, in CoNLL-U")
    parse.add_argument("--model", type=Path, default=MODEL, metavar="FILE", help=f"the model of a training ({MODEL})")
    for command in (train, parse):
        command.add_argument("--threads", type=at_least(1), default=1, metavar="N", help="CPU threads (1)")
        command.add_argument("--device", default="cpu", help="cpu, cuda or cuda:1 (cpu: these networks are small)")
    return top


def add_hyperparameters(command: argparse.ArgumentParser) -> None:
    """Add the presets, and an option for each hyper-parameter of the recipe."""
    described = "; ".join(
        f"{name}: {' '.join(f'{option(key)} {value}' for key, value in changes.items())}"
        for name, changes in PRESETS.items()
    )
    command.add_argument("--preset", choices=PRESETS, help=f"several options at once ({described})")
    for parameter in fields(Recipe):
        kind, toy = KINDS[str(parameter.type)], getattr(TOY, parameter.name)
        default = "" if parameter.default is None else f" ({parameter.default})"
        default = default.replace(")", f"; toy: {toy})") if toy != parameter.default else default
        command.add_argument(
            option(parameter.name),
            type=kind,
            metavar="|".join(parameter.metadata["choices"]) or kind.__name__.upper(),
            help=f"{parameter.metadata['help']}{default}",
        )


def at_least(minimum: int) -> Callable[[str], int]:
    """Return a converter for argparse: a whole number, not below the minimum."""

    def convert(text: str) -> int:
        number = int(text)
        if number < minimum:
            raise argparse.ArgumentTypeError(f"{text} is not at least {minimum}")
        return number

    convert.__name__ = "int"  # for argparse's message "invalid int value"
    return convert
