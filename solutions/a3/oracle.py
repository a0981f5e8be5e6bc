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
    ### BEGIN SOLUTION 2a
    ### STUB return [
    ### STUB     ("", ["ROOT"], ["Yesterday", "my", "neighbour", "fixed", "the", "radio"], None),
    ### STUB     ("S", ["ROOT", "Yesterday"], ["my", "neighbour", "fixed", "the", "radio"], None),
    ### STUB     # Go on from here, row by row, until the stack is ["ROOT"] and the buffer is empty.
    ### STUB ]
    return [
        ("", ["ROOT"], ["Yesterday", "my", "neighbour", "fixed", "the", "radio"], None),
        ("S", ["ROOT", "Yesterday"], ["my", "neighbour", "fixed", "the", "radio"], None),
        ("S", ["ROOT", "Yesterday", "my"], ["neighbour", "fixed", "the", "radio"], None),
        ("S", ["ROOT", "Yesterday", "my", "neighbour"], ["fixed", "the", "radio"], None),
        ("LA", ["ROOT", "Yesterday", "neighbour"], ["fixed", "the", "radio"], ("neighbour", "my")),
        ("S", ["ROOT", "Yesterday", "neighbour", "fixed"], ["the", "radio"], None),
        ("LA", ["ROOT", "Yesterday", "fixed"], ["the", "radio"], ("fixed", "neighbour")),
        ("LA", ["ROOT", "fixed"], ["the", "radio"], ("fixed", "Yesterday")),
        ("S", ["ROOT", "fixed", "the"], ["radio"], None),
        ("S", ["ROOT", "fixed", "the", "radio"], [], None),
        ("LA", ["ROOT", "fixed", "radio"], [], ("radio", "the")),
        ("RA", ["ROOT", "fixed"], [], ("fixed", "radio")),
        ("RA", ["ROOT"], [], ("ROOT", "fixed")),
    ]
    ### END SOLUTION


def transitions_of(heads: Sequence[int]) -> list[str]:
    """Question 2a. Return transitions that parse a sentence to this tree.

    Args:
        heads: the tree. A word may stand before or after its head.

    Raises:
        ValueError: no transitions make this tree, because some of its arcs cross.
    """
    ### BEGIN SOLUTION 2a
    missing = [heads.count(word) for word in range(len(heads) + 1)]  # dependents that each word still lacks
    stack, buffer = [0], list(range(1, len(heads) + 1))
    transitions = []
    for _ in range(2 * len(heads)):
        if len(stack) > 2 and heads[stack[-2] - 1] == stack[-1]:
            transitions.append("LA")
            missing[stack[-1]] -= 1
            stack.pop(-2)
        elif len(stack) > 1 and heads[stack[-1] - 1] == stack[-2] and missing[stack[-1]] == 0:
            transitions.append("RA")
            missing[stack[-2]] -= 1
            stack.pop()
        elif buffer:
            transitions.append("S")
            stack.append(buffer.pop(0))
        else:
            raise ValueError("some arcs of this tree cross")
    return transitions
    ### END SOLUTION


def transition_counts(heads: Sequence[int]) -> dict[str, int]:
    """Question 2b. Return how many times each transition is taken when a sentence is parsed to this tree.

    Find the rule, and count without parsing: each of the three numbers follows from the heads.

    Returns:
        The numbers of "S", "LA" and "RA", by name.
    """
    ### BEGIN SOLUTION 2b
    left = sum(head > word for word, head in enumerate(heads, start=1))
    return {"S": len(heads), "LA": left, "RA": len(heads) - left}
    ### END SOLUTION
