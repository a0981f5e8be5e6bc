"""Known errors of assignment 2: what the stand-ins of its probes raise, and a hint for it."""

from __future__ import annotations

from sanity.core.known_errors import Known

KNOWN: Known = (
    (
        r"RuntimeError: the dataset drew 0 samples",
        "negative samples are drawn where none are needed: which loss is called?",
    ),
    (
        r"RuntimeError: the dataset drew \d+ samples, and no end",
        "a loop draws negative samples and never ends: reject only outsideWordIdx, and accept repeats",
    ),
)
