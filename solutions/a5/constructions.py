"""Assignment 5, questions 2a to 2e: what one attention head can do, and what it can't.

A head has a key and a value for each of n words. A query gives each key a score, their dot product; softmax makes
weights of the scores, and the output is the sum of the values, each times its weight. In this part scores are not
divided by anything.

Shapes are written with these letters: n words, d numbers in a vector, and m, p, r other sizes.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def copying_query(keys: Array, a: int, t: float) -> Array:
    """Question 2a. Return a query with which the output is close to one value, (d,).

    Args:
        keys: one a row, (n, d), orthogonal to each other, each of its own length.
        a: the row of the key whose value is to be copied.
        t: its score is to be this much above each other score, at least.
    """
    ### BEGIN SOLUTION 2a
    return t * keys[a] / (keys[a] @ keys[a])
    ### END SOLUTION


def averaging_query(keys: Array, a: int, b: int, t: float) -> Array:
    """Question 2a. Return a query with which the output is close to the mean of two values, (d,).

    Args:
        keys: one a row, (n, d), orthogonal to each other, each of its own length.
        a: the row of the one key.
        b: the row of the other, not a.
        t: the scores of these two are to be equal, and this much above each other score, at least.
    """
    ### BEGIN SOLUTION 2a
    lengths = np.linalg.norm(keys, axis=1)
    return t * (keys[a] / lengths[a] ** 2 + keys[b] / lengths[b] ** 2)
    ### END SOLUTION


def projection(A: Array, B: Array) -> Array:
    """Question 2b. Return a matrix M with M x = x for each x in the span of A, and M x = 0 in that of B, (d, d).

    Args:
        A: vectors, one a row, (m, d), linearly independent; of any length, and at any angle with each other.
        B: vectors alike, (p, d). Each row of A is orthogonal to each row of B.
    """
    ### BEGIN SOLUTION 2b
    return A.T @ np.linalg.inv(A @ A.T) @ A
    ### END SOLUTION


def sample_keys(means: Array, a: int, alpha: float, draws: int, rng: np.random.Generator) -> Array:
    """Question 2c. Draw all keys at random, many times; return them, (draws, n, d).

    All keys of all draws are independent. Key i is normal with mean μ_i and covariance α I; only key a has the
    covariance α I + ½ μ_a μ_aᵀ.

    Args:
        means: μ, one a row, (n, d), orthogonal to each other and of length one.
        a: the row of the key whose length varies.
        alpha: α, above 0.
        draws: how many times.
        rng: where all chance comes from.
    """
    ### BEGIN SOLUTION 2c
    keys = means + np.sqrt(alpha) * rng.standard_normal((draws, *means.shape))
    keys[:, a] += np.sqrt(1 / 2) * rng.standard_normal((draws, 1)) * means[a]
    return keys
    ### END SOLUTION


def weight_over_draws(keys: Array, queries: Array, a: int) -> Array:
    """Question 2c. Return how much of value a is in the output, for each draw of the keys, (draws,).

    Args:
        keys: (draws, n, d).
        queries: one for each head, (h, d). The output is the mean of the outputs of the heads.
        a: the row of a key.
    """
    ### BEGIN SOLUTION 2c
    scores = keys @ queries.T  # (draws, n, h)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights[:, a].mean(axis=1)
    ### END SOLUTION


def single_query(means: Array, a: int, b: int, beta: float) -> Array:
    """Question 2c. Return a query with which one head gives the mean of two values, if the keys are their means, (d,).

    Args:
        means: μ, one a row, (n, d), orthogonal to each other and of length one.
        a: the row of the one key.
        b: the row of the other, not a.
        beta: the scores of these two are to be equal, and this much above each other score, at least.
    """
    ### BEGIN SOLUTION 2c
    return beta * (means[a] + means[b])
    ### END SOLUTION


def two_queries(means: Array, a: int, b: int, beta: float) -> Array:
    """Question 2c. Return queries for two heads whose mean is that of two values, also if k_a is long or short, (2, d).

    Args:
        means: μ, one a row, (n, d), orthogonal to each other and of length one.
        a: the row of the key whose length varies: it is s μ_a with s from ½ to 4. The other keys are their means.
        b: the row of the other key, not a.
        beta: the mean of the heads' weights on value a is ½, and on value b, up to ½ (n − 1) exp(−β / 2).
    """
    ### BEGIN SOLUTION 2c
    return beta * np.stack([means[a], means[b]])
    ### END SOLUTION


def key_query_value(u_a: Array, u_b: Array, u_c: Array, u_d: Array, t: float) -> tuple[Array, Array, Array]:
    """Question 2d. Return matrices K, Q and V, each (d, d), that make the outputs c_1 and c_2 what is asked for.

    The words are x_1 = u_d + u_b, x_2 = u_a and x_3 = u_c + u_b; word i has the key K x_i, the query Q x_i and the
    value V x_i. Its output c_i is what its query makes of the keys and values of all three words.

    Args:
        u_a, u_b, u_c, u_d: orthogonal to each other, (d,), and all of the same length β.
        t: c_1 is u_b − u_c, and c_2 is u_b, up to an error whose length is at most 4 β exp(−t).
    """
    ### BEGIN SOLUTION 2d
    squared = u_a @ u_a
    K = np.eye(len(u_a))
    Q = t / squared**2 * (np.outer(u_c, u_d) + np.outer(u_d, u_a))
    V = (np.outer(u_b, u_b) - np.outer(u_c, u_c)) / squared
    ### END SOLUTION
    return K, Q, V


def identity_distance(beta: float) -> float:
    """Question 2d. Return how far c_2 is from u_b, divided by β, if K, Q and V are the identity.

    The words are those of key_query_value.

    Args:
        beta: β, the length of u_a, u_b, u_c and u_d.
    """
    ### BEGIN SOLUTION 2d
    on_itself = 1 / (1 + 2 * np.exp(-(beta**2)))
    along_a_and_b = on_itself
    along_c_and_d = (1 - on_itself) / 2
    return float(np.sqrt(2 * along_a_and_b**2 + 2 * along_c_and_d**2))
    ### END SOLUTION


def attention_layer(X: Array, W_Q: Array, W_K: Array, W_V: Array, W: Array) -> Array:
    """Question 2e. Return Z(X) = ReLU(H) W, where H holds what attention makes of each word, (n, p).

    Args:
        X: one word a row, (n, d).
        W_Q: makes queries X W_Q, one a row; (d, r).
        W_K: makes keys X W_K, one a row; (d, r).
        W_V: makes values X W_V, one a row; (d, m).
        W: the layer that follows, (m, p).
    """
    ### BEGIN SOLUTION 2e
    scores = X @ W_Q @ (X @ W_K).T  # one row a query
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.maximum(weights @ X @ W_V, 0) @ W
    ### END SOLUTION


def position_table(n: int, d: int) -> Array:
    """Question 2e. Return sines and cosines of the positions 0 to n - 1, one position a row, (n, d).

    Args:
        n: how many positions.
        d: how many numbers for each, even.
    """
    ### BEGIN SOLUTION 2e
    angles = np.arange(n)[:, np.newaxis] / 10000 ** (np.arange(0, d, 2) / d)
    phi = np.zeros((n, d))
    phi[:, 0::2] = np.sin(angles)
    phi[:, 1::2] = np.cos(angles)
    return phi
    ### END SOLUTION


def permutation_gap(Z: Callable[[Array], Array], X: Array, P: Array, positions: Array) -> float:
    """Question 2e. Return the largest absolute number in Z(P X + Φ) − P Z(X + Φ).

    Args:
        Z: a function of (n, d) that returns (n, p), such as attention_layer with its weights.
        X: one word a row, (n, d).
        P: a permutation matrix, (n, n): zeros, with a single one in each row and each column.
        positions: Φ, one position a row, (n, d); zeros for none.
    """
    ### BEGIN SOLUTION 2e
    return float(np.abs(Z(P @ X + positions) - P @ Z(X + positions)).max())
    ### END SOLUTION
