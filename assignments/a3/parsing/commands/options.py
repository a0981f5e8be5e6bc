"""The command line of run.py. It imports no torch, so that `--help` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from parsing.recipe import PRESETS, TOY, Recipe
from sanity.training.options import add_hyperparameters, add_output_options, at_least

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
    add_hyperparameters(train, Recipe(), TOY, PRESETS)
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
