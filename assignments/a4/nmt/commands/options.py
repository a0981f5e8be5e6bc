"""The command line of run.py. It imports no torch, so that `--help` is quick."""

from __future__ import annotations

import argparse
from pathlib import Path

from nmt.recipe import PRESETS, TOY, Recipe
from sanity.training.options import add_hyperparameters, add_output_options, at_least

TOKENIZERS = ("13a", "zh", "ja-mecab", "ko-mecab", "char", "intl", "flores101", "flores200", "none")
"""sacreBLEU's names for the ways to count the words of a text."""


def parser(about: str) -> argparse.ArgumentParser:
    """Return the parser of the command line; `--help` begins with `about`."""
    top = argparse.ArgumentParser(
        prog="python run.py", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "check", help="before a long training: does the model learn, and how long will it take?"
    )
    train = commands.add_parser("train", help="train a model")
    decode = commands.add_parser("decode", help="translate a file with a trained model")
    add_data_options(check)
    add_hyperparameters(check, Recipe(), TOY, PRESETS)
    add_data_options(train)
    add_output_options(train)
    train.add_argument(
        "--dev-bleu",
        type=at_least(0),
        default=200,
        metavar="N",
        help="dev sentences to translate at each validation, for bleu/dev (200)",
    )
    add_hyperparameters(train, Recipe(), TOY, PRESETS)
    add_decode_options(decode)
    for command in (train, decode):
        command.add_argument(
            "--tokenize",
            choices=TOKENIZERS,
            help="how BLEU counts words (by the text: zh for Chinese, ja-mecab for Japanese, char without MeCab and for"
            " other scripts without spaces, else 13a)",
        )
    for command, threads in ((check, "PyTorch's choice; toy: 1"), (train, "the same"), (decode, "PyTorch's choice")):
        command.add_argument("--threads", type=at_least(1), metavar="N", help=f"CPU threads ({threads})")
        command.add_argument(
            "--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps, a Mac's GPU (auto: cuda if there is one)"
        )
        command.add_argument("--cuda", dest="device", action="store_const", const="cuda", help="same as --device cuda")
    return top


def add_data_options(command: argparse.ArgumentParser) -> None:
    """Add the options that name the text and the vocabulary."""
    command.add_argument("--data", help="toy, multi30k, tatoeba, or the path of a folder or file (toy)")
    for part in ("train", "dev", "test"):
        for side, language in (("src", "source"), ("tgt", "target")):
            command.add_argument(
                f"--{part}-{side}", type=Path, metavar="FILE", help=f"{language} side of {part}, instead of --data"
            )
    command.add_argument(
        "--vocab", type=Path, metavar="FILE", help="vocabulary from vocab.py (words of the train text)"
    )


def add_decode_options(decode: argparse.ArgumentParser) -> None:
    """Add the arguments and options of `run.py decode`."""
    decode.add_argument("model", type=Path, metavar="MODEL", help="the model.bin of a training")
    decode.add_argument("source", type=Path, metavar="SOURCE", help="sentences to translate, one per line")
    decode.add_argument("target", type=Path, metavar="TARGET", nargs="?", help="reference translations, to score with")
    decode.add_argument("output", type=Path, metavar="OUTPUT", help="output file of the translations")
    decode.add_argument("--force", action="store_true", help="overwrite OUTPUT if it exists, unless it is an input")
    for name, default, about in (
        ("batch-size", 128, "sentences per batch"),
        ("beam-size", 5, "beam size"),
        ("max-decoding-time-step", 70, "maximum length of a translation, in words"),
    ):
        decode.add_argument(f"--{name}", type=at_least(1), metavar="INT", default=default, help=f"{about} ({default})")
    decode.add_argument(
        "--length-penalty",
        type=at_least(0, float),
        metavar="FLOAT",
        default=0.0,
        help="exponent of the length that the log-probability is divided by; 1 compares means over words (0)",
    )
