"""Plots of a parser's training as SVG text: learning curves, UAS by length, confusion of relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sanity.training.plots import Line, draw_bars, draw_panels, label_of, line_of, range_of, svg_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Bin = tuple[int, int | None, int, float]
"""The lowest and the highest length, None for no limit, the number of words, and their UAS: a `Bin` of scoring.py."""
MOST_RELATIONS = 15
"""The most frequent relations have a row and a column; the others share one."""
OTHERS = "others"
DARK = 0.6  # the share from which a number is written in white


class Curves(NamedTuple):
    """Measurements during training, as lines over updates."""

    loss: Line = ()  # of training, per transition, in nats
    dev_uas: Line = ()
    dev_las: Line = ()


def curves_of(log: Iterable[Mapping[str, Any]]) -> Curves:
    """Return the curves in the entries of log.jsonl."""
    entries = list(log)
    return Curves(*(line_of(entries, key) for key in ("loss", "uas/dev", "las/dev")))


def draw_curves(curves: Curves) -> str:
    """Return a plot of training loss, dev UAS and dev LAS over updates; one must not be empty."""
    panels = {
        "loss per transition": {"train": curves.loss},
        "UAS": {"dev": curves.dev_uas},
        "LAS": {"dev": curves.dev_las},
    }
    return draw_panels(panels, close=["UAS", "LAS"])


def draw_by_length(bins: Sequence[Bin], what: str) -> str:
    """Return a bar chart of UAS by a length, with the number of words below each bar."""
    bars = [(range_of(low, high), words, uas) for low, high, words, uas in bins]
    return draw_bars(bars, f"{what}, and number of words", "UAS")


def draw_confusion(relations: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Return a table of right relations (down) and predicted ones (across), dark for a large share of its row.

    Each cell has its number of words, if there are any.
    """
    names, table = most_frequent(relations, counts)
    shares = [[number / max(sum(row), 1) for number in row] for row in table]
    labels = [label_of(name) for name in names]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=0.5)
        axes.invert_yaxis()
        axes.set_aspect("equal")
        middles = [i + 0.5 for i in range(len(labels))]
        axes.set_xticks(middles, labels, rotation=90)
        axes.set_yticks(middles, labels)
        axes.set(xlabel="predicted", ylabel="right")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        for i, row in enumerate(table):
            for j, number in enumerate(row):
                if number:
                    color = "white" if shares[i][j] > DARK else "#222"
                    axes.text(j + 0.5, i + 0.5, f"{number}", ha="center", va="center", fontsize=7, color=color)

    return svg_of(draw, 1.6 + 0.36 * len(labels), 1.6 + 0.36 * len(labels))


def most_frequent(
    relations: Sequence[str], counts: Sequence[Sequence[int]], most: int = MOST_RELATIONS
) -> tuple[list[str], list[list[int]]]:
    """Return a confusion table of the first `most` relations, the others added up in one row and one column."""
    if len(relations) <= most + 1:
        return list(relations), [list(row) for row in counts]
    rows = [[*row[:most], sum(row[most:])] for row in counts]
    rest = [sum(column) for column in zip(*rows[most:], strict=True)]
    return [*relations[:most], OTHERS], [*rows[:most], rest]
