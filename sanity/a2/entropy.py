"""Question 2g: entropy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sanity.a2.distributions import DISTRIBUTIONS, ROUNDING
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import equal, number
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("2g")


@probe("entropy", of="entropy()")
def entropy(code: Any, case: Case) -> Any:
    """Call entropy, without a base where that is 2."""
    base = () if case.base == 2 else (case.base,)
    return code.information.entropy(case.p.copy(), *base)


def entropy_of(run: Run, case: Case) -> float:
    """Return the entropy of p."""
    return float(number(run(entropy, case), "entropy"))


# A quarter of the point for each check: more for the first would leave less than that for another.
check.compares(
    entropy, DISTRIBUTIONS, "entropy", says="entropy() is right in bits, also where some outcomes are impossible."
)


@check(DISTRIBUTIONS)
def entropy_is_bounded(run: Run, case: Case) -> None:
    """The entropy is between 0, for a certain outcome, and the log of the number of outcomes, if all are alike."""
    V = len(case.p)
    sure, even = case.having(p=np.eye(V)[0]), case.having(p=np.full(V, 1 / V))
    equal("entropy", entropy_of(run, sure), 0.0, "the entropy of a certain outcome is not 0")
    equal("entropy", entropy_of(run, even), np.log2(V), "the entropy of equal outcomes is not the log of their number")
    if not -ROUNDING <= entropy_of(run, case) <= np.log2(V) + ROUNDING:
        raise CheckFailed("the entropy is not between 0 and the logarithm of the number of outcomes", output="entropy")


@check(DISTRIBUTIONS)
def entropy_changes_units(run: Run, case: Case) -> None:
    """A bit is ln 2 nats, whatever the distribution."""
    nats = entropy_of(run, case.having(base=math.e))
    said = "the entropy in nats is not ln 2 times that in bits"
    diagnosis = "base is not used, or used upside down"
    equal("entropy", nats, entropy_of(run, case) * np.log(2), said, diagnosis=diagnosis)


@check(DISTRIBUTIONS)
def entropies_add_up(run: Run, case: Case) -> None:
    """Two independent outcomes together have the sum of their entropies."""
    both = entropy_of(run, case.having(p=np.outer(case.p, case.r).ravel()))
    alone = entropy_of(run, case) + entropy_of(run, case.having(p=case.r))
    equal("entropy", both, alone, "the entropies of independent outcomes do not add up")
