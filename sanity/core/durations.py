"""Durations as people write them: 90s, 10m, 1.5h."""

from __future__ import annotations

import re

DURATION = r"^([0-9]+(?:[.][0-9]+)?) ?([smh])$"
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(duration: str) -> float:
    """Return how many seconds "90s", "10m" or "1.5h" are; raise ValueError for any other text, and for 0s.

    >>> seconds_of("1.5h")
    5400.0
    """
    found = re.fullmatch(DURATION, duration, re.ASCII)
    seconds = float(found[1]) * UNITS[found[2]] if found else 0.0
    if not seconds:
        raise ValueError(f"{duration!r}: expected a time such as 90s, 10m or 1.5h")
    return seconds


def duration_text(seconds: float) -> str:
    """Return seconds with the largest unit that suits them.

    >>> duration_text(90), duration_text(5400), duration_text(9000)
    ('90s', '90m', '2.5h')
    """
    for unit in ("h", "m"):
        if seconds >= 2 * UNITS[unit] or seconds == UNITS[unit]:
            return f"{seconds / UNITS[unit]:.4g}{unit}"
    return f"{seconds:.4g}s"
