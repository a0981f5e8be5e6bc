"""Plots as SVG text: learning curves, bars, and what other plots of a training need.

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
Panel = Mapping[str, Line]
"""The lines of one plot by their label, train or dev."""

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
MAX_LABEL = 20  # characters of a word on an axis
UNDISPLAYABLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Characters that XML forbids, and controls that would change the writing direction of the text around them."""
SHADES = 50
"""Of the colour bar of attention weights."""


def line_of(log: Iterable[Mapping[str, Any]], key: str) -> Line:
    """Return a curve in the entries of log.jsonl, without values that are NaN or infinite."""
    return [(entry["update"], entry[key]) for entry in log if math.isfinite(entry.get(key, math.nan))]


def draw_panels(panels: Mapping[str, Panel], logarithmic: Sequence[str] = (), close: Sequence[str] = ()) -> str:
    """Return plots of lines over updates, side by side; a panel without any points is left out, not all may be.

    Args:
        panels: by title.
        logarithmic: titles of those with a logarithmic scale.
        close: titles of those whose scale begins at the lowest point; others begin at 0.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    drawn = {title: lines for title, lines in panels.items() if any(lines.values())}

    def draw(figure: Figure) -> None:
        for axes, (title, lines) in zip(figure.subplots(1, len(drawn), squeeze=False)[0], drawn.items(), strict=True):
            for label, line in ((label, line) for label, line in lines.items() if line):
                mark = "." if len(line) < FEW else None
                axes.plot(*zip(*line, strict=True), label=label, color=COLORS[label], marker=mark)
            axes.set(title=title, xlabel="updates")
            axes.set_xlim(left=0)
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            if title in logarithmic:
                axes.set_yscale("log")
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.yaxis.set_minor_locator(NullLocator())
                axes.yaxis.set_major_formatter("{x:g}")
            elif title not in close:
                axes.set_ylim(bottom=0)
            axes.legend(frameon=False)

    return svg_of(draw, 3.2 * len(drawn), 2.6)


def draw_bars(bars: Sequence[tuple[str, int, float]], xlabel: str, ylabel: str) -> str:
    """Return a bar chart of scores from 0 to 100: a name, a number of things to be shown below it, and the score."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        drawn = axes.bar(range(len(bars)), [score for *_, score in bars], color=COLORS["train"])
        axes.bar_label(drawn, [f"{score:.1f}" for *_, score in bars], padding=2)
        axes.set_xticks(range(len(bars)), [f"{label_of(name)}\n{number:,}" for name, number, _ in bars])
        axes.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 108))

    return svg_of(draw, 1.6 + 0.75 * len(bars), 2.8)


class Attention(NamedTuple):
    """The attention weights of each word or character that reads others."""

    source: list[str]  # what is read
    target: list[str]  # </s> included
    weights: list[list[float]]  # for each target word the weights of the source words, which sum to 1


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
        upright = all(len(label) == 1 for label in across)
        axes.set_xticks([i + 0.5 for i in range(len(across))], across, rotation=0 if upright else 90)
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


def range_of(low: int, high: int | None) -> str:
    """Return a range of whole numbers in words: `3`, `3–5` or `3 or more`."""
    if high is None:
        return f"{low} or more"
    return f"{low}–{high}" if low < high else f"{low}"


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
