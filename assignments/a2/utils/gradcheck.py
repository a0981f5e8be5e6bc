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
