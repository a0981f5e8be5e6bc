"""Assignment 2, questions 2g to 2j: entropy, cross-entropy, and what softmax leaves open.

Letters: V outcomes, D numbers in a vector.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def entropy(p: ArrayLike, base: float = 2.0) -> float:
    """Question 2g. Return the entropy of a distribution, (V,), which may have zeros: bits for base 2, nats for e."""
    # Question 2g: your code starts here.
    raise NotImplementedError("2g: not implemented yet")
    # Question 2g: your code ends here.


def cross_entropy(p: ArrayLike, q: ArrayLike, base: float = 2.0) -> float:
    """Question 2h. Return the cross-entropy of the true p, (V,), and the predicted q, (V,); both may have zeros.

    It is infinite if q rules out what p does not.
    """
    # Question 2h: your code starts here.
    raise NotImplementedError("2h: not implemented yet")
    # Question 2h: your code ends here.


def log_softmax(x: ArrayLike) -> Array:
    """Question 2i. Return the natural logarithm of softmax along the last axis of x, (V,) or (N, V).

    It is finite for finite x, however large: the probability of 1e-500 that is no float has a logarithm that is one.
    """
    # Question 2i: your code starts here.
    raise NotImplementedError("2i: not implemented yet")
    # Question 2i: your code ends here.


def as_logistic(W: Array, b: Array) -> tuple[Array, float]:
    """Question 2j. Turn a softmax over two classes into logistic regression.

    Args:
        W: a row of weights for each class, (2, D).
        b: a bias for each class, (2,).

    Returns:
        w, (D,), and c such that sigmoid(w · x + c) is softmax(W x + b)[1] for every x, (D,).
    """
    # Question 2j: your code starts here.
    raise NotImplementedError("2j: not implemented yet")
    # Question 2j: your code ends here.
