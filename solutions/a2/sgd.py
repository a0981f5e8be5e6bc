"""Assignment 2, question 1e: stochastic gradient descent, with checkpoints."""

import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SAVE_PARAMS_EVERY = 5000
"""Iterations between checkpoints."""
ANNEAL_EVERY = 20000
"""Iterations between halvings of the step."""


def load_saved_params() -> tuple[int, Array | None, Any]:
    """Return the iteration, the parameters and the random state of the last checkpoint here, or (0, None, None)."""
    iterations = [int(path.stem.rpartition("_")[2]) for path in Path().glob("saved_params_*.npy")]
    finished = [number for number in iterations if Path(f"saved_state_{number}.pickle").is_file()]
    if not finished:
        return 0, None, None
    last = max(finished)
    with Path(f"saved_state_{last}.pickle").open("rb") as file:
        return last, np.load(f"saved_params_{last}.npy"), pickle.load(file)


def save_params(iteration: int, params: Array) -> None:
    """Write a checkpoint: saved_params_N.npy and then saved_state_N.pickle, which completes it."""
    np.save(f"saved_params_{iteration}.npy", params)
    with Path(f"saved_state_{iteration}.pickle").open("wb") as file:
        pickle.dump((random.getstate(), np.random.get_state()), file)


def resume(x0: Array, step: float) -> tuple[int, Array, float]:
    """Return the iteration, the parameters and the step of the last checkpoint, with its random state; or the start."""
    start, saved, state = load_saved_params()
    if saved is None:
        return 0, x0, step
    random.setstate(state[0])
    np.random.set_state(state[1])
    return start, saved, step * 0.5 ** (start // ANNEAL_EVERY)


def sgd(
    f: Callable[[Array], tuple[float, Array]],
    x0: Array,
    step: float,
    iterations: int,
    postprocessing: Callable[[Array], Array] | None = None,
    useSaved: bool = False,
    PRINT_EVERY: int = 10,
) -> Array:
    """Question 1e. Follow the gradient of f downhill from x0, and return where that leads.

    Args:
        f: returns the loss and its gradient, in the shape of x0. Call it once an iteration: it may be random.
        x0: where to start.
        step: how far to go, as a multiple of the gradient; halved every ANNEAL_EVERY iterations.
        iterations: how often.
        postprocessing: applied to the parameters after each iteration, such as normalizeRows.
        useSaved: go on from the last checkpoint in the current folder, and write new ones.
        PRINT_EVERY: print the smoothed loss each time this many iterations are done.
    """
    postprocessing = postprocessing or (lambda params: params)
    start, x, step = resume(x0, step) if useSaved else (0, x0, step)
    smoothed = None
    for iteration in range(start + 1, iterations + 1):
        # Question 1e leaves the loss of this iteration in `loss`, and where it leads in `x`.
        ### BEGIN SOLUTION 1e
        loss, gradient = f(x)
        x = x - step * gradient
        ### END SOLUTION
        x = postprocessing(x)
        smoothed = loss if smoothed is None else 0.95 * smoothed + 0.05 * loss
        if iteration % PRINT_EVERY == 0:
            print(f"iter {iteration}: {float(np.squeeze(smoothed)):f}")
        if useSaved and iteration % SAVE_PARAMS_EVERY == 0:
            save_params(iteration, x)
        if iteration % ANNEAL_EVERY == 0:
            step *= 0.5
    return x
