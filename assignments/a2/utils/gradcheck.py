"""A gradient check by small steps, for your own experiments."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

STEP = 1e-4
TOLERANCE = 1e-5


def gradcheck_naive(f: Callable[[Array], tuple[float, Array]], x: Array, gradientText: str = "") -> bool:
    """Compare the gradient that f claims with the slope of its loss, for every number of x; print what was found.

    Args:
        f: returns a loss and its gradient in the shape of x. If it draws random numbers, then with `random` or
            `np.random`: both are wound back, so that every call draws the same.
        x: where to check, floats of any shape. It is the same afterwards.
        gradientText: what to call the gradient in the messages.

    Returns:
        Whether they agree.
    """
    random_state, numpy_state = random.getstate(), np.random.get_state()

    def call(at: Array) -> tuple[float, Array]:
        random.setstate(random_state)
        np.random.set_state(numpy_state)
        loss, gradient = f(at)
        return float(np.squeeze(loss)), np.asarray(gradient)

    named = f"the gradient {gradientText}".strip()
    claimed = call(x)[1]
    if claimed.shape != x.shape:
        print(f"Gradient check failed: {named} has shape {claimed.shape}, expected {x.shape}")
        return False
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += STEP
        behind[index] -= STEP
        slope = (call(ahead)[0] - call(behind)[0]) / (2 * STEP)
        if not abs(slope - claimed[index]) <= TOLERANCE * max(1.0, abs(slope), abs(claimed[index])):
            place = f"{named} at {tuple(map(int, index))}"
            print(f"Gradient check failed: {place} is {claimed[index]:.6g}, the slope there is {slope:.6g}")
            return False
    print("Gradient check passed!")
    return True


def grad_tests_softmax(skipgram: Any, dummy_tokens: dict[str, int], dummy_vectors: Array, dataset: Any) -> None:
    """Check the gradients of skipgram, with its default loss, on three windows; raise AssertionError if one is wrong.

    Args:
        skipgram: your function.
        dummy_tokens: the index of each word.
        dummy_vectors: the centre vectors above the outside vectors, (2V, D).
        dataset: handed on to the loss.
    """
    _check_windows(skipgram, dummy_tokens, dummy_vectors, (dataset,))


def grad_tests_negsamp(
    skipgram: Any, dummy_tokens: dict[str, int], dummy_vectors: Array, dataset: Any, negSamplingLossAndGradient: Any
) -> None:
    """Check the gradients of skipgram with negative sampling, as `grad_tests_softmax` does with the softmax."""
    _check_windows(skipgram, dummy_tokens, dummy_vectors, (dataset, negSamplingLossAndGradient))


def _check_windows(skipgram: Any, tokens: dict[str, int], vectors: Array, handed_on: tuple[Any, ...]) -> None:
    """Compare the gradients of three windows with the slope of their loss, for every number of the vectors."""
    words, half = list(tokens), len(vectors) // 2
    windows = (words[0], words[1:]), (words[-1], words[:2] * 2), (words[1], words[:1])
    for which, (center, outside) in zip(("first", "second", "third"), windows, strict=True):

        def loss_and_gradient(at: Array, center: str = center, outside: list[str] = outside) -> tuple[float, Array]:
            loss, *gradients = skipgram(center, len(outside), outside, tokens, at[:half], at[half:], *handed_on)
            return loss, np.concatenate(gradients)

        assert gradcheck_naive(loss_and_gradient, vectors, "of the window"), f"The {which} test failed."
        print(f"The {which} test passed!")
