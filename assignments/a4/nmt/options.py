"""The command line of run.py, with the course's option names; each hyper-parameter of a recipe is an option too."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from nmt.recipe import TOY, Recipe, option

KINDS = {"int": int, "int | None": int, "float": float, "str": str}


def at_least(minimum: int, kind: type[int] | type[float] = int) -> Callable[[str], float]:
    """Return a converter for argparse: a number of this kind, not below the minimum."""

    def convert(text: str) -> float:
        number = kind(text)
        if not number >= minimum:
            raise argparse.ArgumentTypeError(f"{text} is not at least {minimum}")
        return number

    convert.__name__ = kind.__name__  # for argparse's message "invalid int value"
    return convert


def parser(about: str) -> argparse.ArgumentParser:
    """Return the parser of the command line; `--help` begins with `about`."""
    top = argparse.ArgumentParser(
        prog="python run.py", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a model")
    decode = commands.add_parser("decode", help="translate a file with a trained model")
    add_train_options(train)
    add_decode_options(decode)
    for command, threads in ((train, "PyTorch's choice; toy: 1"), (decode, "PyTorch's choice")):
        command.add_argument("--threads", type=at_least(1), metavar="N", help=f"CPU threads ({threads})")
        command.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:1 (auto: a GPU if there is one)")
        command.add_argument("--cuda", dest="device", action="store_const", const="cuda", help="same as --device cuda")
    return top


def add_train_options(train: argparse.ArgumentParser) -> None:
    """Add the options of `run.py train`."""
    train.add_argument("--data", help="toy, multi30k, tatoeba, or the path of a folder or file (toy)")
    for part in ("train", "dev", "test"):
        for side, language in (("src", "source"), ("tgt", "target")):
            train.add_argument(
                f"--{part}-{side}", type=Path, metavar="FILE", help=f"{language} side of {part}, instead of --data"
            )
    train.add_argument("--vocab", type=Path, metavar="FILE", help="vocabulary from vocab.py (words of the train text)")
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
    train.add_argument(
        "--dev-bleu",
        type=at_least(0),
        default=200,
        metavar="N",
        help="dev sentences to translate at each validation, for bleu/dev (200)",
    )
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


def add_decode_options(decode: argparse.ArgumentParser) -> None:
    """Add the arguments and options of `run.py decode`."""
    decode.add_argument("model", type=Path, metavar="MODEL", help="the model.bin of a training")
    decode.add_argument("source", type=Path, metavar="SOURCE", help="sentences to translate, one per line")
    decode.add_argument("target", type=Path, metavar="TARGET", nargs="?", help="reference translations, to score with")
    decode.add_argument("output", type=Path, metavar="OUTPUT", help="output file of the translations")
    decode.add_argument("--force", action="store_true", help="overwrite OUTPUT if it exists, unless it is an input")
    decode.add_argument("--batch-size", type=at_least(1), metavar="INT", default=128, help="sentences per batch (128)")
    decode.add_argument("--beam-size", type=at_least(1), metavar="INT", default=5, help="beam size (5)")
    decode.add_argument(
        "--max-decoding-time-step",
        type=at_least(1),
        metavar="INT",
        default=70,
        help="maximum length of a translation, in words (70)",
    )
    decode.add_argument(
        "--length-penalty",
        type=at_least(0, float),
        metavar="FLOAT",
        default=0.0,
        help="exponent of the length that the log-probability is divided by; 1 compares means over words (0)",
    )
