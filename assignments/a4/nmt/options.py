"""The options of run.py, by the course's names; the numbers of a recipe are options too."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from nmt.recipe import TOY, Recipe, option

KINDS = {"int": int, "int | None": int, "float": float, "str": str}


def at_least(least: int, kind: type[int] | type[float] = int) -> Callable[[str], float]:
    """Return a reader of numbers that are not too small."""

    def read(text: str) -> float:
        number = kind(text)
        if not number >= least:
            raise argparse.ArgumentTypeError(f"{text} is not at least {least}")
        return number

    read.__name__ = kind.__name__  # what argparse calls it when the text is no number at all
    return read


def parser(about: str) -> argparse.ArgumentParser:
    """Return the command line's parser, about being what `--help` begins with."""
    top = argparse.ArgumentParser(
        prog="python run.py", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True)

    train = commands.add_parser("train", help="train a model")
    train.add_argument("--data", help="toy, multi30k, tatoeba, or a folder or file of your own (toy)")
    for part in ("train", "dev", "test"):
        for side, what in (("src", "sentences"), ("tgt", "translations")):
            train.add_argument(
                f"--{part}-{side}", type=Path, metavar="FILE", help=f"{what} of {part}, instead of --data"
            )
    train.add_argument("--vocab", type=Path, metavar="FILE", help="what vocab.py made (default: the words of train)")
    train.add_argument(
        "--save-to",
        type=Path,
        default=Path("trained/model.bin"),
        metavar="FILE",
        help="where the model goes, and all else beside it (trained/model.bin)",
    )
    again = train.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on from the last checkpoint there")
    again.add_argument("--restart", action="store_true", help="begin again, and drop the checkpoints there")
    train.add_argument(
        "--dev-bleu",
        type=at_least(0),
        default=200,
        metavar="N",
        help="sentences of dev to translate at each look, for bleu/dev (200)",
    )
    for knob in fields(Recipe):
        kind, toy = KINDS[str(knob.type)], getattr(TOY, knob.name)
        values = "no limit" if knob.default is None else str(knob.default)
        values += f"; toy: {toy}" if toy != knob.default else ""
        train.add_argument(
            option(knob.name),
            type=kind,
            metavar="|".join(knob.metadata["choices"]) or kind.__name__.upper(),
            help=f"{knob.metadata['help']} ({values})",
        )

    decode = commands.add_parser("decode", help="translate with a trained model")
    decode.add_argument("model", type=Path, metavar="MODEL", help="a model.bin of training")
    decode.add_argument("source", type=Path, metavar="SOURCE", help="sentences, one a line")
    decode.add_argument("target", type=Path, metavar="TARGET", nargs="?", help="their translations: for the BLEU score")
    decode.add_argument("output", type=Path, metavar="OUTPUT", help="where to write the translations")
    decode.add_argument("--force", action="store_true", help="overwrite OUTPUT if it is there, unless it is an input")
    decode.add_argument(
        "--batch-size", type=at_least(1), metavar="INT", default=128, help="sentences searched at once (128)"
    )
    decode.add_argument(
        "--beam-size", type=at_least(1), metavar="INT", default=5, help="translations pursued at a time (5)"
    )
    decode.add_argument(
        "--max-decoding-time-step",
        type=at_least(1),
        metavar="INT",
        default=70,
        help="longest translation, in words (70)",
    )
    decode.add_argument(
        "--length-penalty",
        type=at_least(0, float),
        metavar="FLOAT",
        default=0.0,
        help="0: none; 1: compare means over words (0)",
    )

    for command, threads in ((train, "as PyTorch likes; toy: 1"), (decode, "as PyTorch likes")):
        command.add_argument("--threads", type=at_least(1), metavar="N", help=f"CPU threads ({threads})")
        command.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:1 (auto: a GPU if there is one)")
        command.add_argument(
            "--cuda", dest="device", action="store_const", const="cuda", help="the same as --device cuda"
        )
    return top
