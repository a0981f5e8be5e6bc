"""Assignment 4, question 1a: padding."""

from typing import TypeVar

Token = TypeVar("Token")


def pad_sents(sents: list[list[Token]], pad_token: Token) -> list[list[Token]]:
    """Question 1a. Pad every sentence on the right to the length of the longest one.

    Args:
        sents: the sentences, each a list of words (or of word indices).
        pad_token: what to pad with.

    Returns:
        A new list of new lists, all of the same length. The sentences given stay as they are.
    """
    # Question 1a: your code starts here.
    raise NotImplementedError("1a: not implemented yet")
    # Question 1a: your code ends here.
