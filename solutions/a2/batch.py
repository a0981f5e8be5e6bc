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
    ### BEGIN SOLUTION 1f
    indices = np.column_stack((outsides, negatives))  # (P, 1 + K)
    signs = np.full(indices.shape[1], -1.0)
    signs[0] = 1.0
    v = centerWordVectors[centers]  # (P, D)
    u = outsideVectors.take(indices, axis=0)  # (P, 1 + K, D); quicker than outsideVectors[indices]
    likely = sigmoid(signs * np.einsum("pkd,pd->pk", u, v))
    loss = -np.log(likely).sum()
    slopes = signs * (likely - 1.0)
    return loss, np.einsum("pk,pkd->pd", slopes, u), slopes[:, :, None] * v[:, None, :]
    ### END SOLUTION
