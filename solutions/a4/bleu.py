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
    ### BEGIN SOLUTION 2b

    def count(words: Words) -> Counter[tuple[str, ...]]:
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    found = count(candidate)
    allowed: Counter[tuple[str, ...]] = Counter()
    for reference in references:
        allowed |= count(reference)
    matches = sum(min(times, allowed[ngram]) for ngram, times in found.items())
    return matches / max(1, found.total())
    ### END SOLUTION


def brevity_penalty(candidate: Words, references: Sequence[Words]) -> float:
    """Question 2c. Return the factor by which a translation that is too short loses.

    Args:
        candidate: the translation, a list of words, at least one.
        references: right translations of the same sentence, each a list of words; at least one.

    Returns:
        From 0 to 1; 1 if the translation is at least as long as the reference whose length is closest.
    """
    ### BEGIN SOLUTION 2c
    length = len(candidate)
    closest = min(map(len, references), key=lambda other: (abs(other - length), other))
    if length >= closest:
        return 1.0
    return math.exp(1 - closest / length)
    ### END SOLUTION


def bleu(candidate: Words, references: Sequence[Words], weights: Sequence[float]) -> float:
    """Question 2d. Return the BLEU of one sentence, from the answers to 2b and 2c.

    Args:
        candidate: the translation, a list of words, at least one.
        references: right translations of the same sentence, each a list of words; at least one.
        weights: the weight of each size of n-grams, of single words first; all above 0, and their sum is 1.

    Returns:
        From 0 to 1; 0 if one of the precisions is.
    """
    ### BEGIN SOLUTION 2d
    precisions = [modified_ngram_precision(candidate, references, n) for n in range(1, len(weights) + 1)]
    if min(precisions) == 0:
        return 0.0
    mean = sum(weight * math.log(p) for weight, p in zip(weights, precisions, strict=True))
    return brevity_penalty(candidate, references) * math.exp(mean)
    ### END SOLUTION
