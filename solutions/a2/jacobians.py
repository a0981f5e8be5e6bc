"""Assignment 2, questions 3a to 3g: matrix calculus.

The Jacobian of z, (n,), by x, (m,), is the matrix with ∂z_i / ∂x_j in row i and column j, (n, m). The gradient of a
loss J, a number, has the shape of what it is taken by. δ is the gradient of J by z.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def left_by_vector(W: Array, x: Array) -> Array:
    """Question 3a. Return the Jacobian of z = W x by x, for W (n, m) and x (m,)."""
    ### BEGIN SOLUTION 3a
    return W.copy()
    ### END SOLUTION


def right_by_vector(x: Array, W: Array) -> Array:
    """Question 3b. Return the Jacobian of z = x W by x, for x (m,) and W (m, n)."""
    ### BEGIN SOLUTION 3b
    return W.T.copy()
    ### END SOLUTION


def vector_by_itself(x: Array) -> Array:
    """Question 3c. Return the Jacobian of z = x by x, for x (m,)."""
    ### BEGIN SOLUTION 3c
    return np.eye(len(x))
    ### END SOLUTION


def elementwise_by_vector(derivative: Callable[[Array], Array], x: Array) -> Array:
    """Question 3d. Return the Jacobian of z = f(x) by x, for an f that is applied to each number of x (m,).

    Args:
        derivative: f', applied to each number of an array.
        x: where to differentiate.
    """
    ### BEGIN SOLUTION 3d
    return np.diag(derivative(x))
    ### END SOLUTION


def loss_by_left_matrix(delta: Array, x: Array) -> Array:
    """Question 3e. Return the gradient of J by W where z = W x, for δ (n,) and x (m,); W is (n, m)."""
    ### BEGIN SOLUTION 3e
    return np.outer(delta, x)
    ### END SOLUTION


def loss_by_right_matrix(x: Array, delta: Array) -> Array:
    """Question 3f. Return the gradient of J by W where z = x W, for x (m,) and δ (n,); W is (m, n)."""
    ### BEGIN SOLUTION 3f
    return np.outer(x, delta)
    ### END SOLUTION


def cross_entropy_by_logits(logits: Array, y: Array) -> Array:
    """Question 3g. Return the gradient of J = -Σ y_i log ŷ_i by the logits, where ŷ = softmax(logits).

    Args:
        logits: any numbers, (V,).
        y: the true distribution, (V,): one-hot or any other.
    """
    ### BEGIN SOLUTION 3g
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum() - y
    ### END SOLUTION
