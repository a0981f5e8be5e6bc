"""Plots of a training as SVG text: learning curves, BLEU by source length, attention maps.

The same numbers give the same bytes. Words stay text in the SVG, so that the browser picks a font with their letters
and the right writing direction.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Line = Sequence[tuple[int, float]]
"""Points (update, value)."""
Bin = tuple[int, int, int, float]
"""The lowest and the highest source length, the number of sentences, and their BLEU: a `Bin` of nmt/scoring.py."""

STYLE: Any = {  # matplotlib's own type for it differs by version
    "svg.fonttype": "none",  # words stay text, not outlines
    "svg.hashsalt": "trivium",  # for reproducible ids; they are random otherwise
    "text.parse_math": False,  # "$5 or $6" is not a formula
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
COLORS = {"train": "#2a6f9e", "dev": "#d1661f"}
FEW = 30  # lines with fewer points get a marker at each
SHADES = 50  # of the colour bar
MAX_LABEL = 20  # characters of a word on an axis
UNDISPLAYABLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Characters that XML forbids, and controls that would change the writing direction of the text around them."""


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
    """Return the curves in the entries of log.jsonl, without values that are NaN or infinite."""
    entries = list(log)
    return Curves(
        *(
            [(entry["update"], entry[key]) for entry in entries if math.isfinite(entry.get(key, math.nan))]
            for key in ("loss", "perplexity", "perplexity/dev", "bleu/dev")
        )
    )


def draw_curves(curves: Curves) -> str:
    """Return a plot of training loss, perplexity of train and dev, and dev BLEU over updates; one must not be empty."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    panels: dict[str, dict[str, Line]] = {
        "loss per sentence": {"train": curves.loss},
        "perplexity": {"train": curves.perplexity, "dev": curves.dev_perplexity},
        "BLEU": {"dev": curves.dev_bleu},
    }
    panels = {name: lines for name, lines in panels.items() if any(lines.values())}

    def draw(figure: Figure) -> None:
        for axes, (name, lines) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
            for label, line in ((label, line) for label, line in lines.items() if line):
                mark = "." if len(line) < FEW else None
                axes.plot(*zip(*line, strict=True), label=label, color=COLORS[label], marker=mark)
            axes.set(title=name, xlabel="updates")
            axes.set_xlim(left=0)
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            if name == "perplexity":
                axes.set_yscale("log")
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.yaxis.set_minor_locator(NullLocator())
                axes.yaxis.set_major_formatter("{x:g}")
            else:
                axes.set_ylim(bottom=0)
            axes.legend(frameon=False)

    return svg_of(draw, 3.2 * len(panels), 2.6)


def draw_by_length(bins: Sequence[Bin]) -> str:
    """Return a bar chart of BLEU by source length, with the number of sentences below each bar."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        bars = axes.bar(range(len(bins)), [bleu for *_, bleu in bins], color=COLORS["train"])
        axes.bar_label(bars, [f"{bleu:.1f}" for *_, bleu in bins], padding=2)
        names = [f"{low}–{high}" if low < high else f"{low}" for low, high, *_ in bins]
        labels = [f"{name}\n{sentences:,}" for name, (*_, sentences, _) in zip(names, bins, strict=True)]
        axes.set_xticks(range(len(bins)), labels)
        axes.set(xlabel="words in the source sentence, and number of sentences", ylabel="BLEU", ylim=(0, 108))

    return svg_of(draw, 1.6 + 0.75 * len(bins), 2.8)


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


def svg_of(draw: Callable[[Figure], None], width: float, height: float) -> str:
    """Return a figure drawn by `draw(figure)` as SVG text; width and height in inches."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    written = io.StringIO()
    with rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing")  # the browser supplies the font
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return written.getvalue()


def label_of(word: str) -> str:
    """Return a word as an axis label, shortened to MAX_LABEL characters."""
    word = displayable(word)
    return word if len(word) <= MAX_LABEL else word[: MAX_LABEL - 1] + "…"


def displayable(text: str) -> str:
    """Return a text with U+FFFD in place of each character that SVG and HTML can't display."""
    return UNDISPLAYABLE.sub("\N{REPLACEMENT CHARACTER}", text)
