"""Assignment 2, questions 1a to 1d: word2vec.

Every word has two vectors, one for when it stands in the centre of a window and one for when it stands outside, as a
neighbour. Both are learnt by predicting neighbours from centres (Mikolov et al. 2013).

Shapes are written with these letters: V words, D numbers in a vector, K negative samples.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.utils import softmax

Array = NDArray[np.float64]
LossAndGradient = tuple[float, Array, Array]


def sigmoid(x: ArrayLike) -> Any:
    """Question 1a. Return 1 / (1 + e^-x) for every number of x.

    Args:
        x: a number, or an array of any shape. It stays as it is.

    Returns:
        Numbers between 0 and 1 in the shape of x, also where |x| is large, and no overflow on the way there.
    """
    # Question 1a: your code starts here.
    raise NotImplementedError("1a: not implemented yet")
    # Question 1a: your code ends here.


def naiveSoftmaxLossAndGradient(
    centerWordVec: Array, outsideWordIdx: int, outsideVectors: Array, dataset: Any
) -> LossAndGradient:
    """Question 1b. Return the loss of predicting one outside word with a softmax over all words, and its gradients.

    Args:
        centerWordVec: v_c, the centre word's vector, (D,).
        outsideWordIdx: o, the index of the outside word.
        outsideVectors: U, the outside vectors of all words, one a row, (V, D).
        dataset: not needed here; negSamplingLossAndGradient is called in the same way, and needs it.

    Returns:
        The loss, its gradient by centerWordVec, (D,), and its gradient by outsideVectors, (V, D).
        The arrays given stay as they are.
    """
    # Question 1b: your code starts here.
    raise NotImplementedError("1b: not implemented yet")
    # Question 1b: your code ends here.


def getNegativeSamples(outsideWordIdx: int, dataset: Any, K: int) -> list[int]:
    """Draw the indices of K words that are not the outside word. The same word may be drawn more than once."""
    negatives: list[int] = []
    while len(negatives) < K:
        drawn = dataset.sampleTokenIdx()
        if drawn != outsideWordIdx:
            negatives.append(drawn)
    return negatives


def negSamplingLossAndGradient(
    centerWordVec: Array, outsideWordIdx: int, outsideVectors: Array, dataset: Any, K: int = 10
) -> LossAndGradient:
    """Question 1c. Return the loss of telling one outside word from K drawn ones, and its gradients.

    Args:
        centerWordVec: v_c, the centre word's vector, (D,).
        outsideWordIdx: o, the index of the outside word.
        outsideVectors: U, the outside vectors of all words, one a row, (V, D).
        dataset: where getNegativeSamples draws from.
        K: how many negative samples to draw. One that is drawn k times counts k times.

    Returns:
        The loss, its gradient by centerWordVec, (D,), and its gradient by outsideVectors, (V, D).
        The arrays given stay as they are.
    """
    negSampleWordIndices = getNegativeSamples(outsideWordIdx, dataset, K)
    indices = [outsideWordIdx, *negSampleWordIndices]
    # Question 1c: your code starts here.
    raise NotImplementedError("1c: not implemented yet")
    # Question 1c: your code ends here.


def skipgram(
    currentCenterWord: str,
    windowSize: int,
    outsideWords: Sequence[str],
    word2Ind: Mapping[str, int],
    centerWordVectors: Array,
    outsideVectors: Array,
    dataset: Any,
    word2vecLossAndGradient: Callable[..., LossAndGradient] = naiveSoftmaxLossAndGradient,
) -> LossAndGradient:
    """Question 1d. Return the loss of predicting all outside words of one window, and its gradients.

    Args:
        currentCenterWord: the word in the centre.
        windowSize: how many words the window reaches to either side.
        outsideWords: the words there, up to 2 windowSize; a word that stands there twice is predicted twice.
        word2Ind: the index of each word.
        centerWordVectors: the centre vectors of all words, one a row, (V, D).
        outsideVectors: the outside vectors of all words, (V, D).
        dataset: handed on to word2vecLossAndGradient.
        word2vecLossAndGradient: gives the loss and gradients for one outside word, as 1b and 1c do.

    Returns:
        The loss, its gradient by centerWordVectors, (V, D), and its gradient by outsideVectors, (V, D).
    """
    loss = 0.0
    gradCenterVecs = np.zeros(centerWordVectors.shape)
    gradOutsideVectors = np.zeros(outsideVectors.shape)
    # Question 1d: your code starts here.
    raise NotImplementedError("1d: not implemented yet")
    # Question 1d: your code ends here.
    return loss, gradCenterVecs, gradOutsideVectors
