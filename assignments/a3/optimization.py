"""Assignment 3, questions 1a to 1e: how the weights of a neural network are learnt.

Parameters and gradients are arrays of one shape, any shape; arithmetic is meant number by number. A step takes what
the steps before have left, its state, and returns the next parameters with the next state.

Shapes are written with these letters: D numbers in the input of a layer, H in its output; B examples, C classes.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Moments = tuple[Array, Array, int]


def momentum_step(
    parameters: Array, gradient: Array, velocity: Array, lr: float, beta: float = 0.9
) -> tuple[Array, Array]:
    """Question 1a. Return the parameters after a step with momentum, and the new velocity.

    Args:
        parameters: θ, of any shape.
        gradient: g, the gradient of the loss at θ.
        velocity: m, the moving average of the gradients before; zeros at the start.
        lr: the learning rate α.
        beta: the part of m that is kept.
    """
    # Question 1a: your code starts here.
    raise NotImplementedError("1a: not implemented yet")
    # Question 1a: your code ends here.


def adagrad_step(parameters: Array, gradient: Array, total: Array, lr: float, eps: float = 1e-8) -> tuple[Array, Array]:
    """Question 1a. Return the parameters after a step of Adagrad, and the new sum of squares.

    Args:
        parameters: θ, of any shape.
        gradient: g, the gradient of the loss at θ.
        total: s, the sum of the squares of all gradients before; zeros at the start.
        lr: the learning rate α.
        eps: ε, added to the root, so that nothing is divided by zero.
    """
    # Question 1a: your code starts here.
    raise NotImplementedError("1a: not implemented yet")
    # Question 1a: your code ends here.


def rmsprop_step(
    parameters: Array, gradient: Array, average: Array, lr: float, beta: float = 0.9, eps: float = 1e-8
) -> tuple[Array, Array]:
    """Question 1a. Return the parameters after a step of RMSProp, and the new average of squares.

    Args:
        parameters: θ, of any shape.
        gradient: g, the gradient of the loss at θ.
        average: v, the moving average of the squares of the gradients before; zeros at the start.
        lr: the learning rate α.
        beta: the part of v that is kept.
        eps: ε, added to the root, so that nothing is divided by zero.
    """
    # Question 1a: your code starts here.
    raise NotImplementedError("1a: not implemented yet")
    # Question 1a: your code ends here.


def adam_step(
    parameters: Array,
    gradient: Array,
    state: Moments,
    lr: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Moments]:
    """Question 1b. Return the parameters after a step of Adam with bias correction, and the new state.

    Args:
        parameters: θ, of any shape.
        gradient: g, the gradient of the loss at θ.
        state: (m, v, t): the moving averages of the gradients and of their squares, and the number of steps before.
            At the start m and v are zeros, and t is 0.
        lr: the learning rate α.
        beta1: the part of m that is kept.
        beta2: the part of v that is kept.
        eps: ε, added to the root, so that nothing is divided by zero.
    """
    m, v, t = state
    # Question 1b: your code starts here.
    raise NotImplementedError("1b: not implemented yet")
    # Question 1b: your code ends here.
    return parameters, (m, v, t)


def dropout(h: Array, p: float, rng: np.random.Generator, training: bool) -> Array:
    """Question 1c. Return h with some of its numbers set to zero in training, and h itself in evaluation.

    Args:
        h: the output of a layer, of any shape. It stays as it is.
        p: the probability with which each number is set to zero, independent of all others; at least 0, below 1.
        rng: where all chance comes from.
        training: whether the network is being trained.

    Returns:
        An array in the shape of h whose mean over many calls is h.
    """
    # Question 1c: your code starts here.
    raise NotImplementedError("1c: not implemented yet")
    # Question 1c: your code ends here.


def halving(lr: float, step: int, every: int) -> float:
    """Question 1d. Return the learning rate at a step, counted from 0, if it is halved after every so many steps.

    Args:
        lr: the learning rate of step 0.
        step: which step, at least 0.
        every: steps from one halving to the next.
    """
    # Question 1d: your code starts here.
    raise NotImplementedError("1d: not implemented yet")
    # Question 1d: your code ends here.


def exponential(lr: float, step: int, k: float) -> float:
    """Question 1d. Return the learning rate at a step, counted from 0, if it decays exponentially.

    Args:
        lr: the learning rate of step 0.
        step: which step, at least 0.
        k: how fast it decays: after 1 / k steps the rate is lr / e.
    """
    # Question 1d: your code starts here.
    raise NotImplementedError("1d: not implemented yet")
    # Question 1d: your code ends here.


def cyclic(low: float, high: float, step: int, period: int) -> float:
    """Question 1d. Return the learning rate at a step, counted from 0, if it rises and falls again and again.

    Args:
        low: the learning rate of step 0, from which it rises in a straight line.
        high: the learning rate half a period later, from which it falls in a straight line.
        step: which step, at least 0.
        period: steps from one low to the next.
    """
    # Question 1d: your code starts here.
    raise NotImplementedError("1d: not implemented yet")
    # Question 1d: your code ends here.


def relu_layer_by_input(x: Array, W: Array, b: Array) -> Array:
    """Question 1e. Return the Jacobian of h = ReLU(x W + b) by x: ∂h_i / ∂x_j in row i and column j, (H, D).

    Args:
        x: the input, (D,).
        W: the weights, (D, H).
        b: the bias, (H,).
    """
    # Question 1e: your code starts here.
    raise NotImplementedError("1e: not implemented yet")
    # Question 1e: your code ends here.


def cross_entropy_by_logits(logits: Array, labels: Indices) -> Array:
    """Question 1e. Return the gradient of the mean cross-entropy of a minibatch by the logits, (B, C).

    Args:
        logits: one row an example, (B, C). Softmax makes a distribution over the classes of each row.
        labels: the right class of each example, (B,).
    """
    # Question 1e: your code starts here.
    raise NotImplementedError("1e: not implemented yet")
    # Question 1e: your code ends here.
