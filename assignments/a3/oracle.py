"""Assignment 3, questions 2a and 2b: which transitions make a tree.

A tree is a list of heads: heads[i] is the head of word i + 1, as in a CoNLL-U file. Words are counted from 1, and 0 is
ROOT. A transition is "S" (shift), "LA" (left-arc) or "RA" (right-arc).
"""

from collections.abc import Sequence

Arc = tuple[str, str]
Row = tuple[str, list[str], list[str], Arc | None]

SENTENCE = ["Yesterday", "my", "neighbour", "fixed", "the", "radio"]
"""The sentence of `step_table`."""
HEADS = [4, 3, 4, 0, 6, 4]
"""Its tree."""


def step_table() -> list[Row]:
    """Question 2a. Return how SENTENCE is parsed to its tree, one row a step.

    Returns:
        Rows of four: the transition, the stack after it (its top is the last), the buffer after it (its next word is
        the first), and the arc that it adds, (head, dependent), or None. The first row is the start, without a
        transition.
    """
    # Question 2a: your code starts here.
    return [
        ("", ["ROOT"], ["Yesterday", "my", "neighbour", "fixed", "the", "radio"], None),
        ("S", ["ROOT", "Yesterday"], ["my", "neighbour", "fixed", "the", "radio"], None),
        # Go on from here, row by row, until the stack is ["ROOT"] and the buffer is empty.
    ]
    # Question 2a: your code ends here.


def transitions_of(heads: Sequence[int]) -> list[str]:
    """Question 2a. Return transitions that parse a sentence to this tree.

    Args:
        heads: the tree. A word may stand before or after its head.

    Raises:
        ValueError: no transitions make this tree, because some of its arcs cross.
    """
    # Question 2a: your code starts here.
    raise NotImplementedError("2a: not implemented yet")
    # Question 2a: your code ends here.


def transition_counts(heads: Sequence[int]) -> dict[str, int]:
    """Question 2b. Return how many times each transition is taken when a sentence is parsed to this tree.

    Find the rule, and count without parsing: each of the three numbers follows from the heads.

    Returns:
        The numbers of "S", "LA" and "RA", by name.
    """
    # Question 2b: your code starts here.
    raise NotImplementedError("2b: not implemented yet")
    # Question 2b: your code ends here.
