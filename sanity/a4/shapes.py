"""How questions 1b and 1c compare the shapes of weights."""

from __future__ import annotations

from typing import Any

from sanity.core.errors import CheckFailed
from sanity.core.values import sizes_text


def same_shape(name: str, got: Any, want: list[int], diagnosis: str, output: str) -> None:
    """Raise CheckFailed unless a weight has the right shape; both are lists."""
    if got != want:
        known = isinstance(got, list) and all(isinstance(size, int) for size in got)
        shape = sizes_text(tuple(got)) if known else "unknown"
        if got == want[::-1]:
            diagnosis = f"the two sizes of self.{name} are swapped"
        raise CheckFailed(f"self.{name} has shape {shape}, expected {tuple(want)}", diagnosis=diagnosis, output=output)
