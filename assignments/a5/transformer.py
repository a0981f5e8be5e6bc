"""Assignment 5, questions 4j to 4n: the layers of a transformer, and what they cost.

Shapes are written with these letters: B sequences in a batch, T positions that ask and S that are read, d numbers for
each position, h heads of d / h numbers each.
"""

import math

import torch
from torch import Tensor, nn


def sinusoidal_positions(length: int, d: int) -> Tensor:
    """Question 4j. Return a vector of sines and cosines for each position.

    Args:
        length: how many positions, which count from 0.
        d: how many numbers each has, even.

    Returns:
        (length, d), float32: at position t, entry 2i is sin(t / 10000^(2i / d)), and entry 2i + 1 the cosine of the
        same.
    """
    # Question 4j: your code starts here.
    raise NotImplementedError("4j: not implemented yet")
    # Question 4j: your code ends here.


class Embeddings(nn.Module):
    """What goes into the first layer: the embedding of each token, times √d, plus its position.

    Attributes:
        tokens: the embedding of each token, `nn.Embedding(V, d)`.
        positions: `sinusoidal_positions` of all positions, which are not learnt.
        dropout: dropout of the sum.
    """

    positions: Tensor

    def __init__(self, vocab_size: int, d: int, max_length: int, dropout: float = 0.1) -> None:
        """Make the layers."""
        super().__init__()
        self.d = d
        self.tokens = nn.Embedding(vocab_size, d)
        self.register_buffer("positions", sinusoidal_positions(max_length, d))
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        """Question 4j. Return vectors (B, T, d) for tokens (B, T), whole numbers, with T at most max_length."""
        # Question 4j: your code starts here.
        raise NotImplementedError("4j: not implemented yet")
        # Question 4j: your code ends here.


class FeedForward(nn.Module):
    """A network with one hidden layer that treats every position alike.

    Attributes:
        first, second: `nn.Linear(d, d_ff)` and `nn.Linear(d_ff, d)`.
        dropout: dropout of the hidden layer.
    """

    def __init__(self, d: int, d_ff: int, dropout: float = 0.1) -> None:
        """Make the layers."""
        super().__init__()
        self.first, self.second = nn.Linear(d, d_ff), nn.Linear(d_ff, d)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Question 4k. Return second(ReLU(first(x))), with dropout of the hidden layer, (B, T, d) for x, (B, T, d)."""
        # Question 4k: your code starts here.
        raise NotImplementedError("4k: not implemented yet")
        # Question 4k: your code ends here.


class MultiHeadAttention(nn.Module):
    """Attention with several heads, from one sequence to another or to itself.

    Attributes:
        query, key, value, out: `nn.Linear(d, d)`. The first head has the first d / h outputs of query, key and value,
            the next head the next; their results are joined in this order, and go through out.
        dropout: dropout of the attention weights.
    """

    def __init__(self, d: int, heads: int, dropout: float = 0.1) -> None:
        """Make the layers."""
        super().__init__()
        assert d % heads == 0
        self.d, self.heads = d, heads
        self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, read: Tensor, mask: Tensor | None = None) -> Tensor:
        """Question 4k. Return what each position of x takes from the positions of read, (B, T, d).

        Args:
            x: (B, T, d), for the queries.
            read: (B, S, d), for the keys and values.
            mask: booleans, (B, T, S), (B, 1, S) or (T, S): true where a position may look, which is somewhere for each.
                None if all may look everywhere.
        """
        # Question 4k: your code starts here.
        raise NotImplementedError("4k: not implemented yet")
        # Question 4k: your code ends here.


def causal_mask(length: int) -> Tensor:
    """Question 4m. Return the mask of positions that see themselves and those before, (length, length), booleans."""
    # Question 4m: your code starts here.
    raise NotImplementedError("4m: not implemented yet")
    # Question 4m: your code ends here.


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward network, each with a residual connection, dropout and a LayerNorm.

    Attributes:
        attention, feed_forward: the two sublayers.
        norm1, norm2: the LayerNorm of the first sublayer, and that of the second.
        norm_first: whether a LayerNorm acts on what goes into its sublayer (pre-norm), and not on the sum after it.
        dropout: dropout of what comes out of a sublayer, before it is added.
    """

    def __init__(self, d: int, heads: int, d_ff: int, dropout: float = 0.1, norm_first: bool = False) -> None:
        """Make the sublayers."""
        super().__init__()
        self.attention, self.feed_forward = MultiHeadAttention(d, heads, dropout), FeedForward(d, d_ff, dropout)
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.norm_first = norm_first
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Question 4l. Return the layer's output, (B, T, d), for x, (B, T, d), and a mask as in MultiHeadAttention."""
        # Question 4l: your code starts here.
        raise NotImplementedError("4l: not implemented yet")
        # Question 4l: your code ends here.


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to what the encoder made, and a feed-forward network.

    Attributes:
        attention, cross_attention, feed_forward: the three sublayers, in their order.
        norm1, norm2, norm3: their LayerNorms.
        norm_first, dropout: as in EncoderLayer.
    """

    def __init__(self, d: int, heads: int, d_ff: int, dropout: float = 0.1, norm_first: bool = False) -> None:
        """Make the sublayers."""
        super().__init__()
        self.attention, self.cross_attention = (MultiHeadAttention(d, heads, dropout) for _ in range(2))
        self.feed_forward = FeedForward(d, d_ff, dropout)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d) for _ in range(3))
        self.norm_first = norm_first
        self.dropout = nn.Dropout(dropout)

    def forward(self, y: Tensor, memory: Tensor, memory_mask: Tensor | None = None) -> Tensor:
        """Question 4m. Return the layer's output, (B, T, d).

        Args:
            y: (B, T, d). No position sees a later one.
            memory: what the encoder made, (B, S, d). It is not normalised here.
            memory_mask: booleans, (B, 1, S): false where memory is padding, at which no position looks.
        """
        # Question 4m: your code starts here.
        raise NotImplementedError("4m: not implemented yet")
        # Question 4m: your code ends here.


KINDS = ("recurrence", "convolution", "dilated convolution", "self-attention", "restricted self-attention")
"""The kinds of layer in question 4n."""


def reads(kind: str, n: int, width: int, depth: int = 0) -> Tensor:
    """Question 4n. Return which positions each position reads in one layer.

    Args:
        kind: one of KINDS.
        n: how many positions.
        width: how many positions a convolution or restricted self-attention reads at most, at least 2.
        depth: how many layers of the same kind are below; a dilated convolution depends on it.

    Returns:
        (n, n), booleans: [i, j] says whether position i reads position j. A recurrence reads i and i - 1, a convolution
        and restricted self-attention i, i - 1, ..., width of them; a dilated one i, i - s, i - 2s, ..., width of them,
        where s is width^depth; and self-attention all up to i. Positions below 0 are not there.
    """
    # Question 4n: your code starts here.
    raise NotImplementedError("4n: not implemented yet")
    # Question 4n: your code ends here.


def multiplications(kind: str, n: int, d: int, width: int) -> int:
    """Question 4n. Return how many numbers one layer multiplies, at depth 0, for n positions of d numbers each.

    For each position that a position reads, a recurrence and a convolution multiply a matrix (d, d) with a vector, and
    attention a query with a key and a weight with a value.
    """
    # Question 4n: your code starts here.
    raise NotImplementedError("4n: not implemented yet")
    # Question 4n: your code ends here.


def sequential_steps(kind: str, n: int) -> int:
    """Question 4n. Return how many steps of one layer must wait for each other, for n positions at once."""
    # Question 4n: your code starts here.
    raise NotImplementedError("4n: not implemented yet")
    # Question 4n: your code ends here.


def path_length(kind: str, n: int, width: int) -> int:
    """Question 4n. Return after how many layers the last of n positions depends on the first.

    In a recurrence count steps in the place of layers. With one position it is 0.
    """
    # Question 4n: your code starts here.
    raise NotImplementedError("4n: not implemented yet")
    # Question 4n: your code ends here.


def growth(lengths: list[int], costs: list[float]) -> float:
    """Question 4n. Return the exponent p with which costs grow as lengths do, as if they were c · length^p.

    It is the slope of the line through (log length, log cost) with the least squared errors.
    """
    # Question 4n: your code starts here.
    raise NotImplementedError("4n: not implemented yet")
    # Question 4n: your code ends here.
