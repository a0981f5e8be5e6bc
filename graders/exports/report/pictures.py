"""Pictures of a submission's page: what is drawn of differences, attention and trees, as SVG.

Colours are classes of report.css, which knows light and dark: the page allows no style in an attribute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from graders.records.training import AttentionMap
from sanity.core.difference import Difference

SHADES = 4
"""Of each sign."""
MOST_SPELT = 8
"""More columns than these have no numbers in their cells, only signs."""
LEAST_WEIGHT = 0.05
"""Smaller attention weights have no number."""
CELL = 24
"""Of an attention map; LETTER is the width of a letter beside it."""
LETTER = 7
MOST_WORDS = 40
"""Of a tree."""
TREE = re.compile(r"-?\d{1,5}:\S*(?: -?\d{1,5}:\S*)*")
"""A tree as a parser answers it: of each word its head and its relation."""


@dataclass(frozen=True)
class HeatMap:
    """The drawing of a Difference."""

    place: str
    axes: tuple[str, str]
    words: str
    """The picture in words."""
    svg: str
    """It holds nothing but numbers and words of ours."""


def heat_map(difference: Difference) -> HeatMap:
    """Return what is drawn of a difference: shades are relative to its largest entry.

    No entry needs its colour to be understood: it has its number, or where there are many columns its sign.
    """
    columns = max(map(len, difference.rows), default=0)
    spelt = columns <= MOST_SPELT
    width, height = (52, 22) if spelt else (18, 18)
    values = [value for row in difference.rows for value in row]
    wrong = [value for value in values if value != 0]
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    words = f"got − expected: {len(wrong)} of these {len(values)} differ, by {largest:.3g} at most"
    if None in wrong:
        words += f"; {wrong.count(None)} not finite"
    squares = [
        f'<rect class="{_shade(value, largest)}" x="{x * width}" y="{y * height}" width="{width}" height="{height}"/>'
        f'<text x="{x * width + width // 2}" y="{y * height + height // 2 + 4}">{_text(value, spelt)}</text>'
        for y, row in enumerate(difference.rows)
        for x, value in enumerate(row)
    ]
    size = f"{columns * width + 1} {len(difference.rows) * height + 1}"
    across, down = size.split()
    svg = (
        f'<svg width="{across}" height="{down}" viewBox="0 0 {size}" text-anchor="middle" role="img" '
        f'aria-label="{words}">{"".join(squares)}</svg>'
    )
    return HeatMap(difference.place, difference.axes, words, svg)


def _shade(value: float | None, largest: float) -> str:
    """Return the class of an entry.

    >>> [_shade(value, 2.0) for value in (-2.0, -0.1, 0.0, 1.1, None)]
    ['n4', 'n1', 'z', 'p3', 'x']
    """
    if value is None:
        return "x"
    if not value or not largest:
        return "z"
    return f"{'n' if value < 0 else 'p'}{min(int(abs(value) / largest * SHADES) + 1, SHADES)}"


def _text(value: float | None, spelt: bool) -> str:
    if value is None:
        return "×"
    if not value:
        return "·"
    if spelt:
        return f"{value:+.2g}".replace("-", "−")
    return "+" if value > 0 else "−"


def attention_map(attention: AttentionMap) -> str:
    """Return attention weights in per cent as an SVG, in which all text is escaped.

    What was read is across, what read it down; weights below LEAST_WEIGHT have no number.
    """
    left = 10 + LETTER * max(map(len, attention.target), default=0)
    upright = all(len(word) == 1 for word in attention.source)
    above = 18 if upright else 10 + LETTER * max(map(len, attention.source), default=0)
    drawn = []
    for x, word in enumerate(attention.source):
        at = f'x="{left + x * CELL + CELL // 2}" y="{above - 5}"'
        if not upright:
            across, down = left + x * CELL + CELL // 2 + 4, above - 5
            at = f'transform="translate({across} {down}) rotate(-90)" class="start"'
        drawn.append(f"<text {at}>{escape(word)}</text>")
    for y, (word, row) in enumerate(zip(attention.target, attention.weights, strict=True)):
        top = above + y * CELL
        drawn.append(f'<text class="end" x="{left - 6}" y="{top + 16}">{escape(word)}</text>')
        for x, weight in enumerate(row):
            place = f'x="{left + x * CELL}" y="{top}" width="{CELL}" height="{CELL}"'
            seen = weight >= LEAST_WEIGHT
            drawn.append(f'<rect class="{_shade(weight, 1.0) if seen else "z"}" {place}/>')
            if seen:
                drawn.append(f'<text x="{left + x * CELL + CELL // 2}" y="{top + 16}">{100 * weight:.0f}</text>')
    width, height = left + CELL * len(attention.source) + 1, above + CELL * len(attention.target) + 1
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" text-anchor="middle" role="img" '
        f'aria-label="attention weights">{"".join(drawn)}</svg>'
    )


def tree(words: str, right: str, found: str) -> str:
    """Return a sample of a parser as an SVG of both trees; "" if it is none, or no tree can be drawn.

    Args:
        words: the words of a sentence.
        right, found: the right tree and the answer, each as "2:nsubj 0:root".
    """
    sentence = words.split(" ")
    if not (TREE.fullmatch(right) and TREE.fullmatch(found)) or len(sentence) > MOST_WORDS:
        return ""
    heads, relations = _read(found)
    right_heads, right_relations = _read(right)
    if not len(sentence) == len(heads) == len(right_heads) or not all(0 <= h <= len(heads) for h in heads):
        return ""
    from sanity.parsing.svg import svg_of_tree

    return svg_of_tree(
        sentence,
        heads,
        [relation[:20] for relation in relations] if any(relations) else None,
        right=right_heads,
        right_relations=right_relations if any(right_relations) else None,
    )


def _read(tree: str) -> tuple[list[int], list[str]]:
    """Return the heads and the relations of a tree.

    >>> _read("2:nsubj 0:root")
    ([2, 0], ['nsubj', 'root'])
    """
    pairs = [word.partition(":") for word in tree.split(" ")]
    return [int(head) for head, _, _ in pairs], [relation for _, _, relation in pairs]
