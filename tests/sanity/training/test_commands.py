"""The frame of run.py: which errors are one line, and with which exit status."""

from __future__ import annotations

import argparse

import pytest

from sanity.training.atomic import SaveError
from sanity.training.commands import UsageError, explained, run
from sanity.training.recipe import RecipeError

DISK = OSError(28, "No space left on device")


def own(error: Exception) -> tuple[str, int] | None:
    """What an assignment says of its own errors."""
    return ("own", 3) if isinstance(error, KeyError) else None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UsageError("--data: which?"), ("--data: which?", 2)),
        (RecipeError("--lr is -1"), ("--lr is -1", 2)),
        (SaveError("x: can't be written"), ("x: can't be written", 1)),
        (NotImplementedError("2d: not implemented yet"), ("2d: not implemented yet", 1)),
        (ModuleNotFoundError(name="tqdm"), ("tqdm is not installed: pip install tqdm", 1)),
        (ModuleNotFoundError(name="my_own_file"), None),
        (ModuleNotFoundError(name="sanity.nmt.new"), ("trivium is too old; see Install in README.md", 1)),
        (DISK, ("the output: No space left on device", 1)),
        (FileNotFoundError(2, "No such file or directory", "a.txt"), ("a.txt: No such file or directory", 1)),
        (KeyError("x"), ("own", 3)),
        (ValueError("a mistake in the code"), None),
    ],
)
def test_what_can_be_mended_is_one_line(error: Exception, said: tuple[str, int] | None) -> None:
    assert explained(error, ("tqdm",), own) == said


def test_a_command_that_is_not_there_shows_where() -> None:
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        run("nowhere", argparse.Namespace(command="train"), (), own)
