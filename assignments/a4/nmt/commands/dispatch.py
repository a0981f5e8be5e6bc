"""Runs a command, and says in one line what went wrong, if it is something that can be mended."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence

from nmt.commands.inputs import PACKAGES
from nmt.commands.options import parser
from sanity.training.commands import run
from sanity.training.terminal import replace_unprintable

TOO_LARGE = re.compile("allocate memory|not enough memory|size calculation overflowed")
"""PyTorch's messages for a tensor that doesn't fit into memory on a CPU."""


def main(argv: Sequence[str], about: str) -> int:
    """Run the command that argv names; `--help` begins with `about`. Return the exit status."""
    replace_unprintable()
    args = parser(about).parse_args(argv)
    args.argv = argv
    # Importing torch reads it: what PyTorch can't compute on a Mac's GPU is computed on its CPU.
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    warnings.filterwarnings("ignore", "Using padding='same'")  # 1c wants an even kernel; `check` says what it means
    return run("nmt.commands", args, PACKAGES, explained)


def explained(error: Exception) -> tuple[str, int] | None:
    """Return one line for an error that the user can fix, and the exit status, or None for any other error."""
    import torch

    from nmt.commands.overfitting import CheckFailed
    from nmt.corpus import CorpusError, NoSuchText
    from nmt.optimization import DeviceError
    from nmt.scoring import ScoreError
    from nmt.training import Diverged
    from sanity.training.checkpoint import CheckpointError
    from vocab import VocabError

    if isinstance(error, (DeviceError, NoSuchText)):
        return str(error), 2
    if isinstance(error, (CheckFailed, CheckpointError, CorpusError, Diverged, ScoreError, VocabError)):
        return str(error), 1
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return "the GPU's memory is too small for this; try a smaller --batch-size", 1
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and TOO_LARGE.search(str(error))):
        return "the memory is too small for this; try a smaller --embed-size, --hidden-size or --batch-size", 1
    return None
