"""Plots of a training as SVG text: learning curves, BLEU by source length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sanity.training.plots import Line, draw_bars, draw_panels, line_of, range_of

Bin = tuple[int, int, int, float]
"""The lowest and the highest source length, the number of sentences, and their BLEU: a `Bin` of nmt/scoring.py."""


class Curves(NamedTuple):
    """Measurements during training, as lines over updates."""

    loss: Line = ()  # of training, per sentence, in nats
    perplexity: Line = ()  # of training, per word
    dev_perplexity: Line = ()
    dev_bleu: Line = ()


def curves_of(log: Iterable[Mapping[str, Any]]) -> Curves:
    """Return the curves in the entries of log.jsonl."""
    entries = list(log)
    return Curves(*(line_of(entries, key) for key in ("loss", "perplexity", "perplexity/dev", "bleu/dev")))


def draw_curves(curves: Curves) -> str:
    """Return a plot of training loss, perplexity of train and dev, and dev BLEU over updates; one must not be empty."""
    panels = {
        "loss per sentence": {"train": curves.loss},
        "perplexity": {"train": curves.perplexity, "dev": curves.dev_perplexity},
        "BLEU": {"dev": curves.dev_bleu},
    }
    return draw_panels(panels, logarithmic=["perplexity"])


def draw_by_length(bins: Sequence[Bin]) -> str:
    """Return a bar chart of BLEU by source length, with the number of sentences below each bar."""
    bars = [(range_of(low, high), sentences, bleu) for low, high, sentences, bleu in bins]
    return draw_bars(bars, "words in the source sentence, and number of sentences", "BLEU")
