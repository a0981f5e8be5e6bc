"""Question 2i: the logarithm of a softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, equal, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.core.values import sizes_text

check = Checks("2i")


def make_scores(*, seed: int, N: int, V: int, large: int) -> dict[str, Any]:
    """Make scores (V,) if N is 0, or (N, V); up to thousands if large is 1."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, V) if N else (V,))
    return {"x": x * 1000 if large else x, "shift": float(rng.uniform(2, 5))}


SHAPE = "scores of shape {x.shape}"
SCORES = Cases(
    make_scores,
    {"N": (2, 4), "V": (2, 6), "large": (0, 1)},
    SHAPE,
    ({"N": 0, "V": 5}, {"N": 3, "V": 4}, {"N": 3, "V": 3, "large": 1}),
)
"""Scores for a softmax."""
SINGLE = Cases(make_scores, {"N": (1, 1), "V": (2, 6), "large": (0, 0)}, SHAPE, ({"V": 3}, {"N": 3, "V": 1}), drawn=1)
"""A single row, and rows of a single score."""


@probe("log softmax: N V|V", of="log_softmax()")
def log_softmax(code: Any, case: Case) -> Any:
    """Call log_softmax."""
    return code.information.log_softmax(case.x.copy())


@check(SCORES, weight=4, outputs=("log softmax",))
def takes_the_logarithm(run: Run, expect: Run, case: Case) -> None:
    """log_softmax() is right along the last axis, and finite for large scores."""
    axes = "N V" if case.x.ndim == 2 else "V"
    same_array("log softmax", run(log_softmax, case)["log softmax"], expect(log_softmax, case)["log softmax"], axes)


def log_softmax_of(run: Run, case: Case) -> Array:
    """Return the answer, or raise CheckFailed unless it has the shape of x."""
    found = as_array("log softmax", run(log_softmax, case)["log softmax"], case.x)
    if found.shape != case.x.shape:
        raise CheckFailed(
            f"log softmax has shape {sizes_text(found.shape)}, expected {case.x.shape}", output="log softmax"
        )
    return found


@check(SINGLE)
def takes_the_logarithm_of_one(run: Run, expect: Run, case: Case) -> None:
    """There may be a single row of scores, or a single score in a row."""
    takes_the_logarithm(run, expect, case)


@check(SCORES, weight=2)
def scores_may_be_shifted(run: Run, case: Case) -> None:
    """Adding one number to all scores changes nothing."""
    said = "adding a number to all scores changes the answer"
    equal("log softmax", log_softmax_of(run, case.having(x=case.x + case.shift)), log_softmax_of(run, case), said)


@check(SCORES)
def probabilities_sum_to_one(run: Run, case: Case) -> None:
    """The exponentials of the answer sum to one along the last axis."""
    total = np.exp(log_softmax_of(run, case)).sum(axis=-1)
    diagnosis = "the sum is taken over another axis, or over all numbers"
    said = "the exponentials do not sum to one along the last axis"
    equal("log softmax", total, np.ones_like(total), said, diagnosis=diagnosis)
