"""Errors of command options. The base class of all user errors, UserError, is in sanity/core/errors.py."""

from __future__ import annotations

from collections.abc import Mapping

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
