"""Question 1f: negative sampling for a whole batch at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sanity.a2.scripts import assigned
from sanity.core.arguments import copies
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, number, same, same_number, shaped
from sanity.core.probe import Answers, Run, probe
from sanity.gradients import true_gradients

check = Checks("1f")


def make_batch(*, seed: int, V: int, D: int, P: int, K: int) -> dict[str, Any]:
    """Make pairs of words with their negative samples, words among them that are in several pairs."""
    rng = np.random.default_rng(seed)
    return {
        "seed": seed,
        "centers": rng.integers((V + 1) // 2, size=P),
        "outsides": rng.integers(V, size=P),
        "negatives": rng.integers(V, size=(P, K)),
        "centerWordVectors": 0.8 * rng.standard_normal((V, D)),
        "outsideVectors": 0.8 * rng.standard_normal((V, D)),
    }


BATCHES = Cases(
    make_batch,
    {"V": (3, 12), "D": (2, 4), "P": (4, 8), "K": (2, 5)},
    "{P} pairs of V = {V} words, D = {D}, K = {K}",
    ({"V": 7, "D": 3, "P": 8, "K": 4}, {"V": 20, "D": 4, "P": 5, "K": 2}),
)
"""Batches of pairs."""
SINGLE = Cases(
    make_batch,
    {"V": (4, 6), "D": (2, 3), "P": (1, 3), "K": (1, 3)},
    "{P} pairs with K = {K}",
    ({"P": 1, "K": 3}, {"P": 3, "K": 1}),
    drawn=1,
)
"""A batch of one pair, and batches with one negative sample for each pair."""
SCRIPT = """\
import numpy as np
from batch import batchLossAndGradient

from sanity.gradients import numeric_gradient

{values}

def answer(centerWordVectors, outsideVectors):
    return batchLossAndGradient({given})


loss, gradCenters, gradOutsides = answer(centerWordVectors.copy(), outsideVectors.copy())
by_center, by_outside = np.zeros_like(centerWordVectors), np.zeros_like(outsideVectors)
np.add.at(by_center, centers, gradCenters)
np.add.at(by_outside, np.column_stack((outsides, negatives)), gradOutsides)
print("the loss:", loss)
print("gradCenters, added up by word:", by_center, sep="\\n")
print("the slope of the loss:", numeric_gradient(lambda x: answer(x, outsideVectors)[0], centerWordVectors), sep="\\n")
print("gradOutsides, added up by word:", by_outside, sep="\\n")
print("the slope of the loss:", numeric_gradient(lambda x: answer(centerWordVectors, x)[0], outsideVectors), sep="\\n")
"""


@probe("loss, gradCenters: pair D, gradOutsides: pair 1+K D", of="batchLossAndGradient()")
def batch(code: Any, case: Case) -> Any:
    """Call batchLossAndGradient."""
    arguments = copies(case, "centers", "outsides", "negatives", "centerWordVectors", "outsideVectors")
    return code.batch.batchLossAndGradient(*arguments.values())


@batch.script
def batch_script(case: Case) -> str:
    """Spell a call of batchLossAndGradient, whose gradients are added up by word to be compared."""
    names = ("centers", "outsides", "negatives", "centerWordVectors", "outsideVectors")
    return SCRIPT.format(values=assigned(case, *names), given=", ".join(names))


def gradients(answers: Answers, case: Case) -> tuple[Array, Array]:
    """Return gradCenters and gradOutsides."""
    (P, K), (_, D) = case.negatives.shape, case.outsideVectors.shape
    by_center = shaped(answers, "gradCenters", batch.axes["gradCenters"], np.zeros((P, D)))
    return by_center, shaped(answers, "gradOutsides", batch.axes["gradOutsides"], np.zeros((P, 1 + K, D)))


check.compares(batch, BATCHES, "loss", weight=3, says="The loss sums over all pairs.")
check.compares(
    batch,
    BATCHES,
    "gradCenters",
    weight=4,
    gradients=True,
    says="gradCenters, (P, D), holds each pair's gradient with respect to its centre word's vector.",
)
check.compares(
    batch,
    BATCHES,
    "gradOutsides",
    weight=3,
    gradients=True,
    says="gradOutsides, (P, 1 + K, D), holds each pair's gradients with respect to its outside and negative vectors.",
)


@check(SINGLE, weight=2, gradients=True)
def a_batch_may_hold_one(run: Run, expect: Run, case: Case) -> None:
    """A batch of one pair is right, too, and so is one with a single negative sample for each pair."""
    got, want = run(batch, case), expect(batch, case)
    same_number(got, want, "loss")
    same(got, want, batch.axes)


@check(BATCHES.few(), weight=2, gradients=True)
def batch_gradients_are_slopes(run: Run, case: Case) -> None:
    """Added up by word, both gradients are the slope of the loss, measured with small steps."""
    samples = np.column_stack((case.outsides, case.negatives))

    def loss_and_gradients(at: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        answers = run(batch, case.having(**at))
        by_center, by_outside = gradients(answers, case)
        sums = {name: np.zeros_like(case.values[name]) for name in at}
        np.add.at(sums["centerWordVectors"], case.centers, by_center)
        np.add.at(sums["outsideVectors"], samples, by_outside)
        return number(answers, "loss"), sums

    at = {name: case.values[name] for name in ("centerWordVectors", "outsideVectors")}
    true_gradients(loss_and_gradients, at, dict.fromkeys(at, "row D"))


@check(BATCHES, weight=2, gradients=True)
def pairs_are_independent(run: Run, case: Case) -> None:
    """A pair has the same gradients in a smaller batch, and the loss of a batch is the sum over its pairs."""
    whole = run(batch, case)
    parts = []
    for some in (slice(0, 2), slice(2, None)):  # a batch of one is degenerate
        smaller = case.having(**{name: case.values[name][some] for name in ("centers", "outsides", "negatives")})
        answers = run(batch, smaller)
        parts.append((number(answers, "loss"), *gradients(answers, smaller)))
    losses, by_center, by_outside = zip(*parts, strict=True)
    equal("loss", number(whole, "loss"), sum(losses), "the loss of the batch is not the sum over its pairs")
    said = "the {} of a pair is not the same in a larger batch"
    mine = gradients(whole, case)
    equal("gradCenters", mine[0], np.concatenate(by_center), said.format("gradCenters"))
    equal("gradOutsides", mine[1], np.concatenate(by_outside), said.format("gradOutsides"))
