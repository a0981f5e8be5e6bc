"""Assignment 2, questions 2a to 2d: which words word2vec looks at, and which it draws as negative samples."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


def keep_probability(z: ArrayLike, t: float = 0.001) -> Any:
    """Question 2a. Return the probability of keeping a word when frequent words are thinned out.

    Args:
        z: what part of all words of the corpus is this word, above 0 and up to 1; a number or an array.
        t: the threshold; the smaller, the more words are left out.

    Returns:
        Probabilities in the shape of z.
    """
    ### BEGIN SOLUTION 2a
    ratio = np.asarray(z) / t
    return np.minimum(1.0, (np.sqrt(ratio) + 1.0) / ratio)
    ### END SOLUTION


def noise_distribution(counts: ArrayLike, power: float = 0.75) -> Array:
    """Question 2b. Return the probability of each word as a negative sample, (V,).

    Args:
        counts: how often each word stands in the corpus, (V,).
        power: flattens the counts: 1 leaves the words as likely as they are in the corpus, 0 makes all alike.
    """
    ### BEGIN SOLUTION 2b
    flattened = np.asarray(counts, dtype=np.float64) ** power
    return flattened / flattened.sum()
    ### END SOLUTION


def noise_table(probabilities: Array, size: int) -> Indices:
    """Question 2c. Return a table of size words' indices in which each word stands in proportion to its probability.

    Args:
        probabilities: of each word, (V,); they sum to one.
        size: of the table.

    Returns:
        Whole numbers, (size,). Word i stands there size · probabilities[i] times, rounded up or down.
    """
    ### BEGIN SOLUTION 2c
    cumulative = np.cumsum(probabilities)
    ends = np.floor(size * (cumulative / cumulative[-1])).astype(np.int64)
    return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    ### END SOLUTION


def sample_noise(probabilities: Array, count: int, rng: np.random.Generator) -> Indices:
    """Question 2d. Draw words' indices, each with its probability and independent of the others.

    Args:
        probabilities: of each word, (V,); they sum to one.
        count: how many to draw.
        rng: where all chance comes from.

    Returns:
        Whole numbers, (count,).
    """
    ### BEGIN SOLUTION 2d
    cumulative = np.cumsum(probabilities)
    return np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
    ### END SOLUTION
