"""Assignment 4, questions 2b to 2d: BLEU of one sentence, as sacreBLEU computes it without smoothing."""

import math
from collections import Counter
from collections.abc import Sequence

Words = Sequence[str]


def modified_ngram_precision(candidate: Words, references: Sequence[Words], n: int) -> float:
    """Question 2b. Return which part of a translation's n-grams the references account for.

    Args:
        candidate: the translation, a list of words, at least one.
        references: right translations of the same sentence, each a list of words; at least one.
        n: how many words in a row make an n-gram.

    Returns:
        From 0 to 1; 0 if the translation is too short to have an n-gram.
    """
    # Question 2b: your code starts here.
    raise NotImplementedError("2b: not implemented yet")
    # Question 2b: your code ends here.


def brevity_penalty(candidate: Words, references: Sequence[Words]) -> float:
    """Question 2c. Return the factor by which a translation that is too short loses.

    Args:
        candidate: the translation, a list of words, at least one.
        references: right translations of the same sentence, each a list of words; at least one.

    Returns:
        From 0 to 1; 1 if the translation is at least as long as the reference whose length is closest.
    """
    # Question 2c: your code starts here.
    raise NotImplementedError("2c: not implemented yet")
    # Question 2c: your code ends here.


def bleu(candidate: Words, references: Sequence[Words], weights: Sequence[float]) -> float:
    """Question 2d. Return the BLEU of one sentence, from the answers to 2b and 2c.

    Args:
        candidate: the translation, a list of words, at least one.
        references: right translations of the same sentence, each a list of words; at least one.
        weights: the weight of each size of n-grams, of single words first; all above 0, and their sum is 1.

    Returns:
        From 0 to 1; 0 if one of the precisions is.
    """
    # Question 2d: your code starts here.
    raise NotImplementedError("2d: not implemented yet")
    # Question 2d: your code ends here.
