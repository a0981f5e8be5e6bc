"""Runs a command, and says in one line what went wrong, if it is something that can be mended."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module

from parsing.commands import terminal
from parsing.commands.inputs import PACKAGES, UsageError
from parsing.commands.options import parsed
from parsing.recipe import RecipeError


def main(argv: Sequence[str], about: str) -> int:
    """Run the command that argv names; `--help` begins with `about`. Return the exit status."""
    terminal.replace_unprintable()
    args = parsed(argv, about)
    # Importing torch reads it. Idle OpenMP threads spin by default, which wastes a shared machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
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
        return 2 if is_usage_error(error) else 1
    return 0


def command_named(name: str) -> Callable[..., object]:
    """Return the function of a command: `train` of parsing/commands/train.py, and so on."""
    function: Callable[..., object] = getattr(import_module(f"parsing.commands.{name}"), name)
    return function


def is_usage_error(error: Exception) -> bool:
    """Return whether the command line is wrong: an option, or the name of something that isn't there."""
    from parsing.treebank import NoSuchTreebank

    if isinstance(error, (UsageError, RecipeError, NoSuchTreebank)):
        return True
    if isinstance(error, ModuleNotFoundError):
        return False
    from parsing.vectors import NoSuchVectors

    return isinstance(error, NoSuchVectors)


def explained(error: Exception) -> str | None:
    """Return a one-line message for an error that the user can fix, or None for any other error."""
    if isinstance(error, ModuleNotFoundError):
        if (error.name or "").partition(".")[0] == "sanity":  # the package's name differs
            return "trivium is not installed, or too old; see Install in README.md"
        return f"{error.name} is not installed: pip install {error.name}" if error.name in PACKAGES else None
    from parsing.atomic import SaveError
    from parsing.checkpoint import CheckpointError
    from parsing.decoding import ParseError
    from parsing.training import Diverged
    from parsing.treebank import TreebankError
    from parsing.vectors import VectorsError

    given = (RecipeError, TreebankError, UsageError, VectorsError)
    if isinstance(error, (*given, CheckpointError, Diverged, NotImplementedError, ParseError, SaveError)):
        return str(error)
    if isinstance(error, OSError):  # without a file name it is standard output
        return f"{error.filename or 'the output'}: {error.strerror}"
    return None
