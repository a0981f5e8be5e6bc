"""Questions 2g to 2j: entropy, cross-entropy, the logarithm of softmax, and two classes."""

from __future__ import annotations

import math

import numpy as np

from sanity.a2.asked import CROSS_ENTROPY, ENTROPY, LOG_SOFTMAX, LOGISTIC, Array, equal, number, same_number
from sanity.a2.cases import CLASSES, DISTRIBUTIONS, SCORES
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import as_array, same_array
from sanity.core.errors import CheckFailed

ROUNDING = 1e-9
"""What rounding may do to a sum of a few logarithms."""


def entropy_of(run: Run, case: Case) -> float:
    """Return the entropy of p."""
    return float(number(run(ENTROPY, case), "entropy"))


def cross_entropy_of(run: Run, case: Case) -> float:
    """Return the cross-entropy of p and q."""
    return float(number(run(CROSS_ENTROPY, case), "cross-entropy"))


# A quarter of the point for each check: more for the first would leave less than that for another.
@check("2g", DISTRIBUTIONS, outputs=("entropy",))
def measures_entropy(run: Run, expect: Run, case: Case) -> None:
    """entropy() is right in bits, also where some outcomes are impossible."""
    same_number(run(ENTROPY, case), expect(ENTROPY, case), "entropy")


@check("2g", DISTRIBUTIONS)
def entropy_is_bounded(run: Run, case: Case) -> None:
    """The entropy is between 0, for a certain outcome, and the log of the number of outcomes, if all are alike."""
    V = len(case.p)
    sure, even = case.having(p=np.eye(V)[0]), case.having(p=np.full(V, 1 / V))
    equal("entropy", entropy_of(run, sure), 0.0, "the entropy of a certain outcome is not 0")
    equal("entropy", entropy_of(run, even), np.log2(V), "the entropy of equal outcomes is not the log of their number")
    if not -ROUNDING <= entropy_of(run, case) <= np.log2(V) + ROUNDING:
        raise CheckFailed("the entropy is not between 0 and the logarithm of the number of outcomes", output="entropy")


@check("2g", DISTRIBUTIONS)
def entropy_changes_units(run: Run, case: Case) -> None:
    """A bit is ln 2 nats, whatever the distribution."""
    nats = entropy_of(run, case.having(base=math.e))
    said = "the entropy in nats is not ln 2 times that in bits"
    diagnosis = "base is not used, or used upside down"
    equal("entropy", nats, entropy_of(run, case) * np.log(2), said, diagnosis=diagnosis)


@check("2g", DISTRIBUTIONS)
def entropies_add_up(run: Run, case: Case) -> None:
    """Two independent outcomes together have the sum of their entropies."""
    both = entropy_of(run, case.having(p=np.outer(case.p, case.r).ravel()))
    alone = entropy_of(run, case) + entropy_of(run, case.having(p=case.r))
    equal("entropy", both, alone, "the entropies of independent outcomes do not add up")


# A quarter of the point for each check: more for the first would leave less than that for another.
@check("2h", DISTRIBUTIONS, outputs=("cross-entropy",))
def measures_cross_entropy(run: Run, expect: Run, case: Case) -> None:
    """cross_entropy() is right in bits, also where some outcomes are impossible."""
    same_number(run(CROSS_ENTROPY, case), expect(CROSS_ENTROPY, case), "cross-entropy")


@check("2h", DISTRIBUTIONS)
def cross_entropy_changes_units(run: Run, case: Case) -> None:
    """A bit is ln 2 nats, whatever the distributions."""
    nats = cross_entropy_of(run, case.having(base=math.e))
    said = "the cross-entropy in nats is not ln 2 times that in bits"
    diagnosis = "base is not used, or used upside down"
    equal("cross-entropy", nats, cross_entropy_of(run, case) * np.log(2), said, diagnosis=diagnosis)


@check("2h", DISTRIBUTIONS)
def truth_predicts_best(run: Run, case: Case) -> None:
    """No q predicts p better than p itself does, whose cross-entropy is the entropy of p."""
    best = cross_entropy_of(run, case.having(q=case.p))
    if not cross_entropy_of(run, case) >= best - ROUNDING:
        diagnosis = "p and q are swapped, or the sign is wrong"
        raise CheckFailed(
            "another distribution predicts p better than p does", diagnosis=diagnosis, output="cross-entropy"
        )


@check("2h", DISTRIBUTIONS)
def surprise_may_be_infinite(run: Run, case: Case) -> None:
    """The cross-entropy is infinite if q rules out an outcome that p does not, and only then."""
    possible = int(np.argmax(case.p))
    ruled_out = case.having(q=np.where(np.arange(len(case.p)) == possible, 0.0, case.q))
    if cross_entropy_of(run, ruled_out) != np.inf:
        diagnosis = "a small number is added inside the logarithm, or zeros of q are left out of the sum"
        raise CheckFailed("the cross-entropy is finite although q rules out a possible outcome", diagnosis=diagnosis)
    sure = case.having(p=np.eye(len(case.p))[0], q=np.eye(len(case.p))[0])
    equal("cross-entropy", cross_entropy_of(run, sure), 0.0, "0 log 0 is not taken as 0")


@check("2i", SCORES, weight=2, outputs=("log softmax",))
def takes_the_logarithm(run: Run, expect: Run, case: Case) -> None:
    """log_softmax() is right along the last axis, and finite for large scores."""
    axes = "N V" if case.x.ndim == 2 else "V"
    same_array("log softmax", run(LOG_SOFTMAX, case)["log softmax"], expect(LOG_SOFTMAX, case)["log softmax"], axes)


def log_softmax_of(run: Run, case: Case) -> Array:
    """Return the answer, or raise CheckFailed unless it has the shape of x."""
    found = as_array("log softmax", run(LOG_SOFTMAX, case)["log softmax"], case.x)
    if found.shape != case.x.shape:
        raise CheckFailed(f"log softmax has shape {found.shape}, expected {case.x.shape}", output="log softmax")
    return found


@check("2i", SCORES)
def scores_may_be_shifted(run: Run, case: Case) -> None:
    """Adding one number to all scores changes nothing."""
    said = "adding a number to all scores changes the answer"
    equal("log softmax", log_softmax_of(run, case.having(x=case.x + case.shift)), log_softmax_of(run, case), said)


@check("2i", SCORES)
def probabilities_sum_to_one(run: Run, case: Case) -> None:
    """The exponentials of the answer sum to one along the last axis."""
    total = np.exp(log_softmax_of(run, case)).sum(axis=-1)
    diagnosis = "the sum is taken over another axis, or over all numbers"
    said = "the exponentials do not sum to one along the last axis"
    equal("log softmax", total, np.ones_like(total), said, diagnosis=diagnosis)


@check("2j", CLASSES, weight=3, outputs=("w", "c"))
def reduces_two_classes(run: Run, expect: Run, case: Case) -> None:
    """w and c are the only numbers that give the same probabilities."""
    got, want = run(LOGISTIC, case), expect(LOGISTIC, case)
    same_array("w", got["w"], want["w"], "D")
    same_number(got, want, "c")


@check("2j", CLASSES)
def classifies_alike(run: Run, case: Case) -> None:
    """At every point the odds of the second class are e to the power of w · x + c."""
    answers = run(LOGISTIC, case)
    w = as_array("w", answers["w"], case.W[0])
    if w.shape != case.W[0].shape:
        raise CheckFailed(f"w has shape {w.shape}, expected {case.W[0].shape}", output="w")
    scores = case.points @ case.W.T + case.b
    odds = scores[:, 1] - scores[:, 0]
    said = "the two classifiers do not agree at some points"
    hint = "sigmoid(w · x + c) is the probability of the second class"
    equal("w", case.points @ w + number(answers, "c"), odds, said, hint=hint)
