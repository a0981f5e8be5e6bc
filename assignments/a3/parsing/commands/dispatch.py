"""Runs a command, and says in one line what went wrong, if it is something that can be mended."""

from __future__ import annotations

from collections.abc import Sequence

from parsing.commands.inputs import PACKAGES
from parsing.commands.options import parsed
from sanity.training.commands import run
from sanity.training.terminal import replace_unprintable


def main(argv: Sequence[str], about: str) -> int:
    """Run the command that argv names; `--help` begins with `about`. Return the exit status."""
    replace_unprintable()
    return run("parsing.commands", parsed(argv, about), PACKAGES, explained)


def explained(error: Exception) -> tuple[str, int] | None:
    """Return one line for an error that the user can fix, and the exit status, or None for any other error."""
    from parsing.decoding import ParseError
    from parsing.training import Diverged
    from parsing.treebank import NoSuchTreebank, TreebankError
    from parsing.vectors import NoSuchVectors, VectorsError
    from sanity.training.checkpoint import CheckpointError

    if isinstance(error, (NoSuchTreebank, NoSuchVectors)):
        return str(error), 2
    if isinstance(error, (CheckpointError, Diverged, ParseError, TreebankError, VectorsError)):
        return str(error), 1
    return None
