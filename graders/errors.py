"""Errors of the graders that belong to no one room. Their base, UserError, is in sanity/core/errors.py."""

from __future__ import annotations

from collections.abc import Mapping

from sanity.core.errors import UserError as UserError

MAX_SEED = 2**63 - 1


class OptionError(UserError):
    """An option has a value that makes no sense, or would change nothing."""


def refuse_unused(given: Mapping[str, bool], why: str) -> None:
    """Raise OptionError for the first option that was given although it would change nothing."""
    for option, is_given in given.items():
        if is_given:
            raise OptionError(f"{option}: {why}; leave it out")


def check_seed(seed: int | None) -> None:
    """Raise OptionError for a number that is no seed."""
    if seed is not None and not 0 <= seed <= MAX_SEED:
        raise OptionError(f"--seed {seed}: expected a number from 0 to {MAX_SEED}")
