"""The command line of run.py. It imports no torch, so that `--help` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from parsing.recipe import PRESETS, TOY, Recipe, option

KINDS = {"int": int, "int | None": int, "float": float, "str": str}
DEBUG = ["train", "--preset", "debug", "--restart", "--save-to", "trained/debug/model.bin"]
ALIASES: dict[tuple[str, ...], list[str]] = {(): ["train"], ("-d",): DEBUG, ("--debug",): DEBUG}
"""The course's command lines, and what they stand for."""


def parsed(argv: Sequence[str], about: str) -> argparse.Namespace:
    """Parse the command line; `--help` begins with `about`."""
    argv = ALIASES.get(tuple(argv), list(argv))
    args = parser(about).parse_args(argv)
    args.argv = argv
    return args


def parser(about: str) -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python run.py", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a parser")
    parse = commands.add_parser("parse", help="parse a file, or a sentence, with a trained model")
    add_data_options(train)
    add_output_options(train)
    add_hyperparameters(train)
    add_parse_options(parse)
    for command in (train, parse):
        command.add_argument("--threads", type=at_least(1), default=1, metavar="N", help="CPU threads (1)")
        command.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to compute (cpu)")
    return top


def add_data_options(train: argparse.ArgumentParser) -> None:
    """Add the options that name the treebank and the vectors."""
    train.add_argument("--data", help="toy, ewt, or a folder with the files of a treebank (toy)")
    for part in ("train", "dev", "test"):
        train.add_argument(f"--{part}", type=Path, metavar="FILE", help=f"CoNLL-U file of {part}, instead of --data")
    train.add_argument(
        "--vectors", type=Path, metavar="FILE", help="pretrained word vectors as text, a word and its numbers on a line"
    )


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


def add_hyperparameters(train: argparse.ArgumentParser) -> None:
    """Add the presets, and an option for each hyper-parameter of the recipe."""
    described = "; ".join(
        f"{name}: {' '.join(f'{option(key)} {value}' for key, value in changes.items())}"
        for name, changes in PRESETS.items()
    )
    train.add_argument("--preset", choices=PRESETS, help=f"several options at once ({described})")
    for parameter in fields(Recipe):
        kind, toy = KINDS[str(parameter.type)], getattr(TOY, parameter.name)
        default = "no limit" if parameter.default is None else str(parameter.default)
        default += f"; toy: {toy}" if toy != parameter.default else ""
        train.add_argument(
            option(parameter.name),
            type=kind,
            metavar="|".join(parameter.metadata["choices"]) or kind.__name__.upper(),
            help=f"{parameter.metadata['help']} ({default})",
        )


def add_parse_options(parse: argparse.ArgumentParser) -> None:
    """Add the arguments and options of `run.py parse`."""
    parse.add_argument("file", type=Path, metavar="FILE", nargs="?", help="CoNLL-U file with words and tags")
    parse.add_argument("-o", "--output", type=Path, metavar="FILE", help="output file of the trees, in CoNLL-U")
    parse.add_argument("--force", action="store_true", help="overwrite the output if it exists, unless it is the input")
    parse.add_argument("--text", metavar="SENTENCE", help="a sentence to parse and draw, instead of a file")
    parse.add_argument("--svg", type=Path, metavar="FILE", help="with --text: output file of the tree as a picture")
    parse.add_argument(
        "--model", type=Path, default=Path("trained/model.bin"), metavar="FILE", help="model (trained/model.bin)"
    )


def at_least(minimum: int) -> Callable[[str], int]:
    """Return a converter for argparse: a whole number not below the minimum."""

    def convert(text: str) -> int:
        number = int(text)
        if number < minimum:
            raise argparse.ArgumentTypeError(f"{text} is not at least {minimum}")
        return number

    convert.__name__ = "int"  # for argparse's message "invalid int value"
    return convert
