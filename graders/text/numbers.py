"""Formats numbers for people."""

from __future__ import annotations


def number(value: float) -> str:
    """Return a number with at most two decimals, without trailing zeros.

    >>> number(8.0), number(7.5), number(1 / 3)
    ('8', '7.5', '0.33')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")
