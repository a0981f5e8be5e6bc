"""Errors of command options. The base class of all user errors, UserError, is in sanity/core/errors.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

from sanity.core.errors import UserError as UserError

MAX_SEED = 2**63 - 1


class OptionError(UserError):
    """An option has an invalid value, or would have no effect."""


def refuse_unused(given: Mapping[str, bool], why: str) -> None:
    """Raise OptionError for the first given option that would have no effect, with the reason."""
    for option, is_given in given.items():
        if is_given:
            raise OptionError(f"{option}: {why}; leave it out")


def check_seed(seed: int | None) -> None:
    """Raise OptionError for a number that cannot be a seed."""
    if seed is not None and not 0 <= seed <= MAX_SEED:
        raise OptionError(f"--seed {seed}: expected a number from 0 to {MAX_SEED}")


def check_types(lists: Mapping[str, tuple[Sequence[object], type]], out: object, isolation: object) -> None:
    """Raise OptionError for options from Python that are not what the command line would give.

    Args:
        lists: by name, options that are lists, with the type of their items.
        out: the output folder.
        isolation: an Isolation.
    """
    for name, (items, kind) in lists.items():
        if isinstance(items, str | Path) or not all(isinstance(item, kind) for item in items):
            raise OptionError(f"{name}={items!r}: expected a list of {kind.__name__}")
    if not isinstance(out, Path):
        raise OptionError(f"out={out!r}: expected a Path")
    if not isinstance(isolation, Enum):
        raise OptionError(f"isolation={isolation!r}: expected Isolation.SANDLOCK or Isolation.NONE")
