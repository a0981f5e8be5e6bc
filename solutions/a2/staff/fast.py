"""Training at full speed: one step of stochastic gradient descent for a batch, in SciPy's sparse kernels.

The same step as run.gradient_descent with question 1f, to the last digits but rounding: with S the sparse matrix of the
loss's slopes by the scores, a row for each pair and a column for each word, the outside vectors lose step · S^T v. The
gradients by outside vectors, eleven for each pair, are never written down.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

# Not part of SciPy's documented interface, but the only kernel that adds into what is there: S.T @ v makes a new matrix
# with a row for every word, whether it was drawn or not.
from scipy.sparse._sparsetools import csc_matvecs

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

LARGE = 700.0
"""e to this is still a number. Vectors whose products are larger have long diverged."""


def sparse_descent(x: Array) -> Callable[[Indices, Indices, Indices, float], float]:
    """Return a function that goes one step downhill for a batch, in place, and returns the summed loss.

    Args:
        x: centre vectors above outside vectors, (2 V, D), contiguous. The function changes it.
    """
    centers_of, outsides_of = np.split(x, 2)
    words, dimension = centers_of.shape

    def subtract(rows: Array, where: Indices, weights: Array, values: Array) -> None:
        """Take the weighted values off rows: weights and where (P, n), values (P, D), each for n rows."""
        pairs, each = where.shape
        starts = np.arange(0, where.size + 1, each)
        csc_matvecs(words, pairs, dimension, starts, where.ravel(), -weights.ravel(), values.ravel(), rows.reshape(-1))

    def descend(centers: Indices, outsides: Indices, negatives: Indices, step: float) -> float:
        drawn = np.concatenate((outsides[:, None], negatives), axis=1)  # (P, 1 + K)
        v, u = centers_of.take(centers, axis=0), outsides_of.take(drawn, axis=0)
        wrong = (u @ v[:, :, None])[:, :, 0]
        wrong[:, 0] *= -1  # how surely each is told wrong
        odds = np.exp(np.minimum(wrong, LARGE))
        odds += 1.0
        loss = float(np.log(odds).sum())  # of σ(-wrong) = 1 / (1 + e^wrong)
        slopes = step - step / odds
        slopes[:, 0] *= -1
        by_center = (slopes[:, None] @ u)[:, 0]
        subtract(outsides_of, drawn, slopes, v)
        subtract(centers_of, centers[:, None], np.ones((len(centers), 1)), by_center)
        return loss

    return descend
