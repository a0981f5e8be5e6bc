"""Trees, how transitions make them, and the cases of questions 2a to 2c that are made from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sanity.core.case import Cases

NAMES = ("S", "LA", "RA")


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
    """Return the heads that transitions give the n words of a sentence; raise ValueError if they parse none."""
    stack, next_word, heads = [0], 1, [0] * n
    for transition in transitions:
        if transition not in NAMES:
            raise ValueError("there is a transition that is not S, LA or RA")
        if transition == "S":
            if next_word > n:
                raise ValueError("S is taken although the buffer is empty")
            stack.append(next_word)
            next_word += 1
        elif len(stack) < (3 if transition == "LA" else 2):
            raise ValueError(f"{transition} is taken although the stack is too short")
        elif transition == "LA":
            heads[stack.pop(-2) - 1] = stack[-1]
        else:
            dependent = stack.pop()
            heads[dependent - 1] = stack[-1]
    if stack != [0] or next_word <= n:
        raise ValueError("the parse is not finished after the last transition")
    return heads


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
