"""How a training inside the sandbox begins, goes on and ends."""

from __future__ import annotations

from collections.abc import Callable

from graders.sandbox.inside.protocol import Finished


def carried_out(
    training: Callable[[], object], forget: Callable[[], object], diverged: type[ArithmeticError]
) -> Finished:
    """Carry out a training and return how it ended.

    Args:
        training: trains, from the last checkpoint if there is one; raises CheckpointError where that is of no use.
        forget: removes the checkpoints; training then starts again, once.
        diverged: the error of a loss that is NaN or infinite.
    """
    from sanity.training.checkpoint import CheckpointError

    try:
        try:
            training()
        except CheckpointError as problem:  # damaged, by the submission or a failing disk
            print(f"{problem}; training starts again", flush=True)
            forget()
            training()
    except diverged as problem:
        print(problem, flush=True)
        return Finished("diverged")
    return Finished("converged")
