"""Numbers and durations as people write them."""

from __future__ import annotations


def number(value: float) -> str:
    """Return points as people write them, to two decimals at most: 8, 7.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def duration(seconds: float) -> str:
    """Return seconds as a budget is written: 90s, 10m, 1.5h."""
    for unit, size in (("h", 3600.0), ("m", 60.0)):
        if seconds >= 2 * size or seconds == size:
            return f"{number(seconds / size)}{unit}"
    return f"{number(seconds)}s"
