"""Assignment 3, questions 2c and 2d: the transitions of a dependency parser, and parsing in minibatches."""

import sys
from collections.abc import Sequence
from typing import Any

Word = Any
"""A word: its text, or its number in a vocabulary."""
Arc = tuple[Word, Word]
"""A head and its dependent."""


class PartialParse:
    """A sentence on its way to a parse.

    Attributes:
        sentence: the words, as they were given. They are never changed.
        stack: the words that wait for arcs; the last is the top. It begins with "ROOT" alone.
        buffer: the words that are still to be read; the first is the next.
        dependencies: the arcs found so far, (head, dependent).
    """

    def __init__(self, sentence: Sequence[Word]) -> None:
        """Question 2c. Begin to parse a sentence.

        Args:
            sentence: its words. This very object becomes `self.sentence`; the buffer is a new list.
        """
        # Question 2c: your code starts here.
        raise NotImplementedError("2c: not implemented yet")
        # Question 2c: your code ends here.

    def parse_step(self, transition: str) -> None:
        """Question 2c. Change the stack, the buffer and the arcs by one transition.

        Args:
            transition: "S" moves the next word of the buffer to the stack. "LA" makes the top of the stack the head of
                the word below it, "RA" makes the word below the top its head; the dependent leaves the stack.
        """
        # Question 2c: your code starts here.
        raise NotImplementedError("2c: not implemented yet")
        # Question 2c: your code ends here.

    def parse(self, transitions: Sequence[str]) -> list[Arc]:
        """Take some transitions, one after the other; return all arcs found so far."""
        for transition in transitions:
            self.parse_step(transition)
        return self.dependencies


def minibatch_parse(sentences: Sequence[Sequence[Word]], model: Any, batch_size: int) -> list[list[Arc]]:
    """Question 2d. Parse some sentences, many at a time.

    Args:
        sentences: the words of each sentence; at least one word each.
        model: `model.predict(partial_parses)` takes a list of unfinished PartialParses and returns the next transition
            of each. It is asked for batch_size of them at most.
        batch_size: how many.

    Returns:
        The arcs of each sentence, in the order of the sentences.
    """
    # Question 2d: your code starts here.
    raise NotImplementedError("2d: not implemented yet")
    # Question 2d: your code ends here.


if __name__ == "__main__":
    from utils.part_tests import run_parts

    run_parts(sys.modules[__name__], sys.argv[1:])
