"""How the questions of assignment 4 compare gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sanity.a4.batches import ANY, of_layers
from sanity.core.case import Case
from sanity.core.compare import as_array
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Probe, Run
from sanity.gradients import same_slope

CONVOLUTION = ("post_embed_cnn.weight", "post_embed_cnn.bias")
"""Weights that a model of before 2022 does not have."""


def true_gradients(run: Run, gradient_probe: Probe, case: Case, used: tuple[str, ...]) -> None:
    """Raise CheckFailed unless the probe's gradients by the weights of the layers used are the slope of its loss.

    A submission that computes in float32 even where it is given float64 is right, but too coarse to be measured.
    """
    try:
        loss = run(gradient_probe, case)["loss"]
    except CouldNotRun:
        run(gradient_probe, ANY)  # raises if it cannot run in float32 either
        return
    if isinstance(loss, np.ndarray) and loss.dtype == np.float32:
        return

    def loss_at(weights: Mapping[str, Any]) -> Any:
        answers = run(gradient_probe, case.having(weights={**case.weights, **weights}, backward=False))
        return as_array("the loss", answers["loss"], np.zeros(()))

    def loss_and_gradients(weights: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        answers = run(gradient_probe, case)  # with these weights
        missing = weights.keys() - answers["gradients"].keys() - set(CONVOLUTION)
        if missing:
            raise CheckFailed(f"the model has no parameter {min(missing)}")
        return as_array("the loss", answers["loss"], np.zeros(())), answers["gradients"]

    same_slope(loss_and_gradients, of_layers(case.weights, used), case.seed, loss_at)
