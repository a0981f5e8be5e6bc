"""Question 2j: a softmax over two classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import as_array, equal, number, same_array, same_number
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.core.values import sizes_text

check = Checks("2j")


def make_classes(*, seed: int, D: int, points: int) -> dict[str, Any]:
    """Make the weights of a softmax over two classes, and points to classify."""
    rng = np.random.default_rng(seed)
    return {
        "W": rng.standard_normal((2, D)),
        "b": rng.standard_normal(2),
        "points": rng.standard_normal((points, D)),
    }


CLASSES = Cases(
    make_classes,
    {"D": (2, 5), "points": (6, 6)},
    "two classes, D = {D}",
    ({"D": 4}, {"D": 3}),
)
"""Softmax over two classes."""


@probe("w: D, c", of="as_logistic()")
def as_logistic(code: Any, case: Case) -> Any:
    """Call as_logistic."""
    return code.information.as_logistic(case.W.copy(), case.b.copy())


@check(CLASSES, weight=3, outputs=("w", "c"))
def reduces_two_classes(run: Run, expect: Run, case: Case) -> None:
    """w and c are the only numbers that give the same probabilities."""
    got, want = run(as_logistic, case), expect(as_logistic, case)
    same_array("w", got["w"], want["w"], "D")
    same_number(got, want, "c")


@check(CLASSES)
def classifies_alike(run: Run, case: Case) -> None:
    """At every point the odds of the second class are e to the power of w · x + c."""
    answers = run(as_logistic, case)
    w = as_array("w", answers["w"], case.W[0])
    if w.shape != case.W[0].shape:
        raise CheckFailed(f"w has shape {sizes_text(w.shape)}, expected {case.W[0].shape}", output="w")
    scores = case.points @ case.W.T + case.b
    odds = scores[:, 1] - scores[:, 0]
    said = "the two classifiers do not agree at some points"
    hint = "sigmoid(w · x + c) is the probability of the second class"
    equal("w", case.points @ w + number(answers, "c"), odds, said, hint=hint)
