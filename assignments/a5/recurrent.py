"""Assignment 5, questions 3a to 3k: recurrent cells, how they learn, and the layers that deep networks are made of.

Shapes are written with these letters: B examples, T steps of time, D numbers in an input, H in a hidden state, V words
in the vocabulary, N words of a text. Examples lie in rows: a weight W, (H, D), takes x, (B, D), to `x @ W.T`, (B, H).
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

State = tuple[Tensor, Tensor]
"""The hidden state h and the cell state c of an LSTM, (B, H) each."""
Cell = Callable[[Tensor, State], State]
"""Takes an input, (B, D), and the state before it to the state after it."""
Layer = Callable[[Tensor], Tensor]


def gru_cell(
    x: Tensor, h: Tensor, W_x: Tensor, W_h: Tensor, b_x: Tensor, b_h: Tensor, reset_after: bool = True
) -> Tensor:
    """Question 3a. Return the hidden state of a GRU after one step, (B, H).

    The rows of weights and biases are three blocks of H: first those of the reset gate r, then those of the update
    gate z, then those of the candidate n.

    Args:
        x: the input, (B, D).
        h: the hidden state before, (B, H).
        W_x: the weights for x, (3 H, D).
        W_h: the weights for h, (3 H, H).
        b_x: the bias that is added to what W_x gives, (3 H,).
        b_h: the bias that is added to what W_h gives, (3 H,).
        reset_after: in the candidate, whether r multiplies what W_h and b_h make of h, or else h itself.
    """
    # Question 3a: your code starts here.
    raise NotImplementedError("3a: not implemented yet")
    # Question 3a: your code ends here.


def lstm_cell(x: Tensor, state: State, W_x: Tensor, W_h: Tensor, b_x: Tensor, b_h: Tensor) -> State:
    """Question 3b. Return the hidden state and the cell state of an LSTM after one step.

    The rows of weights and biases are four blocks of H: first those of the input gate i, then those of the forget
    gate f, then those of the candidate g, then those of the output gate o.

    Args:
        x: the input, (B, D).
        state: the hidden state h and the cell state c before, (B, H) each.
        W_x: the weights for x, (4 H, D).
        W_h: the weights for h, (4 H, H).
        b_x: a bias, (4 H,).
        b_h: another bias, (4 H,).
    """
    h, c = state
    # Question 3b: your code starts here.
    raise NotImplementedError("3b: not implemented yet")
    # Question 3b: your code ends here.


def xavier_uniform(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Question 3c. Return a weight to begin with, (rows, columns), as Xavier's rule has it, uniform.

    Args:
        rows: how many numbers the weight makes.
        columns: of how many numbers it makes them.
        generator: where all chance comes from.
    """
    # Question 3c: your code starts here.
    raise NotImplementedError("3c: not implemented yet")
    # Question 3c: your code ends here.


def descend(W: Tensor, v: Tensor, X: Tensor, y: Tensor, lr: float, steps: int) -> tuple[Tensor, Tensor]:
    """Question 3c. Return the weights of a small network after some steps of gradient descent.

    The network gives tanh(W x) · v for an input x. The loss is the mean, over the examples, of the squared difference
    from y.

    Args:
        W: the weights of the hidden units, (H, D), one row a unit.
        v: the weights of the output, (H,).
        X: the inputs, (B, D).
        y: what the network should give, (B,).
        lr: the learning rate.
        steps: how many steps are taken, each with the gradient of all examples.

    Returns:
        The weights W, (H, D), and v, (H,), after the last step.
    """
    # Question 3c: your code starts here.
    raise NotImplementedError("3c: not implemented yet")
    # Question 3c: your code ends here.


def with_radius(W: Tensor, radius: float) -> Tensor:
    """Question 3d. Return a square matrix scaled so that its spectral radius is the one given.

    The spectral radius is the largest absolute value of an eigenvalue. That of W, (H, H), is not zero.
    """
    # Question 3d: your code starts here.
    raise NotImplementedError("3d: not implemented yet")
    # Question 3d: your code ends here.


def gradient_norms(W: Tensor, h: Tensor, w: Tensor, steps: int, linear: bool) -> Tensor:
    """Question 3d. Return how long the gradient of a loss is, by how many steps it has come back, (steps + 1,).

    A state of H numbers follows from the one before: h_t = tanh(W h_{t-1}), or W h_{t-1} if linear. After the last
    step the loss is w · h_T, where T is `steps`. Entry k is the norm of the gradient of the loss by h_{T-k}: entry 0 is
    that by the last state, and the last entry that by the state given.

    Args:
        W: the weights, (H, H).
        h: the state before the first step, (H,).
        w: the weights of the loss, (H,).
        steps: T, at least 1.
        linear: whether there is no tanh.
    """
    # Question 3d: your code starts here.
    raise NotImplementedError("3d: not implemented yet")
    # Question 3d: your code ends here.


def norm_bounds(W: Tensor, w: Tensor, steps: int) -> Tensor:
    """Question 3d. Return what the norms of `gradient_norms` can't exceed, whatever h is, (steps + 1,).

    Entry k is the norm of w times the k-th power of the largest singular value of W.
    """
    # Question 3d: your code starts here.
    raise NotImplementedError("3d: not implemented yet")
    # Question 3d: your code ends here.


def language_model(
    words: Tensor, state: State, cell: Cell, embeddings: Tensor, W: Tensor, b: Tensor
) -> tuple[Tensor, State]:
    """Question 3e. Return the logits of each next word, (B, T, V), and the state after the last word.

    Args:
        words: whole numbers, (B, T).
        state: h and c before the first word, (B, H) each.
        cell: takes the embedding of a word, (B, D), and (h, c) to the next (h, c).
        embeddings: one row a word, (V, D).
        W: the weights from h to the logits, (V, H).
        b: the bias of the logits, (V,).

    Returns:
        The logits: those at [b, t] are computed from h after word t, and are for the word that follows it. And (h, c).
    """
    # Question 3e: your code starts here.
    raise NotImplementedError("3e: not implemented yet")
    # Question 3e: your code ends here.


def perplexity(logits: Tensor, targets: Tensor, pad: int) -> Tensor:
    """Question 3e. Return the perplexity of a batch, one number.

    Args:
        logits: (B, T, V).
        targets: the words that follow, whole numbers, (B, T).
        pad: the number of the padding word; where it is the target nothing is counted. Somewhere it is not.
    """
    # Question 3e: your code starts here.
    raise NotImplementedError("3e: not implemented yet")
    # Question 3e: your code ends here.


def clip_by_norm(gradients: Sequence[Tensor], theta: float) -> list[Tensor]:
    """Question 3f. Return the gradients of all parameters, shortened together if they are too long.

    Args:
        gradients: one for each parameter, of any shapes.
        theta: the largest norm allowed, above zero. The norm is that of all numbers of all gradients, as one vector.
    """
    # Question 3f: your code starts here.
    raise NotImplementedError("3f: not implemented yet")
    # Question 3f: your code ends here.


def generate(
    step: Callable[[int, Any], tuple[Tensor, Any]],
    state: Any,
    prefix: Sequence[int],
    length: int,
    generator: torch.Generator | None = None,
) -> list[int]:
    """Question 3g. Return the words with which a language model continues a prefix.

    Args:
        step: takes a word and the state before it to the logits of the next word, (V,), and the state after it.
        state: the state before the first word of the prefix.
        prefix: words, at least one.
        length: how many words to add.
        generator: where all chance comes from, if each word is drawn with the probability that the model gives it;
            if None, each word is the most probable one.

    Returns:
        The words added, without the prefix.
    """
    # Question 3g: your code starts here.
    raise NotImplementedError("3g: not implemented yet")
    # Question 3g: your code ends here.


def layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Question 3h. Return x with each example normalised over its own numbers, in the shape of x.

    Args:
        x: (..., D), with one axis or more.
        gain: (D,), multiplies what is normalised.
        bias: (D,), is added to that.
        eps: ε, added to the variance.
    """
    # Question 3h: your code starts here.
    raise NotImplementedError("3h: not implemented yet")
    # Question 3h: your code ends here.


def batch_norm(
    x: Tensor,
    gain: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor]:
    """Question 3i. Return x with each number normalised over the examples, and the next running statistics.

    Args:
        x: (B, D), in training with at least two examples.
        gain: (D,), multiplies what is normalised.
        bias: (D,), is added to that.
        mean: the running mean, (D,).
        variance: the running variance, (D,).
        training: whether to normalise with the statistics of this batch, and to update the running ones; in evaluation
            the running ones are used, and come back as they are.
        momentum: the part of the next running statistics that comes from this batch.
        eps: ε, added to the variance.

    Returns:
        The output, (B, D), the running mean and the running variance, (D,) each.
    """
    # Question 3i: your code starts here.
    raise NotImplementedError("3i: not implemented yet")
    # Question 3i: your code ends here.


def influence(layer: Layer, x: Tensor) -> Tensor:
    """Question 3i. Return which examples the output for each example depends on, and how much, (B, B).

    Args:
        layer: takes (B, D) to (B, D).
        x: (B, D).

    Returns:
        Entry (i, j) is the root of the sum of the squares of all derivatives of output i by input j.
    """
    # Question 3i: your code starts here.
    raise NotImplementedError("3i: not implemented yet")
    # Question 3i: your code ends here.


def residual(x: Tensor, layer: Layer) -> Tensor:
    """Question 3j. Return what a layer makes of x with a residual connection around it, (B, H).

    Args:
        x: (B, H).
        layer: takes (B, H) to (B, H).
    """
    # Question 3j: your code starts here.
    raise NotImplementedError("3j: not implemented yet")
    # Question 3j: your code ends here.


def highway(x: Tensor, layer: Layer, W: Tensor, b: Tensor) -> Tensor:
    """Question 3j. Return what a layer makes of x with a highway around it, (B, H).

    Args:
        x: (B, H).
        layer: takes (B, H) to (B, H).
        W: the weights of the transform gate, (H, H).
        b: its bias, (H,).
    """
    # Question 3j: your code starts here.
    raise NotImplementedError("3j: not implemented yet")
    # Question 3j: your code ends here.


def smoothed_cross_entropy(logits: Tensor, targets: Tensor, pad: int, eps: float = 0.1) -> Tensor:
    """Question 3k. Return the mean cross-entropy of some words with smoothed labels, one number.

    Args:
        logits: (N, V).
        targets: the right words, whole numbers, (N,).
        pad: the number of the padding word; where it is the target nothing is counted. Somewhere it is not.
        eps: ε, the probability that is spread evenly over all V words, the right one included.
    """
    # Question 3k: your code starts here.
    raise NotImplementedError("3k: not implemented yet")
    # Question 3k: your code ends here.
