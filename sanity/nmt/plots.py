"""Plots of a training as SVG text: learning curves, BLEU by source length, attention maps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sanity.training.plots import Line, draw_bars, draw_panels, label_of, line_of, range_of, svg_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Bin = tuple[int, int, int, float]
"""The lowest and the highest source length, the number of sentences, and their BLEU: a `Bin` of nmt/scoring.py."""

SHADES = 50  # of the colour bar


class Curves(NamedTuple):
    """Measurements during training, as lines over updates."""

    loss: Line = ()  # of training, per sentence, in nats
    perplexity: Line = ()  # of training, per word
    dev_perplexity: Line = ()
    dev_bleu: Line = ()


class Attention(NamedTuple):
    """The attention weights of the decoder for each target word."""

    source: list[str]
    target: list[str]  # </s> included
    weights: list[list[float]]  # for each target word the weights of the source words, which sum to 1


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


def draw_attention(attention: Attention) -> str:
    """Return a heat map of attention weights: source words across, target words down, dark for a large weight.

    A bar beside it shows the colours of the weights from 0 to 1.
    """
    across, down = ([label_of(word) for word in words] for words in (attention.source, attention.target))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        mesh = axes.pcolormesh(attention.weights, cmap="Blues", vmin=0, vmax=1, edgecolors="face", linewidth=0.2)
        axes.invert_yaxis()
        axes.xaxis.tick_top()
        axes.set_xticks([i + 0.5 for i in range(len(across))], across, rotation=90)
        axes.set_yticks([i + 0.5 for i in range(len(down))], down)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(mesh, ax=axes, boundaries=[i / SHADES for i in range(SHADES + 1)], ticks=[0, 0.5, 1])
        assert bar.solids is not None
        bar.solids.set(rasterized=False, edgecolor="face")  # without white lines between the shades
        bar.outline.set_visible(False)
        bar.ax.set_title("weight", fontsize="medium", pad=8)
        bar.ax.tick_params(length=0)
        bar.ax.set_yticklabels(["0", "0.5", "1"])

    left, above = (0.5 + 0.1 * max(map(len, labels)) for labels in (down, across))
    return svg_of(draw, left + 0.3 * len(across) + 1, above + 0.26 * max(len(down), 3))
