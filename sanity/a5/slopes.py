"""Whether gradients are slopes: of a probe that returns a loss and its gradients by some values of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanity.core.case import Case
from sanity.core.compare import number
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run
from sanity.gradients import same_slope


def gradients_are_slopes(run: Run, asked: Probe, case: Case, *names: str) -> None:
    """Raise CheckFailed unless the loss changes as its gradients by these values of the case say."""

    def loss_and_gradients(values: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        answers = run(asked, case.having(**values))
        if not isinstance(answers["gradients"], Mapping):
            raise CheckFailed("no gradients came back")
        return number(answers, "loss"), answers["gradients"]

    same_slope(loss_and_gradients, {name: case.values[name] for name in names}, seed=case.seed)
