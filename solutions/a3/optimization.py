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
    ### BEGIN SOLUTION 1a
    velocity = beta * velocity + (1 - beta) * gradient
    return parameters - lr * velocity, velocity
    ### END SOLUTION


def adagrad_step(parameters: Array, gradient: Array, total: Array, lr: float, eps: float = 1e-8) -> tuple[Array, Array]:
    """Question 1a. Return the parameters after a step of Adagrad, and the new sum of squares.

    Args:
        parameters: θ, of any shape.
        gradient: g, the gradient of the loss at θ.
        total: s, the sum of the squares of all gradients before; zeros at the start.
        lr: the learning rate α.
        eps: ε, added to the root, so that nothing is divided by zero.
    """
    ### BEGIN SOLUTION 1a
    total = total + gradient**2
    return parameters - lr * gradient / (np.sqrt(total) + eps), total
    ### END SOLUTION


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
    ### BEGIN SOLUTION 1a
    average = beta * average + (1 - beta) * gradient**2
    return parameters - lr * gradient / (np.sqrt(average) + eps), average
    ### END SOLUTION


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
    ### BEGIN SOLUTION 1b
    t = t + 1
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_corrected = m / (1 - beta1**t)
    v_corrected = v / (1 - beta2**t)
    parameters = parameters - lr * m_corrected / (np.sqrt(v_corrected) + eps)
    ### END SOLUTION
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
    ### BEGIN SOLUTION 1c
    if not training:
        return h
    kept = rng.random(h.shape) >= p
    return h * kept / (1 - p)
    ### END SOLUTION


def halving(lr: float, step: int, every: int) -> float:
    """Question 1d. Return the learning rate at a step, counted from 0, if it is halved after every so many steps.

    Args:
        lr: the learning rate of step 0.
        step: which step, at least 0.
        every: steps from one halving to the next.
    """
    ### BEGIN SOLUTION 1d
    return lr * 0.5 ** (step // every)
    ### END SOLUTION


def exponential(lr: float, step: int, k: float) -> float:
    """Question 1d. Return the learning rate at a step, counted from 0, if it decays exponentially.

    Args:
        lr: the learning rate of step 0.
        step: which step, at least 0.
        k: how fast it decays: after 1 / k steps the rate is lr / e.
    """
    ### BEGIN SOLUTION 1d
    return lr * float(np.exp(-k * step))
    ### END SOLUTION


def cyclic(low: float, high: float, step: int, period: int) -> float:
    """Question 1d. Return the learning rate at a step, counted from 0, if it rises and falls again and again.

    Args:
        low: the learning rate of step 0, from which it rises in a straight line.
        high: the learning rate half a period later, from which it falls in a straight line.
        step: which step, at least 0.
        period: steps from one low to the next.
    """
    ### BEGIN SOLUTION 1d
    place = (step % period) / period  # in this period, from 0 up to 1
    return low + (high - low) * (1 - abs(2 * place - 1))
    ### END SOLUTION


def relu_layer_by_input(x: Array, W: Array, b: Array) -> Array:
    """Question 1e. Return the Jacobian of h = ReLU(x W + b) by x: ∂h_i / ∂x_j in row i and column j, (H, D).

    Args:
        x: the input, (D,).
        W: the weights, (D, H).
        b: the bias, (H,).
    """
    ### BEGIN SOLUTION 1e
    active = x @ W + b > 0  # (H,)
    return active[:, np.newaxis] * W.T
    ### END SOLUTION


def cross_entropy_by_logits(logits: Array, labels: Indices) -> Array:
    """Question 1e. Return the gradient of the mean cross-entropy of a minibatch by the logits, (B, C).

    Args:
        logits: one row an example, (B, C). Softmax makes a distribution over the classes of each row.
        labels: the right class of each example, (B,).
    """
    ### BEGIN SOLUTION 1e
    difference = np.exp(logits - logits.max(axis=1, keepdims=True))
    difference /= difference.sum(axis=1, keepdims=True)
    difference[np.arange(len(labels)), labels] -= 1
    return difference / len(labels)
    ### END SOLUTION
