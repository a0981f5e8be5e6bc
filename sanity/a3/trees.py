"""Trees, how transitions make them, and the cases of questions 2a to 2c that are made from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sanity.core.case import Cases

NAMES = ("S", "LA", "RA")
WAITING = {"S": 0, "LA": 2, "RA": 1}
"""How many words each needs on the stack, ROOT not counted."""


def draw_transitions(n: int, rng: np.random.Generator) -> list[str]:
    """Draw transitions that parse a sentence of n words to a tree in which ROOT has one dependent."""
    stack, buffer, drawn = 1, n, []
    while buffer or stack > 1:
        legal = (["S"] if buffer else []) + (["LA", "RA"] if stack > 2 else [])
        drawn.append(str(rng.choice(legal or ["RA"])))
        stack, buffer = stack + (1 if drawn[-1] == "S" else -1), buffer - (drawn[-1] == "S")
    return drawn


def draw_heads(n: int, rng: np.random.Generator) -> list[int]:
    """Draw a tree; if it can, it has arcs to the left and to the right."""
    heads = heads_of(draw_transitions(n, rng), n)
    while n > 2 and not 0 < sum(head > word for word, head in enumerate(heads, 1)) < n - 1:
        heads = heads_of(draw_transitions(n, rng), n)
    return heads


def heads_of(transitions: Sequence[str], n: int) -> list[int]:
    """Return the heads that transitions give the n words of a sentence; raise ValueError if they parse none.

    Transitions are a formula that has each operator after its two operands, and is read from its end, without a stack:
    each S is the next word, and LA and RA choose one of the two parts before them.
    """
    require_legal(transitions, n)
    formula, heads = ["S", *transitions], [0] * (n + 1)  # the first is ROOT

    def read(end: int) -> tuple[int, int]:
        """Return the word that stands for the part of the formula with this end, and where the part begins."""
        choice = NAMES.index(formula[end])
        if not choice:
            return formula[:end].count("S"), end
        later, middle = read(end - 1)
        earlier, start = read(middle - 1)
        chosen = (earlier, later)[choice % 2]
        heads[earlier + later - chosen] = chosen
        return chosen, start

    read(2 * n)
    return heads[1:]


def require_legal(transitions: Sequence[str], n: int) -> None:
    """Raise ValueError unless each transition can be taken and the last one ends the parse: all that is a count."""
    shifted = 0
    for number, transition in enumerate(transitions):
        if transition not in NAMES:
            raise ValueError("there is a transition that is not S, LA or RA")
        if 2 * shifted - number < WAITING[transition]:
            raise ValueError(f"{transition} is taken although the stack is too short")
        shifted += transition == "S"
        if shifted > n:
            raise ValueError("S is taken although the buffer is empty")
    if len(transitions) != 2 * n:
        raise ValueError("the parse is not finished after the last transition")


def make_tree(*, seed: int, n: int) -> dict[str, Any]:
    """Make a tree of n words that transitions can make."""
    return {"heads": draw_heads(n, np.random.default_rng(seed))}


TREES = Cases(
    make_tree, {"n": (3, 9)}, "a sentence of {n} words, heads {heads}", ({"n": 6}, {"n": 8}, {"n": 12}), drawn=6
)
"""Trees without crossing arcs."""
SINGLE = Cases(make_tree, {"n": (1, 1)}, "a sentence of one word", drawn=1)
"""The tree of one word."""


def make_crossing(*, seed: int, n: int) -> dict[str, Any]:
    """Make a tree of n words two of whose arcs cross: 1 → 3 and 4 → 2, and any others outside of these words."""
    rng = np.random.default_rng(seed)
    heads = [0, 4, 1, 1, *(int(rng.integers(4, word)) for word in range(5, n + 1))]
    return {"heads": heads}


CROSSING = Cases(make_crossing, {"n": (4, 8)}, "a sentence of {n} words, heads {heads}", ({"n": 6},), drawn=2)
"""Trees with crossing arcs, which no transitions make."""
