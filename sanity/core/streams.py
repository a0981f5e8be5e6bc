"""Printing what the terminal's encoding may lack."""

from __future__ import annotations

import io
import sys


def replace_what_cannot_be_encoded() -> None:
    """Let standard output and standard error print "?" for a character that their encoding lacks, as cp1252 has no "→".

    What students' code prints and raises may hold any character. Commands call this first.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # else closed, or a notebook's
            stream.reconfigure(errors="replace")
