"""Question 2h: cross-entropy."""

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

check = Checks("2h")


@probe("cross-entropy", of="cross_entropy()")
def cross_entropy(code: Any, case: Case) -> Any:
    """Call cross_entropy, without a base where that is 2."""
    base = () if case.base == 2 else (case.base,)
    return code.information.cross_entropy(case.p.copy(), case.q.copy(), *base)


def cross_entropy_of(run: Run, case: Case) -> float:
    """Return the cross-entropy of p and q."""
    return float(number(run(cross_entropy, case), "cross-entropy"))


# A quarter of the point for each check: more for the first would leave less than that for another.
check.compares(
    cross_entropy,
    DISTRIBUTIONS,
    "cross-entropy",
    says="cross_entropy() is right in bits, also where some outcomes are impossible.",
)


@check(DISTRIBUTIONS)
def cross_entropy_changes_units(run: Run, case: Case) -> None:
    """A bit is ln 2 nats, whatever the distributions."""
    nats = cross_entropy_of(run, case.having(base=math.e))
    said = "the cross-entropy in nats is not ln 2 times that in bits"
    diagnosis = "base is not used, or used upside down"
    equal("cross-entropy", nats, cross_entropy_of(run, case) * np.log(2), said, diagnosis=diagnosis)


@check(DISTRIBUTIONS)
def truth_predicts_best(run: Run, case: Case) -> None:
    """No q predicts p better than p itself does, whose cross-entropy is the entropy of p."""
    best = cross_entropy_of(run, case.having(q=case.p))
    if not cross_entropy_of(run, case) >= best - ROUNDING:
        diagnosis = "p and q are swapped, or the sign is wrong"
        raise CheckFailed(
            "another distribution predicts p better than p does", diagnosis=diagnosis, output="cross-entropy"
        )


@check(DISTRIBUTIONS)
def surprise_may_be_infinite(run: Run, case: Case) -> None:
    """The cross-entropy is infinite if q rules out an outcome that p does not, and only then."""
    possible = int(np.argmax(case.p))
    ruled_out = case.having(q=np.where(np.arange(len(case.p)) == possible, 0.0, case.q))
    if cross_entropy_of(run, ruled_out) != np.inf:
        diagnosis = "a small number is added inside the logarithm, or zeros of q are left out of the sum"
        raise CheckFailed("the cross-entropy is finite although q rules out a possible outcome", diagnosis=diagnosis)
    sure = case.having(p=np.eye(len(case.p))[0], q=np.eye(len(case.p))[0])
    equal("cross-entropy", cross_entropy_of(run, sure), 0.0, "0 log 0 is not taken as 0")
