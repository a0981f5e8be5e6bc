"""Runs a command, and says in one line what went wrong, if it is something that can be mended."""

from __future__ import annotations

import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module

from nmt.commands import terminal
from nmt.commands.inputs import PACKAGES, UsageError
from nmt.commands.options import parser
from nmt.recipe import RecipeError

TOO_LARGE = re.compile("allocate memory|not enough memory|size calculation overflowed")
"""PyTorch's messages for a tensor that doesn't fit into memory on a CPU."""


def main(argv: Sequence[str], about: str) -> int:
    """Run the command that argv names; `--help` begins with `about`. Return the exit status."""
    terminal.replace_unprintable()
    args = parser(about).parse_args(argv)
    args.argv = argv
    # Importing torch reads both. Idle OpenMP threads spin by default, which wastes a shared machine; and what PyTorch
    # can't compute on a Mac's GPU is computed on its CPU.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    warnings.filterwarnings("ignore", "Using padding='same'")  # 1c wants an even kernel; `check` says what it means
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
    """Return the function of a command: `train` of nmt/commands/train.py, and so on."""
    function: Callable[..., object] = getattr(import_module(f"nmt.commands.{name}"), name)
    return function


def is_usage_error(error: Exception) -> bool:
    """Return whether the command line is wrong: an option, or the name of something that isn't there."""
    if isinstance(error, ModuleNotFoundError):
        return False
    from nmt.corpus import NoSuchText
    from nmt.optimization import DeviceError

    return isinstance(error, (UsageError, RecipeError, DeviceError, NoSuchText))


def explained(error: Exception) -> str | None:
    """Return a one-line message for an error that the user can fix, or None for any other error."""
    if isinstance(error, ModuleNotFoundError):
        if (error.name or "").partition(".")[
            0
        ] == "sanity":  # the package's name differs; there is another one called sanity
            return "trivium is not installed, or too old; see Install in README.md"
        return f"{error.name} is not installed: pip install {error.name}" if error.name in PACKAGES else None
    import torch

    from nmt.atomic import SaveError
    from nmt.checkpoint import CheckpointError
    from nmt.commands.overfitting import CheckFailed
    from nmt.corpus import CorpusError
    from nmt.optimization import DeviceError
    from nmt.scoring import ScoreError
    from nmt.training import Diverged
    from vocab import VocabError

    given = (CorpusError, DeviceError, RecipeError, ScoreError, UsageError, VocabError)
    if isinstance(error, (*given, CheckFailed, CheckpointError, SaveError, Diverged, NotImplementedError)):
        return str(error)
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return "the GPU's memory is too small for this; try a smaller --batch-size"
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and TOO_LARGE.search(str(error))):
        return "the memory is too small for this; try a smaller --embed-size, --hidden-size or --batch-size"
    if isinstance(error, OSError):  # without a file name it is standard output
        return f"{error.filename or 'the output'}: {error.strerror}"
    return None
