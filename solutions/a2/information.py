"""Assignment 2, questions 2g to 2j: entropy, cross-entropy, and what softmax leaves open.

Letters: V outcomes, D numbers in a vector.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def entropy(p: ArrayLike, base: float = 2.0) -> float:
    """Question 2g. Return the entropy of a distribution, (V,), which may have zeros: bits for base 2, nats for e."""
    ### BEGIN SOLUTION 2g
    p = np.asarray(p, dtype=np.float64)
    seen = p[p > 0]
    return float(-(seen * np.log(seen)).sum() / np.log(base)) + 0.0  # + 0.0 so that it is never -0.0
    ### END SOLUTION


def cross_entropy(p: ArrayLike, q: ArrayLike, base: float = 2.0) -> float:
    """Question 2h. Return the cross-entropy of the true p, (V,), and the predicted q, (V,); both may have zeros.

    It is infinite if q rules out what p does not.
    """
    ### BEGIN SOLUTION 2h
    p, q = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    seen = p > 0
    if (q[seen] == 0).any():
        return float("inf")
    return float(-(p[seen] * np.log(q[seen])).sum() / np.log(base)) + 0.0
    ### END SOLUTION


def log_softmax(x: ArrayLike) -> Array:
    """Question 2i. Return the natural logarithm of softmax along the last axis of x, (V,) or (N, V).

    It is finite for finite x, however large: the probability of 1e-500 that is no float has a logarithm that is one.
    """
    ### BEGIN SOLUTION 2i
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    ### END SOLUTION


def as_logistic(W: Array, b: Array) -> tuple[Array, float]:
    """Question 2j. Turn a softmax over two classes into logistic regression.

    Args:
        W: a row of weights for each class, (2, D).
        b: a bias for each class, (2,).

    Returns:
        w, (D,), and c such that sigmoid(w · x + c) is softmax(W x + b)[1] for every x, (D,).
    """
    ### BEGIN SOLUTION 2j
    return W[1] - W[0], float(b[1] - b[0])
    ### END SOLUTION
