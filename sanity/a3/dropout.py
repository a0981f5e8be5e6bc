"""Question 1c: dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.arguments import changed, unchanged
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, equal, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("1c")
DRAWS = 4000
"""How often dropout is called to see how often each number is zero."""
FALSE_ALARMS = 1e-9
"""The odds that a right dropout fails one statistical check."""


def make_layer(*, seed: int, n: int, m: int, flat: int) -> dict[str, Any]:
    """Make the output of a layer, without zeros, and a probability."""
    rng = np.random.default_rng(seed)
    h = rng.uniform(0.5, 2, m if flat else (n, m)) * rng.choice([-1, 1], m if flat else (n, m))
    return {"seed": seed, "h": h, "p": float(rng.uniform(0.15, 0.4))}  # far from 1/2, where p and 1 - p are one


LAYERS = Cases(
    make_layer,
    {"n": (2, 4), "m": (3, 5), "flat": (0, 1)},
    "h of shape {h.shape}, p = {p:.2f}",
    ({"n": 3, "m": 4}, {"m": 5, "flat": 1}),
    drawn=2,
)
"""Outputs of layers."""


@probe("in evaluation: n m|m, in training: draw n m|draw m, zeros: n m|m, both zero", of="dropout()")
def dropout(code: Any, case: Case) -> Any:
    """Call dropout in evaluation once and in training many times.

    Return the former, the first few of the latter, how often each number was zero, and each two neighbours at once.
    """
    rng = np.random.default_rng(case.seed)
    function = code.optimization.dropout
    evaluated = function(case.h.copy(), case.p, rng, False)
    drawn = [function(case.h.copy(), case.p, rng, True) for _ in range(DRAWS)]
    zero = np.stack(drawn) == 0
    flat = zero.reshape(DRAWS, -1)
    return evaluated, np.stack(drawn[:5]), zero.sum(axis=0) / DRAWS, (flat[:, 1:] & flat[:, :-1]).sum(axis=0) / DRAWS


@probe("first, next, with the same seed", of="dropout()")
def dropout_draws(code: Any, case: Case) -> Any:
    """Call dropout on many ones twice with one generator, and once with a new one of the same seed."""
    function, ones = code.optimization.dropout, np.ones(100)
    rng = np.random.default_rng(case.seed)
    first, after = function(ones.copy(), case.p, rng, True), function(ones.copy(), case.p, rng, True)
    return first, after, function(ones.copy(), case.p, np.random.default_rng(case.seed), True)


@probe("kept: n m|m, some dropped", of="dropout()")
def dropout_kept(code: Any, case: Case) -> Any:
    """Call dropout until each number has been kept at least once; return what it is then, zero if it never is.

    Also return whether any number was dropped: that tells mistakes apart.
    """
    rng, kept, dropped = np.random.default_rng(case.seed), np.zeros_like(case.h), False
    for _ in range(100):  # a number is dropped each time with a probability of 0.4^100
        drawn = np.asarray(code.optimization.dropout(case.h.copy(), case.p, rng, True))
        kept = np.where(drawn != 0, drawn, kept)
        dropped |= bool((drawn == 0).any())
    return kept, dropped


@probe("changed", of="dropout()")
def dropout_changes(code: Any, case: Case) -> Any:
    """Return which arguments dropout changed."""
    arguments = {"h": case.h.copy(), "p": case.p, "rng": np.random.default_rng(case.seed), "training": True}
    return changed(code.optimization.dropout, arguments)


def deviation(count: int) -> float:
    """Return by how much a frequency may differ from its probability.

    By Hoeffding's inequality the odds that any of this many does so by chance are at most FALSE_ALARMS.
    """
    return float(np.sqrt(np.log(2 * count / FALSE_ALARMS) / (2 * DRAWS)))


def zeros(answers: Answers, name: str, like: Array) -> Array:
    """Return how often numbers were zero, as an array in the shape of like."""
    return shaped(answers, name, "n m" if like.ndim == 2 else "m", like)


check.compares(
    dropout_kept,
    LAYERS,
    "kept",
    weight=4,
    says="In training what is kept is h times 1 / (1 - p).",
)
check.compares(dropout, LAYERS, "in evaluation", weight=3, says="In evaluation h comes back as it is.")


@check(LAYERS, weight=3)
def drops_with_the_given_probability(run: Run, case: Case) -> None:
    """In training each number is set to zero with probability p, within what chance allows."""
    often = zeros(run(dropout, case), "zeros", case.h)
    allowed = deviation(case.h.size)
    if np.abs(often - case.p).max() > allowed:
        diagnosis = ""
        if np.abs(often - (1 - case.p)).max() <= allowed:
            diagnosis = "numbers are kept with probability p and dropped with 1 - p: it is the other way round"
        elif not often.any():
            diagnosis = "no number is ever dropped"
        raise CheckFailed("numbers are not set to zero with probability p", diagnosis=diagnosis)


@check(LAYERS)
def drops_each_number_alone(run: Run, case: Case) -> None:
    """Each number is dropped independent of its neighbours."""
    both = zeros(run(dropout, case), "both zero", np.zeros(case.h.size - 1))
    if np.abs(both - case.p**2).max() > deviation(case.h.size):
        diagnosis = "the mask has too few axes: it drops whole rows, whole columns or everything at once"
        together = np.abs(both - case.p).max() <= deviation(case.h.size)
        raise CheckFailed(
            "neighbours are not dropped independently of each other", diagnosis=diagnosis if together else ""
        )


@check(LAYERS)
def drops_by_the_generator(run: Run, case: Case) -> None:
    """All randomness comes from rng: the same seed gives the same mask, and the next call another."""
    answers = run(dropout_draws, case)
    first, after, again = (as_array(n, answers[n], np.zeros(100)) for n in ("first", "next", "with the same seed"))
    if not np.array_equal(first, again):
        raise CheckFailed("the same seed gives another mask", diagnosis="np.random is used where rng should be")
    if np.array_equal(first, after):
        diagnosis = "the mask is drawn once, and not again at each call"
        raise CheckFailed("the same numbers are dropped at every call", diagnosis=diagnosis)


@check(LAYERS, weight=2)
def drops_nothing_with_probability_zero(run: Run, case: Case) -> None:
    """With p = 0 nothing changes in training either."""
    answers = run(dropout, case.having(p=0.0))
    equal("in training", answers["in training"], np.stack([case.h] * 5), "with p = 0 dropout() changes h")


@check(LAYERS)
def keeps_the_mean(run: Run, case: Case) -> None:
    """What is kept in training is larger, so that the mean over many calls is h."""
    answers = run(dropout, case)
    often = zeros(answers, "zeros", case.h)
    drawn = as_array("in training", answers["in training"], np.zeros((5, *case.h.shape)))
    if drawn.shape != (5, *case.h.shape):
        raise CheckFailed(f"dropout() returns an array of shape {drawn.shape[1:]}, expected {case.h.shape}")
    mean = np.abs(drawn).max(axis=0) / np.abs(case.h) * (1 - often)
    seen = (drawn != 0).any(axis=0)
    if not (np.abs(mean - 1)[seen] < 2 * deviation(case.h.size)).all():
        raise CheckFailed(
            "the mean over many calls is not h", hint="multiply what is kept by one over the probability of keeping it"
        )


@check(LAYERS)
def dropout_leaves_h_alone(run: Run, case: Case) -> None:
    """The array given to dropout() is the same afterwards: the gradient needs it."""
    unchanged(run, dropout_changes, case)
