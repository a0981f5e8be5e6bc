"""Question 1f: negative sampling for a whole batch at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sanity.a2.asked import BATCH, Array, array, equal, number, same_number
from sanity.a2.cases import BATCHES, few
from sanity.core.case import Case
from sanity.core.check import Answers, Run, check
from sanity.core.compare import same
from sanity.gradients import true_gradients

AXES = {"gradCenters": "pair D", "gradOutsides": "pair 1+K D"}


def gradients(answers: Answers, case: Case) -> tuple[Array, Array]:
    """Return gradCenters and gradOutsides."""
    (P, K), (_, D) = case.negatives.shape, case.outsideVectors.shape
    by_center = array(answers, "gradCenters", AXES["gradCenters"], np.zeros((P, D)))
    return by_center, array(answers, "gradOutsides", AXES["gradOutsides"], np.zeros((P, 1 + K, D)))


@check("1f", BATCHES, weight=2, outputs=("loss",))
def batch_loss(run: Run, expect: Run, case: Case) -> None:
    """The loss sums over all pairs."""
    same_number(run(BATCH, case), expect(BATCH, case), "loss")


@check("1f", BATCHES, weight=2, outputs=("gradCenters",), gradients=True)
def batch_center_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradCenters, (P, D), holds each pair's gradient with respect to its centre word's vector."""
    same(run(BATCH, case), expect(BATCH, case), AXES, only=("gradCenters",))


@check("1f", BATCHES, weight=2, outputs=("gradOutsides",), gradients=True)
def batch_outside_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradOutsides, (P, 1 + K, D), holds each pair's gradients with respect to its outside and negative vectors."""
    same(run(BATCH, case), expect(BATCH, case), AXES, only=("gradOutsides",))


@check("1f", few(BATCHES), gradients=True)
def batch_gradients_are_slopes(run: Run, case: Case) -> None:
    """Added up by word, both gradients are the slope of the loss, measured with small steps."""
    samples = np.column_stack((case.outsides, case.negatives))

    def loss_and_gradients(at: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        answers = run(BATCH, case.having(**at))
        by_center, by_outside = gradients(answers, case)
        sums = {name: np.zeros_like(case.values[name]) for name in at}
        np.add.at(sums["centerWordVectors"], case.centers, by_center)
        np.add.at(sums["outsideVectors"], samples, by_outside)
        return number(answers, "loss"), sums

    at = {name: case.values[name] for name in ("centerWordVectors", "outsideVectors")}
    true_gradients(loss_and_gradients, at, dict.fromkeys(at, "row D"))


@check("1f", BATCHES, gradients=True)
def pairs_are_independent(run: Run, case: Case) -> None:
    """A pair has the same gradients in a batch as alone, and the loss of a batch is the sum over its pairs."""
    whole = run(BATCH, case)
    parts = []
    for i in range(len(case.centers)):
        pair = {name: case.values[name][i : i + 1] for name in ("centers", "outsides", "negatives")}
        alone = case.having(**pair)
        answers = run(BATCH, alone)
        parts.append((number(answers, "loss"), *gradients(answers, alone)))
    losses, by_center, by_outside = zip(*parts, strict=True)
    equal("loss", number(whole, "loss"), sum(losses), "the loss of the batch is not the sum over its pairs")
    said = "the {} of a pair is not the same in a batch as alone"
    mine = gradients(whole, case)
    equal("gradCenters", mine[0], np.concatenate(by_center), said.format("gradCenters"))
    equal("gradOutsides", mine[1], np.concatenate(by_outside), said.format("gradOutsides"))
