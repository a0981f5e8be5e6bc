"""Assignment 2, question 1f: negative sampling for a whole batch at once.

The functions of 1b to 1d show what is computed; this one computes it without a loop in Python, and is what makes
training quick. Letters: P pairs of a centre and an outside word, K negative samples, V words, D numbers in a vector.
"""

import numpy as np
from numpy.typing import NDArray

from word2vec import sigmoid

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


def batchLossAndGradient(
    centers: Indices, outsides: Indices, negatives: Indices, centerWordVectors: Array, outsideVectors: Array
) -> tuple[float, Array, Array]:
    """Question 1f. Return the summed negative-sampling loss of many pairs, and what each pair adds to its gradients.

    Args:
        centers: the index of each pair's centre word, (P,).
        outsides: the index of each pair's outside word, (P,).
        negatives: the indices of each pair's negative samples, (P, K).
        centerWordVectors: the centre vectors of all words, (V, D).
        outsideVectors: the outside vectors of all words, (V, D).

    Returns:
        The loss, the sum of what negSamplingLossAndGradient gives for each pair.
        gradCenters, (P, D): each pair's gradient by its centre word's vector.
        gradOutsides, (P, 1 + K, D): each pair's gradient by the vector of its outside word, and then by those of its
        negative samples. Nothing is V rows long, since most words are in no pair.
    """
    # Question 1f: your code starts here.
    raise NotImplementedError("1f: not implemented yet")
    # Question 1f: your code ends here.
