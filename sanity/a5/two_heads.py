"""Question 2c: keys of uncertain length, with one head and with two."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.heads import beyond, finite, orthonormal, softmax_rows
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe
from sanity.core.values import sizes_text

check = Checks("2c")
DRAWS = 2500
"""How often keys are drawn."""
FALSE_ALARMS = 1e-9
"""The odds that right draws fail the statistical check in one case."""
LENGTHS = (0.5, 0.6, 0.8, 1, 1.5, 2.5, 4)
"""How long key a is, compared with its mean, where two heads are judged."""
STATED = (
    "the keys other than a, with covariance α I",
    "key a across its mean, with variance α",
    "key a along its mean, with variance α + ½",
    "the difference of two keys, which are independent",
    "the difference of two draws, which are independent",
)
"""What the draws are judged by, each scaled so that its mean is 0 and its variance 1."""


def make_means(*, seed: int, n: int, more: int) -> dict[str, Any]:
    """Make orthonormal means of n keys."""
    rng = np.random.default_rng(seed)
    a, b = (int(row) for row in rng.permutation(n)[:2])
    means = orthonormal(rng, n, n + more)
    values = {"alpha": float(rng.uniform(0.03, 0.1)), "beta": float(rng.uniform(8, 20))}
    return {"seed": seed, "means": means, "a": a, "b": b, "d": n + more, **values}


SIZES = {"n": (3, 6), "more": (1, 3)}
DRAWN = Cases(make_means, SIZES, "{n} keys with {d} numbers, a = {a}, α = {alpha:.3f}", ({"n": 4, "more": 2},), drawn=2)
"""Means of keys to draw."""
MEANS = Cases(
    make_means,
    SIZES,
    "{n} means with {d} numbers, a = {a}, b = {b}, β = {beta:.1f}",
    ({"n": 4, "more": 3}, {"n": 6, "more": 1}),
)
"""Means of keys to make queries of."""


def make_draws(*, seed: int, draws: int, n: int, d: int, h: int) -> dict[str, Any]:
    """Make drawn keys and queries: any, so that nothing is special about the weights."""
    rng = np.random.default_rng(seed)
    keys, queries = rng.standard_normal((draws, n, d)), 1.5 * rng.standard_normal((h, d))
    return {"keys": keys, "queries": queries, "a": int(rng.integers(n))}


KEYS = Cases(
    make_draws,
    {"draws": (2, 7), "n": (3, 6), "d": (2, 5), "h": (1, 3)},
    "{draws} draws of {n} keys with {d} numbers, queries of {h} heads, a = {a}",
    ({"draws": 7, "n": 5, "d": 4, "h": 2}, {"draws": 4, "n": 3, "d": 5, "h": 1}),
)
"""Drawn keys, and queries."""


def scaled(keys: Array, case: Case) -> list[Array]:
    """Return what STATED lists, of draws in the right shape."""
    a, b, noise = case.a, case.b, keys - case.means
    others = np.delete(noise, a, axis=1) / np.sqrt(case.alpha)
    across = noise[:, a] @ case.means[b] / np.sqrt(case.alpha)
    along = noise[:, a] @ case.means[a] / np.sqrt(case.alpha + 0.5)
    pairs = (others[:, 0] - others[:, 1]) / np.sqrt(2)
    draws = np.column_stack([along, others[:, 0]])
    return [others, across, along, pairs, (draws[0::2] - draws[1::2]) / np.sqrt(2)]


def sizes_of(case: Case) -> list[int]:
    """Return how many independent numbers there are in each entry of STATED."""
    n, d = case.means.shape
    return [DRAWS * (n - 1) * d, DRAWS, DRAWS, DRAWS * d, DRAWS // 2 * (1 + d)]


@probe("shape, moments: what moment", of="sample_keys()")
def sample_keys(code: Any, case: Case) -> Any:
    """Draw keys many times; return the shape, and mean and mean square of what STATED lists."""
    rng = np.random.default_rng(case.seed)
    keys = np.asarray(code.constructions.sample_keys(case.means.copy(), case.a, case.alpha, DRAWS, rng))
    moments = np.zeros((len(STATED), 2))
    if keys.shape == (DRAWS, *case.means.shape):
        moments = np.array([[np.mean(part), np.mean(part**2)] for part in scaled(keys, case)])
    return list(keys.shape), moments


@probe("first: draw n d, next: draw n d, with the same seed: draw n d", of="sample_keys()")
def sample_keys_again(code: Any, case: Case) -> Any:
    """Draw keys twice with one generator, and once with a new one of the same seed."""
    function, rng = code.constructions.sample_keys, np.random.default_rng(case.seed)
    first, after = (function(case.means.copy(), case.a, case.alpha, 2, rng) for _ in range(2))
    return first, after, function(case.means.copy(), case.a, case.alpha, 2, np.random.default_rng(case.seed))


@probe("weights: draw", of="weight_over_draws()")
def weight_over_draws(code: Any, case: Case) -> Any:
    """Ask for the weights of one value."""
    return code.constructions.weight_over_draws(case.keys.copy(), case.queries.copy(), case.a)


@probe("query: d", of="single_query()")
def single_query(code: Any, case: Case) -> Any:
    """Ask for the query of one head."""
    return code.constructions.single_query(case.means.copy(), case.a, case.b, case.beta)


@probe("queries: head d", of="two_queries()")
def two_queries(code: Any, case: Case) -> Any:
    """Ask for the queries of two heads."""
    return code.constructions.two_queries(case.means.copy(), case.a, case.b, case.beta)


def allowed_mean(count: int) -> float:
    """Return by how much the mean of standard normal numbers may differ from 0: the bound on the tail of the normal."""
    return float(np.sqrt(2 * np.log(2 / _odds()) / count))


def allowed_square(count: int) -> float:
    """Return by how much the mean square of standard normal numbers may differ from 1: Laurent and Massart's bound.

    The sum of N squares is N + 2 sqrt(N x) + 2 x or more with odds of at most exp(-x), and N - 2 sqrt(N x) or less
    with the same odds.
    """
    x = float(np.log(2 / _odds()))
    return 2 * float(np.sqrt(x / count)) + 2 * x / count


def _odds() -> float:
    """Return the odds of a false alarm in one of the bounds: there are two for each entry of STATED."""
    return FALSE_ALARMS / (2 * len(STATED))


@check(DRAWN, weight=2)
def draws_keys_as_stated(run: Run, expect: Run, case: Case) -> None:
    """Keys have the means and the covariances that are stated, within what chance allows, and are independent."""
    answers, want = run(sample_keys, case), expect(sample_keys, case)["shape"]
    if answers["shape"] != want:
        found = sizes_text(tuple(answers["shape"]), most=2 * DRAWS)
        raise CheckFailed(
            f"sample_keys() returns keys of shape {found}, expected {sizes_text(tuple(want), most=DRAWS)}"
        )
    moments = finite(answers, "moments", "what moment", np.zeros((len(STATED), 2)))
    for what, count, (mean, square) in zip(STATED, sizes_of(case), moments, strict=True):
        if abs(mean) > allowed_mean(count):
            raise CheckFailed(f"the mean is wrong of {what}")
        if abs(square - 1) > allowed_square(count):
            detail = f"the variance is {square:.2f} times what it should be"
            raise CheckFailed(f"the variance is wrong of {what}", detail=detail)


@check(DRAWN, weight=0.5)
def draws_keys_by_the_generator(run: Run, case: Case) -> None:
    """All randomness comes from rng: the same seed gives the same keys, and the next call gives others."""
    answers = run(sample_keys_again, case)
    first, after, again = (np.asarray(answers[name]) for name in ("first", "next", "with the same seed"))
    if not np.array_equal(first, again):
        raise CheckFailed("the same seed gives other keys", diagnosis="np.random is used where rng should be")
    if np.array_equal(first, after):
        diagnosis = "the function makes a new generator at every call"
        raise CheckFailed("the same keys are drawn at every call", diagnosis=diagnosis)


check.compares(
    weight_over_draws,
    KEYS,
    "weights",
    weight=1.5,
    says="weight_over_draws() returns the mean over the heads of the softmax weight on value a, for each draw.",
)
check.compares(
    weight_over_draws,
    KEYS,
    "weights",
    weight=0.75,
    says="Scores may be thousands: no weight is NaN then.",
    fit=lambda run, case: case.having(queries=2000 * case.queries),
    name="weights_of_large_scores",
)


@check(MEANS, outputs=("query",))
def one_head_averages_the_means(run: Run, expect: Run, case: Case) -> None:
    """Where keys are their means single_query() gives values a and b the weight ½, as closely as β says."""
    both = [case.a, case.b]

    def weights(answers: Answers) -> Array:
        return softmax_rows(case.means @ finite(answers, "query", "d", case.means[0]))[both]

    # As in question 2a, with β for t: at most (n - 2) exp(-β) / 4.
    found = weights(run(single_query, case))
    off, allowed = (float(np.abs(part - 0.5).max()) for part in (found, weights(expect(single_query, case))))
    if beyond(off, allowed):
        detail = f"they are {found[0]:.4g} and {found[1]:.4g}, and may differ from 0.5 by {allowed:.4g}"
        raise CheckFailed("the weights on values a and b are not ½ each", detail=detail, output="query")


def weights_by_length(answers: Answers, case: Case) -> Array:
    """Return the mean over two heads of the weights on values a and b, for each length of key a, (length, 2)."""
    queries = finite(answers, "queries", "head d", case.means[:2])
    found = []
    for length in LENGTHS:
        keys = case.means.copy()
        keys[case.a] *= length
        found.append(softmax_rows(queries @ keys.T).mean(axis=0)[[case.a, case.b]])
    return np.array(found)


@check(MEANS, weight=2.25, outputs=("queries",))
def two_heads_are_steady(run: Run, expect: Run, case: Case) -> None:
    """With two_queries() the mean weights of the heads are ½ on each of the two values, however long key a is."""
    # If head 1 gives key a the score s β, and 0 to the n - 1 others, then for s from ½ on its weight on value a is at
    # least 1 / (1 + (n - 1) exp(-β / 2)). If head 2 gives key b the score β, its weight on value b is as large or
    # larger. So the mean is off by at most ½ (n - 1) exp(-β / 2), which is more than the reference needs.
    found = weights_by_length(run(two_queries, case), case)
    right = float(np.abs(weights_by_length(expect(two_queries, case), case) - 0.5).max())
    allowed = max(right, 0.5 * (len(case.means) - 1) * float(np.exp(-case.beta / 2)))
    off = np.abs(found - 0.5).max(axis=1)
    if not beyond(float(off.max()), allowed):
        return
    worst = int(off.argmax())
    on_a, on_b = found[worst]
    detail = f"where key a is {LENGTHS[worst]:g} times its mean the weights are {on_a:.4g} and {on_b:.4g}"
    if not beyond(float(off[LENGTHS.index(1)]), allowed):
        said = "the weights are ½ each where key a is its mean, but not where it is shorter or longer"
    else:
        said = "the weights on values a and b are not ½ each"
    raise CheckFailed(said, detail=detail, output="queries")
