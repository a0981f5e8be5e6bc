"""The frame of a run.py that trains: it runs a command, says in one line what can be mended, and writes files."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sanity.training.atomic import SaveError, refuse_to_overwrite, write_atomically
from sanity.training.recipe import RecipeError

ENDED = {
    "patience": "training ended because dev stopped improving",
    "max_epoch": "all epochs are done",
    "max_updates": "all updates are done",
}
"""Why a training ended, in words."""

Explain = Callable[[Exception], tuple[str, int] | None]
"""Returns what to say of an assignment's own error, and the exit status; None for a mistake in the code."""


class UsageError(ValueError):
    """Something is wrong with the command line; the message is one line."""


def run(commands: str, args: argparse.Namespace, packages: Sequence[str], explain: Explain) -> int:
    """Run a command; return the exit status, 2 for a command line that is wrong.

    Args:
        commands: a package with a module for each command, and in it a function of the same name.
        args: `command` is its name.
        packages: those that may not be installed.
        explain: for errors that are not explained here.
    """
    # Importing torch reads it. Idle OpenMP threads spin by default, which wastes a shared machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # TensorBoard writes in a thread; the error that ends it is raised again at the next write, where we report it.
    threading.excepthook = lambda failed: None
    try:
        getattr(import_module(f"{commands}.{args.command}"), args.command)(args)
    except KeyboardInterrupt:
        advice = "; --resume continues from the last validation" if args.command == "train" else ""
        print(f"run.py: stopped{advice}", file=sys.stderr)
        return 130
    except Exception as error:
        said = explained(error, packages, explain)
        if said is None:  # a mistake in the code: its traceback helps more than one line
            raise
        line, status = said
        print(f"run.py: {line}", file=sys.stderr)
        return status
    return 0


def explained(error: Exception, packages: Sequence[str], explain: Explain) -> tuple[str, int] | None:
    """Return one line for an error that the user can mend, and the exit status; None for any other error."""
    if isinstance(error, (RecipeError, UsageError)):
        return str(error), 2
    if isinstance(error, (NotImplementedError, SaveError)):
        return str(error), 1
    if isinstance(error, ModuleNotFoundError):
        if (error.name or "").partition(".")[0] == "sanity":  # the package's name differs
            return "trivium is too old; see Install in README.md", 1
        return (f"{error.name} is not installed: pip install {error.name}", 1) if error.name in packages else None
    if isinstance(error, OSError):  # without a file name it is standard output
        return f"{error.filename or 'the output'}: {error.strerror}", 1
    return explain(error)


def require(packages: Sequence[str]) -> None:
    """Raise ModuleNotFoundError for a package that isn't installed: before training rather than after it."""
    for name in packages:
        if find_spec(name) is None:
            raise ModuleNotFoundError(name=name)


def output_folder(args: argparse.Namespace, inputs: Iterable[Path | None]) -> Path:
    """Return the output folder of a training, that of --save-to.

    Raises UsageError: it can't be created, or there are checkpoints in it and neither --resume nor --restart is given,
    or the model would overwrite an input.
    """
    from sanity.training.checkpoint import Checkpoints

    if args.save_to.is_dir() or not args.save_to.suffix:
        raise UsageError(f"--save-to {args.save_to}: expected a file, such as {args.save_to / 'model.bin'}")
    check_output(args.save_to, inputs)
    folder: Path = args.save_to.parent
    try:
        checkpoints = Checkpoints(folder)
    except OSError as error:
        raise UsageError(f"{folder}: can't be created: {error.strerror}") from None
    if checkpoints.newest() and not (args.resume or args.restart):
        raise UsageError(f"{folder}: has checkpoints already: continue with --resume, or start again with --restart")
    return folder


def check_output(output: Path, inputs: Iterable[Path | None]) -> None:
    """Raise UsageError if the output would overwrite an input; None is an input that isn't given."""
    try:
        refuse_to_overwrite(output, inputs)
    except SaveError as error:
        raise UsageError(str(error)) from None


def check_new(output: Path, inputs: Iterable[Path | None], force: bool, advice: str = "name a new file") -> None:
    """Raise UsageError unless a file can be written: before the work rather than after it.

    Args:
        output: the file.
        inputs: files that it may not overwrite.
        force: whether it may overwrite another one.
        advice: what to do instead.
    """
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"{output}: can't be written: expected a file in an existing folder")
    check_output(output, inputs)
    if output.exists() and not force:
        raise UsageError(f"{output}: exists already: {advice}, or overwrite this one with --force")


def save_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder, each atomically, given their contents by name. Raises SaveError."""
    for name, text in files.items():
        write_atomically(folder / name, lambda file, text=text: file.write(text.encode()))  # type: ignore[misc]
