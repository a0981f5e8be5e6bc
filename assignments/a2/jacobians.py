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
    # Question 3a: your code starts here.
    raise NotImplementedError("3a: not implemented yet")
    # Question 3a: your code ends here.


def right_by_vector(x: Array, W: Array) -> Array:
    """Question 3b. Return the Jacobian of z = x W by x, for x (m,) and W (m, n)."""
    # Question 3b: your code starts here.
    raise NotImplementedError("3b: not implemented yet")
    # Question 3b: your code ends here.


def vector_by_itself(x: Array) -> Array:
    """Question 3c. Return the Jacobian of z = x by x, for x (m,)."""
    # Question 3c: your code starts here.
    raise NotImplementedError("3c: not implemented yet")
    # Question 3c: your code ends here.


def elementwise_by_vector(derivative: Callable[[Array], Array], x: Array) -> Array:
    """Question 3d. Return the Jacobian of z = f(x) by x, for an f that is applied to each number of x (m,).

    Args:
        derivative: f', applied to each number of an array.
        x: where to differentiate.
    """
    # Question 3d: your code starts here.
    raise NotImplementedError("3d: not implemented yet")
    # Question 3d: your code ends here.


def loss_by_left_matrix(delta: Array, x: Array) -> Array:
    """Question 3e. Return the gradient of J by W where z = W x, for δ (n,) and x (m,); W is (n, m)."""
    # Question 3e: your code starts here.
    raise NotImplementedError("3e: not implemented yet")
    # Question 3e: your code ends here.


def loss_by_right_matrix(x: Array, delta: Array) -> Array:
    """Question 3f. Return the gradient of J by W where z = x W, for x (m,) and δ (n,); W is (m, n)."""
    # Question 3f: your code starts here.
    raise NotImplementedError("3f: not implemented yet")
    # Question 3f: your code ends here.


def cross_entropy_by_logits(logits: Array, y: Array) -> Array:
    """Question 3g. Return the gradient of J = -Σ y_i log ŷ_i by the logits, where ŷ = softmax(logits).

    Args:
        logits: any numbers, (V,).
        y: the true distribution, (V,): one-hot or any other.
    """
    # Question 3g: your code starts here.
    raise NotImplementedError("3g: not implemented yet")
    # Question 3g: your code ends here.
