"""Assignment 2, questions 2e and 2f: hierarchical softmax over a Huffman tree.

A binary tree with the words as leaves turns one choice among V words into a few choices between left and right. Words
that are seen often should be near the root: that tree is Huffman's (1952).

Letters: V words, so V - 1 inner nodes; L choices on the path to a word; D numbers in a vector.
"""

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from word2vec import sigmoid

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


def huffman_codes(counts: Sequence[int]) -> list[str]:
    """Question 2e. Return the Huffman code of each word: its path from the root, "0" for left and "1" for right.

    Args:
        counts: how often each word stands in the corpus, at least two words and each at least once.

    Returns:
        V strings of "0" and "1". None is the beginning of another, and no such code makes a shorter corpus.
    """
    # Question 2e: your code starts here.
    raise NotImplementedError("2e: not implemented yet")
    # Question 2e: your code ends here.


def paths(codes: Sequence[str]) -> list[list[int]]:
    """Return for each word the numbers of the inner nodes from the root, which is 0, to the word."""
    beginnings = sorted({code[:i] for code in codes for i in range(len(code))}, key=lambda code: (len(code), code))
    number = {beginning: node for node, beginning in enumerate(beginnings)}
    return [[number[code[:i]] for i in range(len(code))] for code in codes]


def hierarchicalSoftmaxLossAndGradient(
    centerWordVec: Array, path: Indices, code: Indices, nodeVectors: Array
) -> tuple[float, Array, Array]:
    """Question 2f. Return the loss of predicting one outside word along its path, and its gradients.

    At inner node n the way goes left with probability sigmoid(nodeVectors[n] · centerWordVec), else right.

    Args:
        centerWordVec: v_c, the centre word's vector, (D,).
        path: the inner nodes from the root to the outside word, (L,).
        code: the way taken at each, 0 for left and 1 for right, (L,).
        nodeVectors: the vectors of all inner nodes, (V - 1, D).

    Returns:
        The loss, which is minus the logarithm of the word's probability, its gradient by centerWordVec, (D,), and its
        gradient by nodeVectors, (V - 1, D).
    """
    # Question 2f: your code starts here.
    raise NotImplementedError("2f: not implemented yet")
    # Question 2f: your code ends here.
