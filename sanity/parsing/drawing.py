"""A dependency tree in the terminal: a word a line, each to the right of its head, with a line from the head to it.

    ╭── She    nsubj
    ├─ reads   root
    │ ╭── a    det
    ╰─┴─ book  obj

If the tree's arcs cross, some line passes behind a word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sanity.training.plots import displayable

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8
LINES = {
    0: " ",
    LEFT: "─",
    RIGHT: "─",
    LEFT | RIGHT: "─",
    UP: "│",
    DOWN: "│",
    UP | DOWN: "│",
    RIGHT | DOWN: "╭",
    RIGHT | UP: "╰",
    LEFT | DOWN: "╮",
    LEFT | UP: "╯",
    RIGHT | UP | DOWN: "├",
    LEFT | UP | DOWN: "┤",
    LEFT | RIGHT | DOWN: "┬",
    LEFT | RIGHT | UP: "┴",
    LEFT | RIGHT | UP | DOWN: "┼",
}
"""The character of each set of directions in which lines leave a cell."""
ASCII = str.maketrans("─│╭╰╮╯├┤┬┴┼", "-|,`.'+++++")


def draw_tree(
    words: Sequence[str], heads: Sequence[int], *columns: Sequence[str], encoding: str = "utf-8"
) -> list[str]:
    """Return the lines of a tree.

    Args:
        words: n of them.
        heads: of each word its head's place, counted from 1; 0 is ROOT.
        columns: what else stands on each word's line, such as its tag or its relation.
        encoding: of the terminal; ASCII lines if it lacks the others.
    """
    lines = []
    for row, depth, word in zip(_grid_of(heads), depths_of(heads), words, strict=True):
        line = "".join(LINES[cell] for cell in row[: 2 * depth + 1]) + f"─ {displayable(word)}"
        lines.append(line + "".join(LINES[cell] for cell in row[width_of(line) :]).rstrip())
    for column in columns:
        margin = max(map(width_of, lines), default=0) + 2
        lines = [
            line + " " * (margin - width_of(line)) + displayable(text) for line, text in zip(lines, column, strict=True)
        ]
    return lines if _has_lines(encoding) else [line.translate(ASCII) for line in lines]


def _grid_of(heads: Sequence[int]) -> list[list[int]]:
    """Return for each word its row of cells; a word's own cell is the one at twice its depth."""
    depths = depths_of(heads)
    grid = [[0] * (2 * max(depths, default=0) + 1) for _ in heads]
    for row, head in enumerate(heads):
        own = 2 * depths[row]
        grid[row][own] |= RIGHT
        if head == 0:
            continue
        top, column = head - 1, 2 * depths[head - 1]
        step, away, back = (1, DOWN, UP) if row > top else (-1, UP, DOWN)
        grid[top][column] |= away
        for between in range(top + step, row, step):
            grid[between][column] |= UP | DOWN
        grid[row][column] |= back | RIGHT
        for crossed in range(column + 1, own):
            grid[row][crossed] |= LEFT | RIGHT
        grid[row][own] |= LEFT
    return grid


def _has_lines(encoding: str) -> bool:
    """Return whether an encoding has the characters of the lines."""
    try:
        "".join(LINES.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def depths_of(heads: Sequence[int]) -> list[int]:
    """Return the number of arcs from ROOT to each word, less one."""
    depths = []
    for head in heads:
        depth = 0
        while head:
            head, depth = heads[head - 1], depth + 1
        depths.append(depth)
    return depths


def width_of(text: str) -> int:
    """Return the columns of a text in a terminal: two for a wide letter, none for an accent."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
