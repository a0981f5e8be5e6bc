"""Runs a command, and says in one line what went wrong, if it is something that can be mended."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module

from parsing.atomic import SaveError
from parsing.commands import terminal
from parsing.commands.options import parser
from parsing.recipe import RecipeError
from parsing.treebank import NoSuchTreebank, TreebankError

PACKAGES = ("conllu", "tqdm", "torch", "numpy")


class UsageError(ValueError):
    """Something is wrong with the command line; the message is one line."""


def main(argv: Sequence[str], about: str) -> int:
    """Run the command that argv names; `--help` begins with `about`. Return the exit status."""
    terminal.replace_unprintable()
    if list(argv) in (["-d"], ["--debug"]):  # as in the course
        argv = ["train", "--preset", "debug", "--restart", "--save-to", "trained/debug/model.bin"]
    args = parser(about).parse_args(argv)
    args.argv = argv
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is imported: idle threads don't spin
    # TensorBoard writes in a thread; the error that ends it is raised again at the next write, where we report it.
    threading.excepthook = lambda failed: None
    try:
        command_named(args.command)(args)
    except KeyboardInterrupt:
        advice = "; --resume continues from the last validation" if args.command == "train" else ""
        print(f"run.py: stopped{advice}", file=sys.stderr)
        return 130
    except Exception as error:
        line = explained(error)
        if line is None:  # a mistake in the code: its traceback helps more than one line
            raise
        print(f"run.py: {line}", file=sys.stderr)
        return 2 if isinstance(error, (UsageError, RecipeError, NoSuchTreebank, TreebankError)) else 1
    return 0


def command_named(name: str) -> Callable[..., object]:
    """Return the function of a command: `train` of parsing/commands/train.py, and so on."""
    function: Callable[..., object] = getattr(import_module(f"parsing.commands.{name}"), name)
    return function


def explained(error: Exception) -> str | None:
    """Return a one-line message for an error that the user can fix, or None for any other error."""
    if isinstance(error, ModuleNotFoundError):
        if error.name in ("sanity", "sanity.parsing"):  # the package's name differs; there is another one called sanity
            return "trivium is not installed, or too old; see Install in README.md"
        return f"{error.name} is not installed: pip install {error.name}" if error.name in PACKAGES else None
    from parsing.checkpoint import CheckpointError
    from parsing.decoding import ParseError
    from parsing.training import Diverged

    given = (TreebankError, RecipeError, UsageError, CheckpointError, SaveError, Diverged, ParseError)
    if isinstance(error, (*given, NotImplementedError)):
        return str(error)
    if isinstance(error, OSError):  # without a file name it is standard output
        return f"{error.filename or 'the output'}: {error.strerror}"
    return None


def device_named(name: str) -> object:
    """Return torch's device of this name. Raises UsageError: there is none here."""
    import torch

    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):
        raise UsageError(f"--device {name}: PyTorch {torch.__version__} has none here; try --device cpu") from None
    return device
