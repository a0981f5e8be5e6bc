"""Comparing the gradients of a model's weights: with the reference's, and with a measured slope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sanity.core.compare import NOT_FINITE, same_array
from sanity.core.errors import CheckFailed

# Central differences err by step^2 times the third derivative, here up to 3e-4, and by rounding / step: nothing in
# float64, up to 4e-4 where a submission computes one part in float32. A missing term is about 0.1 in slopes about 1.
STEP = 3e-4
SLOPE_RTOL, SLOPE_ATOL = 1e-3, 2e-3
NO_STEP = 1e-9
"""A step that changes the loss by less than SLOPE_ATOL, unless something random does."""


def same_gradients(got: Mapping[str, Any], want: Mapping[str, Any], optional: tuple[str, ...] = ()) -> None:
    """Raise CheckFailed at the first weight whose gradient differs; weights named optional may be missing."""
    if not isinstance(got, Mapping):
        raise CheckFailed("no gradients came back")
    for name, right in want.items():
        if name not in got and name in optional:
            continue
        said = f"the gradient of {name}"
        if name not in got:
            raise CheckFailed(f"the model has no {name}", output=said)
        mine = got[name]
        if isinstance(mine, np.ndarray) and not mine.any() and right.any():
            diagnosis = f"{name} is not used, or the graph is cut by detach(), .data, .item() or no_grad()"
            raise CheckFailed(f"no gradient reaches {name}", diagnosis=diagnosis, output=said)
        same_array(said, mine, right, "")


def same_slope(
    loss_and_gradients: Callable[[Mapping[str, Any]], tuple[Any, Mapping[str, Any]]],
    weights: Mapping[str, Any],
    seed: int,
    loss: Callable[[Mapping[str, Any]], Any] | None = None,
) -> None:
    """Raise CheckFailed unless the loss changes along a random direction as its gradients say.

    One direction through all weights suffices: a wrong gradient has the right slope along a random direction with
    probability zero.

    Args:
        loss_and_gradients: maps weights by name to the loss, a float64, and the gradients by name.
        weights: where to differentiate, float64 arrays by name.
        seed: of the direction.
        loss: maps weights to the loss alone, where that costs less.
    """
    loss = loss or (lambda weights: loss_and_gradients(weights)[0])
    rng = np.random.default_rng(seed)
    _, gradients = loss_and_gradients(weights)
    # Padding rows are zero and get no gradient by definition (padding_idx): keep them where they are.
    direction = {name: rng.standard_normal(weights[name].shape) * (weights[name] != 0) for name in gradients}

    def slopes(names: list[str]) -> tuple[float, float]:
        """Return the slope of the loss along the direction in these weights: measured, and as claimed."""

        def loss_at(step: float) -> float:
            moved = {name: weights[name] + step * direction[name] for name in names}
            return float(loss({**weights, **moved}))

        numeric = (loss_at(STEP) - loss_at(-STEP)) / (2 * STEP)
        with np.errstate(invalid="ignore"):  # infinite gradients are reported below
            return numeric, sum(float((np.asarray(gradients[name]) * direction[name]).sum()) for name in names)

    def is_random() -> bool:
        moved = {name: weights[name] + NO_STEP * direction[name] for name in direction}
        return not abs(float(loss({**weights, **moved})) - float(loss(weights))) <= SLOPE_ATOL

    numeric, claimed = slopes(list(direction))
    if not np.isfinite([numeric, claimed]).all():
        raise CheckFailed("the outputs or their gradients are not finite", hint=NOT_FINITE)
    if not _agree(numeric, claimed):
        if is_random():
            raise CheckFailed(
                "the outputs change although nothing else does",
                diagnosis="something random acts in evaluation, too",
                hint="F.dropout does so unless it is told training=self.training",
            )
        suspects = list(direction)
        while len(suspects) > 1:  # halve: some weight in the half that disagrees is wrong
            half = suspects[: len(suspects) // 2]
            suspects = suspects[len(half) :] if _agree(*slopes(half)) else half
        cut = "the graph is cut by detach(), .data, .item() or no_grad()"
        nothing = not np.asarray(gradients[suspects[0]]).any()
        raise CheckFailed(
            f"the gradients are not the slope of the outputs: see that of {suspects[0]}",
            diagnosis=f"no gradient reaches {suspects[0]}: {cut}" if nothing else f"a part of {cut}",
            detail=f"along a random direction the loss changes by {numeric:.6g}, the gradients say {claimed:.6g}",
        )


def _agree(numeric: float, claimed: float) -> bool:
    return abs(numeric - claimed) <= SLOPE_ATOL + SLOPE_RTOL * abs(numeric)
