"""Question 2b: the distribution that negative samples are drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.counts import COUNTS
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import as_array, equal
from sanity.core.probe import Run, probe

check = Checks("2b")


@probe("distribution: V", of="noise_distribution()")
def noise_distribution(code: Any, case: Case) -> Any:
    """Call noise_distribution."""
    return code.sampling.noise_distribution(case.counts.copy(), case.power)


@probe("distribution", of="noise_distribution()")
def noise_by_default(code: Any, case: Case) -> Any:
    """Call noise_distribution without a power."""
    return code.sampling.noise_distribution(case.counts.copy())


check.compares(
    noise_distribution,
    COUNTS,
    "distribution",
    weight=2,
    says="noise_distribution() gives the right probability for every word.",
)


@check(COUNTS)
def noise_sums_to_one(run: Run, case: Case) -> None:
    """The probabilities of all words sum to one."""
    noise = as_array("distribution", run(noise_distribution, case)["distribution"], np.zeros(len(case.counts)))
    equal(
        "distribution",
        noise.sum(),
        1.0,
        "the probabilities do not sum to one",
        hint="divide by the sum, after the power",
    )


@check(COUNTS)
def noise_is_flatter_than_counts(run: Run, case: Case) -> None:
    """By default a word seen 16 times as often as another is drawn 8 times as often."""
    counts = np.array([1, 16, 81])
    noise = run(noise_by_default, case.having(counts=counts))["distribution"]
    said = "by default the probabilities are not proportional to the counts to the power of three quarters"
    noise = as_array("distribution", noise, np.zeros(3))
    equal("distribution", noise, np.array([1, 8, 27]) / 36, said)
