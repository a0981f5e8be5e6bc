"""From trees to transitions: what a trained network should answer, step by step (a static oracle).

Classes of a parser with R relations: 0 to R - 1 are left-arcs, R to 2 R - 1 right-arcs, 2 R is shift.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

LEFT_ARC, RIGHT_ARC, SHIFT = range(3)
"""The kinds of transitions, in the order of their classes."""
NAMES = ("LA", "RA", "S")
"""How `PartialParse.parse_step` calls them."""


class Step(NamedTuple):
    """A partial parse, and the transition that leads on from it to the tree."""

    top: list[int]  # up to three words on top of the stack, the topmost first
    front: list[int]  # up to three words of the buffer
    kind: int
    arc: tuple[int, int] | None  # head and dependent; None for shift


def last_dependents(heads: Sequence[int]) -> list[int]:
    """Return the last dependent of ROOT and of each word, 0 for none."""
    last = [0] * (len(heads) + 1)
    for word, head in enumerate(heads, 1):
        last[head] = word
    return last


def right_kind(stack: Sequence[int], following: int, heads: Sequence[int], last: Sequence[int]) -> int:
    """Return the kind of the next transition on the way to a projective tree.

    Args:
        stack: at least ROOT, 0.
        following: the first word of the buffer; one more than there are words if it is empty.
        heads: the tree.
        last: its `last_dependents`.
    """
    if len(stack) > 2 and heads[stack[-2] - 1] == stack[-1]:
        return LEFT_ARC
    # All dependents of the top on its right have to be attached first, and one that is attached is behind the buffer.
    if len(stack) > 1 and heads[stack[-1] - 1] == stack[-2] and last[stack[-1]] < following:
        return RIGHT_ARC
    return SHIFT


def steps_of(heads: Sequence[int]) -> Iterator[Step]:
    """Yield the steps that parse a sentence of n words to a projective tree, 2 n of them."""
    n, last = len(heads), last_dependents(heads)
    stack, following = [0], 1
    for _ in range(2 * n):
        kind = right_kind(stack, following, heads, last)
        top, front = stack[:-4:-1], list(range(following, min(following + 3, n + 1)))
        if kind == SHIFT:
            yield Step(top, front, kind, None)
            stack.append(following)
            following += 1
        else:
            dependent = stack.pop(-2 if kind == LEFT_ARC else -1)
            yield Step(top, front, kind, (stack[-1], dependent))


def class_of(kind: int, relation: int, relations: int) -> int:
    """Return the class of a transition with a relation's number, of so many relations.

    >>> class_of(LEFT_ARC, 4, 10), class_of(RIGHT_ARC, 4, 10), class_of(SHIFT, 0, 10)
    (4, 14, 20)
    """
    return kind * relations + (relation if kind != SHIFT else 0)
