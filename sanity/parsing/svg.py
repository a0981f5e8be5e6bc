"""A dependency tree as SVG: arcs above the words, from a head to its dependent, with the relation on each.

With the right tree given, too, each wrong arc is dashed and coloured, and the right one is drawn below the words. Lines
and letters have the colour of the text around the picture, so that it can stand on a light and on a dark page; `alone`
gives a picture the colours it needs as a file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from sanity.training.plots import displayable

LETTER, WIDE, SMALL = 8.2, 15.0, 6.2
"""Estimated widths: of a letter of a word, of a wide one, of a letter of a relation or a tag; in pixels."""
GAP, MARGIN, LEVEL, LINE = 16.0, 12.0, 26.0, 20.0
"""Pixels between words, around the picture, between arcs one above the other, and between lines of text."""
SPREAD, CORNER = 6.0, 8.0
"""How far from its middle arcs leave a word, and the radius of their corners."""
WRONG = "#d9480f"
"""The colour of wrong arcs, visible on white and on black."""
ALONE = """<style>
svg { color: #222; background: #fff; }
@media (prefers-color-scheme: dark) { svg { color: #ddd; background: #181818; } }
</style>"""


class Arc(NamedTuple):
    """An arc from a head to a dependent, places counted from 1; head 0 is ROOT."""

    head: int
    dependent: int
    label: str
    wrong: bool = False

    @property
    def span(self) -> tuple[int, int]:
        """The two ends, the left one first."""
        return min(self.head, self.dependent), max(self.head, self.dependent)


def svg_of_tree(
    words: Sequence[str],
    heads: Sequence[int],
    relations: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    right: Sequence[int] | None = None,
    right_relations: Sequence[str] | None = None,
) -> str:
    """Return a picture of a tree as an SVG element; any text is safe in it.

    Args:
        words: n of them.
        heads: of each word its head's place, counted from 1; 0 is ROOT.
        relations, tags: of each word; None draws none.
        right: the right heads, None if they aren't known.
        right_relations: with `right`, the labels of the arcs below the words.
    """
    above = arcs_of(heads, relations, right)
    wrong = [place for place in range(1, len(words) + 1) if right and heads[place - 1] != right[place - 1]]
    below = [arc for arc in arcs_of(right or (), right_relations) if arc.dependent in wrong]
    middles, width = middles_of(words, tags, [*above, *below])
    levels, low = levels_of(above), levels_of(below)
    top = MARGIN + LEVEL * max(levels.values(), default=0)
    bottom = top + LINE * (2 if tags is None else 3)
    height = bottom + LEVEL * max(low.values(), default=0) + (LINE if below else 0)
    parts = [_arc(arc, middles, top, -LEVEL * levels[arc]) for arc in above]
    parts += [_arc(arc, middles, bottom, LEVEL * low[arc]) for arc in below]
    for place, word in enumerate(words, start=1):
        x = middles[place]
        parts.append(_text(x, top + LINE, word, 'font-size="15"' + (f' fill="{WRONG}"' if place in wrong else "")))
        if tags is not None:
            parts.append(_text(x, top + 2 * LINE - 3, tags[place - 1], 'font-size="11" opacity=".65"'))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
        f' height="{height:.0f}" font-family="system-ui, sans-serif" fill="currentColor" text-anchor="middle">\n'
        f"<title>{_escaped(' '.join(words))}</title>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def alone(svg: str) -> str:
    """Return a picture with colours of its own, light or dark as the reader's system is, to be saved as a file."""
    start, title, rest = svg.partition("<title>")
    return f"{start}{ALONE}\n{title}{rest}"


def arcs_of(heads: Sequence[int], relations: Sequence[str] | None, right: Sequence[int] | None = None) -> list[Arc]:
    """Return the arcs of a tree, marked wrong where the right tree has another head."""
    return [
        Arc(
            head,
            place,
            "" if relations is None else displayable(relations[place - 1]),
            wrong=right is not None and right[place - 1] != head,
        )
        for place, head in enumerate(heads, start=1)
    ]


def levels_of(arcs: Sequence[Arc]) -> dict[Arc, int]:
    """Return the height of each arc, from 1: above all arcs within its span, as low as can be; ROOT's above all."""
    levels: dict[Arc, int] = {}
    for arc in sorted((arc for arc in arcs if arc.head), key=lambda arc: (arc.span[1] - arc.span[0], arc.span)):
        (start, end), taken = arc.span, set()
        for other, level in levels.items():
            if other.span[0] < end and start < other.span[1]:  # they share more than an end
                taken.add(level)
        levels[arc] = max(taken, default=0) + 1
    roof = max(levels.values(), default=0) + 1
    return levels | {arc: roof for arc in arcs if arc.head == 0}


def middles_of(words: Sequence[str], tags: Sequence[str] | None, arcs: Sequence[Arc]) -> tuple[dict[int, float], float]:
    """Return where the middle of each word is, by its place, with room for each arc's label, and the total width."""
    halves = [
        max(_width(word), SMALL * len(tags[i]) if tags else 0, _label_width(arcs, 0, i + 1)) / 2
        for i, word in enumerate(words)
    ]
    middles: dict[int, float] = {}
    for place, half in enumerate(halves, start=1):
        x = middles[place - 1] + halves[place - 2] + GAP + half if place > 1 else MARGIN + half
        for arc in arcs:
            if arc.head and arc.span[1] == place:
                x = max(x, middles[arc.span[0]] + SMALL * len(arc.label) + 2 * (SPREAD + CORNER))
        middles[place] = x
    return middles, (max(m + h for m, h in zip(middles.values(), halves, strict=True)) if middles else 0) + MARGIN


def _label_width(arcs: Sequence[Arc], head: int, dependent: int) -> float:
    """Return the width of the label of the arc from ROOT, which stands above the word."""
    return (
        2 * SMALL * max((len(arc.label) for arc in arcs if (arc.head, arc.dependent) == (head, dependent)), default=0)
    )


def _arc(arc: Arc, middles: dict[int, float], base: float, height: float) -> str:
    """Return an arc that begins and ends at the height base, its label on it. Height is negative above the words."""
    down = 1 if height < 0 else -1  # towards the words
    edge, x = base + height, middles[arc.dependent]
    style = f' stroke="{WRONG}" stroke-dasharray="5 3"' if arc.wrong else ' stroke="currentColor"'
    if arc.head == 0:
        path = f"M{x:.1f},{edge + down * CORNER:.1f}V{base:.1f}"
        label = _text(x + 5, edge + down * 2 * CORNER, arc.label, _label_style(arc) + ' text-anchor="start"')
    else:
        side = 1 if arc.dependent > arc.head else -1
        start = middles[arc.head] + side * SPREAD
        path = (
            f"M{start:.1f},{base:.1f}V{edge + down * CORNER:.1f}Q{start:.1f},{edge:.1f} {start + side * CORNER:.1f},"
            f"{edge:.1f}H{x - side * CORNER:.1f}Q{x:.1f},{edge:.1f} {x:.1f},{edge + down * CORNER:.1f}V{base:.1f}"
        )
        label = _text((start + x) / 2, edge - 4 if down > 0 else edge + 12, arc.label, _label_style(arc))
    head = f"M{x - 3.5:.1f},{base - down * 6:.1f}L{x:.1f},{base:.1f}L{x + 3.5:.1f},{base - down * 6:.1f}"
    return f'<path d="{path}{head}" fill="none" stroke-width="1.2"{style}/>{label}'


def _label_style(arc: Arc) -> str:
    return 'font-size="11"' + (f' fill="{WRONG}"' if arc.wrong else "")


def _text(x: float, y: float, text: str, attributes: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{_escaped(text)}</text>' if text else ""


def _escaped(text: str) -> str:
    return escape(displayable(text))


def _width(word: str) -> float:
    return sum(WIDE if unicodedata.east_asian_width(letter) in "WF" else LETTER for letter in word)
