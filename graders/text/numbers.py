"""Numbers as people write them."""

from __future__ import annotations


def number(value: float) -> str:
    """Return points as people write them, to two decimals at most: 8, 7.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
