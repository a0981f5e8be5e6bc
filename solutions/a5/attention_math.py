"""Assignment 5, questions 1a to 1e: one head of attention, in numpy.

A query asks, keys are compared with it, and values are what is looked at: one key and one value for each position.

Shapes are written with these letters: b sentences of a batch, m queries and n positions of each; d numbers in a query
and in a key; where the two differ, p in a query and q in a key. e numbers in a value.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]


def softmax(x: Array, axis: int = -1) -> Array:
    """Question 1a. Return the softmax of x along one axis, in the shape of x.

    Args:
        x: numbers of any size, in an array of any shape.
        axis: along which the result sums to one; a negative one counts from the end.
    """
    ### BEGIN SOLUTION 1a
    exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)
    ### END SOLUTION


def softmax_jacobian(x: Array) -> Array:
    """Question 1a. Return the Jacobian of softmax, y, at x, (n,): ∂y_i / ∂x_j in row i and column j, (n, n)."""
    ### BEGIN SOLUTION 1a
    y = softmax(x)
    return np.diag(y) - np.outer(y, y)
    ### END SOLUTION


def entropy(weights: Array) -> Array:
    """Question 1b. Return the entropy of distributions in nats, (...): zero for a sure choice, log n for an even one.

    Args:
        weights: a distribution along the last axis, (..., n). Some may be exactly zero; they add nothing.
    """
    ### BEGIN SOLUTION 1b
    logarithms = np.log(np.where(weights > 0, weights, 1.0))
    return -(weights * logarithms).sum(axis=-1)
    ### END SOLUTION


def jacobian_norm(weights: Array) -> Array:
    """Question 1b. Return how large the gradient through softmax is: the Frobenius norm of its Jacobian, (...).

    The Frobenius norm of a matrix is the root of the sum of the squares of all its entries.

    Args:
        weights: what softmax has returned: distributions along the last axis, (..., n).
    """
    ### BEGIN SOLUTION 1b
    jacobians = weights[..., np.newaxis] * (np.eye(weights.shape[-1]) - weights[..., np.newaxis, :])
    return np.sqrt((jacobians**2).sum(axis=(-2, -1)))
    ### END SOLUTION


def scaling_curves(queries: list[Array], keys: list[Array], scaled: bool) -> tuple[Array, Array, Array]:
    """Question 1b. Return three curves over the size d of queries and keys, each a number for each d, (sizes,).

    Args:
        queries: for each d, one query a draw, (draws, d).
        keys: for each d, n keys a draw, (draws, n, d).
        scaled: whether each dot product of a query with a key of its draw is divided by √d.

    Returns:
        The variance of all scores, which is the mean of their squares about their mean;
        the mean over the draws of the entropy of the weights, the softmax over the n scores of a draw;
        the mean over the draws of the norm of the Jacobian of softmax.
    """
    ### BEGIN SOLUTION 1b
    variances, entropies, norms = [], [], []
    for query, key in zip(queries, keys, strict=True):
        scores = np.einsum("rd,rnd->rn", query, key)
        if scaled:
            scores = scores / np.sqrt(query.shape[-1])
        variances.append(scores.var())
        weights = softmax(scores)
        entropies.append(entropy(weights).mean())
        norms.append(jacobian_norm(weights).mean())
    return np.array(variances), np.array(entropies), np.array(norms)
    ### END SOLUTION


def dot_scores(s: Array, h: Array) -> Array:
    """Question 1c. Return sᵀh of each query with each key of its sentence, (b, m, n).

    Args:
        s: queries, (b, m, d).
        h: keys, (b, n, d).
    """
    ### BEGIN SOLUTION 1c
    return s @ h.transpose(0, 2, 1)
    ### END SOLUTION


def multiplicative_scores(s: Array, h: Array, W: Array) -> Array:
    """Question 1c. Return sᵀWh of each query with each key of its sentence, (b, m, n).

    Args:
        s: queries, (b, m, p).
        h: keys, (b, n, q).
        W: the weights, (p, q).
    """
    ### BEGIN SOLUTION 1c
    return s @ W @ h.transpose(0, 2, 1)
    ### END SOLUTION


def additive_scores(s: Array, h: Array, W1: Array, W2: Array, v: Array) -> Array:
    """Question 1c. Return vᵀ tanh(W₁h + W₂s) of each query with each key of its sentence, (b, m, n).

    Args:
        s: queries, (b, m, p).
        h: keys, (b, n, q).
        W1: the weights of keys, (a, q).
        W2: the weights of queries, (a, p).
        v: the weights of the sum, (a,).
    """
    ### BEGIN SOLUTION 1c
    hidden = np.tanh((h @ W1.T)[:, np.newaxis] + (s @ W2.T)[:, :, np.newaxis])  # (b, m, n, a)
    return hidden @ v
    ### END SOLUTION


def scaled_dot_scores(s: Array, h: Array) -> Array:
    """Question 1c. Return sᵀh / √d of each query with each key of its sentence, (b, m, n).

    Args:
        s: queries, (b, m, d).
        h: keys, (b, n, d).
    """
    ### BEGIN SOLUTION 1c
    return s @ h.transpose(0, 2, 1) / np.sqrt(s.shape[-1])
    ### END SOLUTION


def padding_mask(lengths: Positions, n: int) -> Mask:
    """Question 1d. Return which positions of padded sentences may be looked at, (b, 1, n): True for each word.

    Args:
        lengths: how many words each sentence has, (b,), from 0 to n. After them there is padding.
        n: positions.
    """
    ### BEGIN SOLUTION 1d
    return np.arange(n) < lengths[:, np.newaxis, np.newaxis]
    ### END SOLUTION


def causal_mask(n: int) -> Mask:
    """Question 1d. Return which positions may be looked at from which, (n, n): True in row i and column j for j ≤ i."""
    ### BEGIN SOLUTION 1d
    return np.tri(n, dtype=bool)
    ### END SOLUTION


def masked_softmax(scores: Array, mask: Mask) -> Array:
    """Question 1d. Return the softmax over the positions that may be looked at, (b, m, n).

    What is masked gets a weight of exactly zero, whatever its score, and the others of its row sum to one. A row in
    which everything is masked is zeros, and no NaN.

    Args:
        scores: numbers of any size, (b, m, n).
        mask: True where a query may look, in the shape of scores or one that broadcasts to it, such as (b, 1, n).
    """
    ### BEGIN SOLUTION 1d
    kept = np.where(mask, scores, -np.inf)
    largest = kept.max(axis=-1, keepdims=True)
    exponentials = np.exp(kept - np.where(np.isfinite(largest), largest, 0.0))
    total = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / np.where(total > 0, total, 1.0)
    ### END SOLUTION


def attend(scores: Array, values: Array, mask: Mask) -> tuple[Array, Array]:
    """Question 1d. Return the output of attention, (b, m, e), and its weights, (b, m, n).

    Args:
        scores: of each query with each position, (b, m, n).
        values: one at each position, (b, n, e).
        mask: as in masked_softmax.
    """
    ### BEGIN SOLUTION 1d
    weights = masked_softmax(scores, mask)
    return weights @ values, weights
    ### END SOLUTION


def soft_attention(scores: Array, values: Array) -> Array:
    """Question 1e. Return the expected value, (e,), if a position is drawn from the softmax of the scores.

    Args:
        scores: of one query, (n,).
        values: one at each position, (n, e).
    """
    ### BEGIN SOLUTION 1e
    return softmax(scores) @ values
    ### END SOLUTION


def hard_attention(scores: Array, values: Array, count: int, rng: np.random.Generator) -> tuple[Array, Positions]:
    """Question 1e. Draw positions from the softmax of the scores, each independent of the others.

    Args:
        scores: of one query, (n,).
        values: one at each position, (n, e).
        count: how many to draw.
        rng: where all chance comes from.

    Returns:
        The values at the positions drawn, (count, e), and the positions, whole numbers from 0, (count,).
    """
    ### BEGIN SOLUTION 1e
    positions = rng.choice(len(scores), size=count, p=softmax(scores))
    return values[positions], positions
    ### END SOLUTION


def expected_loss_gradient(scores: Array, losses: Array) -> Array:
    """Question 1e. Return the gradient of the expected loss Σ pᵢ lossᵢ by the scores, where p is their softmax, (n,).

    Args:
        scores: of one query, (n,).
        losses: what the loss is if a position is drawn, (n,).
    """
    ### BEGIN SOLUTION 1e
    p = softmax(scores)
    return p * (losses - p @ losses)
    ### END SOLUTION


def score_function_gradient(scores: Array, positions: Positions, losses: Array, baseline: float) -> Array:
    """Question 1e. Return the estimate of the same gradient from what was drawn, (n,).

    It is the mean over the draws of (loss - baseline) times the gradient of log p by the scores, p being the softmax
    at the position drawn.

    Args:
        scores: of one query, (n,).
        positions: drawn from the softmax of the scores, (count,).
        losses: the loss of each draw, (count,). Of positions that were not drawn no loss is known.
        baseline: what is taken off each loss.
    """
    ### BEGIN SOLUTION 1e
    by_scores = np.eye(len(scores))[positions] - softmax(scores)  # (count, n)
    return (losses - baseline) @ by_scores / len(positions)
    ### END SOLUTION
