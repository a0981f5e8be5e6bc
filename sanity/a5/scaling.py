"""Question 1b: what it does to divide scores by the root of d."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.right_softmax import softmax_stands_in
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, equal, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run, probe

check = Checks("1b")
FALSE_ALARMS = 1e-9
"""The odds that right curves fail the check of their variance."""
SIZE = "size"
"""The axis of a curve."""
BATCHES = "b n|b|"
"""The axes of what is asked for distributions (b, n, k), (n, k) or (k,)."""


def make_weights(*, seed: int, axes: int, n: int, k: int) -> dict[str, Any]:
    """Make distributions along the last axis, with zeros in them."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(k), (2, n)[:axes])
    return {"weights": weights, "k": k}


WEIGHTS = Cases(
    make_weights,
    {"axes": (1, 2), "n": (3, 4), "k": (5, 7)},
    "weights of shape {weights.shape}",
    ({"axes": 2, "n": 4, "k": 5}, {"axes": 1, "k": 7}),
)
"""Distributions: a matrix of them, or a batch of matrices."""
SINGLE = Cases(make_weights, {"axes": (0, 0), "n": (1, 1), "k": (3, 6)}, "one distribution over {k} positions", drawn=1)
"""A single distribution."""


def make_draws(*, seed: int, sizes: int, draws: int, n: int, scaled: int) -> dict[str, Any]:
    """Make queries and keys of growing sizes d = 2, 5, 14, ...; draws, n and d differ."""
    rng = np.random.default_rng(seed)
    ds = [(3**power + 1) // 2 for power in range(1, sizes + 1)]
    return {
        "queries": [rng.standard_normal((draws, d)) for d in ds],
        "keys": [rng.standard_normal((draws, n, d)) for d in ds],
        "scaled": bool(scaled),
        "ds": [float(d) for d in ds],
    }


DRAWS = Cases(
    make_draws,
    {"sizes": (2, 3), "draws": (6, 9), "n": (3, 4), "scaled": (0, 1)},
    "{sizes} sizes d, {draws} draws with n = {n} keys, scaled = {scaled}",
    ({"sizes": 3, "draws": 7, "n": 4}, {"sizes": 3, "draws": 8, "n": 4, "scaled": 1}),
    drawn=4,
)
"""Queries and keys of several sizes."""


def make_seed(*, seed: int, scaled: int) -> dict[str, Any]:
    """Make what standard normal queries and keys are drawn from, beside the submission: they are many."""
    return {"seed": seed, "scaled": bool(scaled), "ds": [16.0, 64.0], "draws": 400, "n": 30}


NORMAL = Cases(
    make_seed,
    {"scaled": (0, 1)},
    "standard normal queries and keys of sizes 16 and 64, scaled = {scaled}",
    ({"scaled": 1},),
    drawn=1,
)
"""Queries and keys whose numbers are standard normal, enough of them to see the variance."""


@probe(f"entropy: {BATCHES}", of="entropy()")
def entropy_of_weights(code: Any, case: Case) -> Any:
    """Ask for the entropy of distributions."""
    return code.attention_math.entropy(case.weights.copy())


@probe(f"norm: {BATCHES}", of="jacobian_norm()")
def norm_of_jacobian(code: Any, case: Case) -> Any:
    """Ask for the norm of the Jacobian at distributions."""
    return code.attention_math.jacobian_norm(case.weights.copy())


@probe(f"variances: {SIZE}, entropies: {SIZE}, norms: {SIZE}", of="scaling_curves()")
def scaling_curves(code: Any, case: Case) -> Any:
    """Ask for the curves."""
    queries, keys = ([array.copy() for array in arrays] for arrays in (case.queries, case.keys))
    with softmax_stands_in(code.attention_math):
        return code.attention_math.scaling_curves(queries, keys, bool(case.scaled))


@probe(f"variances: {SIZE}, entropies: {SIZE}, norms: {SIZE}", of="scaling_curves()")
def scaling_curves_of_normal(code: Any, case: Case) -> Any:
    """Ask for the curves of standard normal queries and keys."""
    rng = np.random.default_rng(case.seed)
    sizes = [int(d) for d in case.ds]
    queries = [rng.standard_normal((case.draws, d)) for d in sizes]
    keys = [rng.standard_normal((case.draws, case.n, d)) for d in sizes]
    with softmax_stands_in(code.attention_math):
        return code.attention_math.scaling_curves(queries, keys, bool(case.scaled))


check.compares(
    entropy_of_weights, WEIGHTS, "entropy", weight=3, says="entropy() is right for each distribution, in nats."
)
check.compares(
    norm_of_jacobian,
    WEIGHTS,
    "norm",
    weight=3,
    says="jacobian_norm() is right for each distribution: the Frobenius norm.",
)
check.compares(
    scaling_curves, DRAWS, "variances", weight=2, says="The first curve has the variance of all scores of each size d."
)
check.compares(
    scaling_curves,
    DRAWS,
    "entropies",
    weight=2,
    says="The second curve has the mean entropy of the weights of each draw.",
)
check.compares(
    scaling_curves, DRAWS, "norms", weight=2, says="The third curve has the mean norm of the Jacobian of each draw."
)


def of_weights(run: Run, asked: Probe, case: Case, weights: Array) -> Array:
    """Return what a probe finds for other distributions, or raise CheckFailed unless there is a number for each."""
    name = str(asked.form)
    return shaped(run(asked, case.having(weights=weights)), name, BATCHES, np.zeros(weights.shape[:-1]))


@check(SINGLE, weight=2)
def takes_a_single_distribution(run: Run, case: Case) -> None:
    """For a single distribution, (n,), entropy and norm are numbers: those that it has among others."""
    among = np.stack((case.weights, np.full_like(case.weights, 1 / case.k)))
    for asked, name in ((entropy_of_weights, "entropy"), (norm_of_jacobian, "norm")):
        found = run(asked, case)[name]
        said = f"the {name} of a single distribution is not the number that it is for the same one among others"
        equal(name, found, of_weights(run, asked, case, among)[0], said)


@check(WEIGHTS)
def entropy_is_between_sure_and_even(run: Run, case: Case) -> None:
    """The entropy of n even weights is log n, and that of any others is below."""
    k, even = case.k, np.full_like(case.weights, 1 / case.k)
    found = of_weights(run, entropy_of_weights, case, even)
    equal("entropy", found, np.full_like(found, np.log(k)), "the entropy of n even weights is not log n")
    if not (of_weights(run, entropy_of_weights, case, case.weights) < np.log(k)).all():
        raise CheckFailed("the entropy of some weights is not below that of even ones", output="entropy")


@check(WEIGHTS)
def a_sure_choice_has_no_entropy(run: Run, case: Case) -> None:
    """Weights that are exactly zero add nothing: a sure choice has an entropy of zero, and one of two of log 2."""
    sure, two = np.zeros_like(case.weights), np.zeros_like(case.weights)
    sure[..., 1], two[..., :2] = 1.0, 0.5
    for weights, entropy, what in ((sure, 0.0, "zero"), (two, np.log(2), "log 2")):
        found = of_weights(run, entropy_of_weights, case, weights)
        hint = "zero times minus infinity is NaN: leave weights of zero out of the sum"
        said = f"with weights that are exactly zero the entropy is not {what}"
        equal("entropy", found, np.full_like(found, entropy), said, hint=hint if np.isnan(found).any() else "")


@check(WEIGHTS)
def norm_is_largest_in_the_middle(run: Run, case: Case) -> None:
    """No gradient passes through a sure choice; through two even weights the norm is 1/2."""
    sure, two = np.zeros_like(case.weights), np.zeros_like(case.weights)
    sure[..., 1], two[..., :2] = 1.0, 0.5
    for weights, norm, what in ((sure, 0.0, "a sure choice is not zero"), (two, 0.5, "two even weights is not 1/2")):
        found = of_weights(run, norm_of_jacobian, case, weights)
        equal("norm", found, np.full_like(found, norm), f"the norm of the Jacobian at {what}")


def curve(run: Run, case: Case, name: str) -> Array:
    """Return a curve, or raise CheckFailed unless there is a number for each size."""
    return shaped(run(scaling_curves, case), name, SIZE, np.zeros(len(case.ds)))


@check(DRAWS)
def scaling_divides_the_variance(run: Run, case: Case) -> None:
    """Scores divided by √d have a variance d times as small, whatever queries and keys are."""
    plain, scaled = (curve(run, case.having(scaled=scaled), "variances") for scaled in (False, True))
    equal("variances", scaled * np.array(case.ds), plain, "dividing by √d does not make the variance d times as small")


def deviation(d: float, draws: int, n: int, sizes: int) -> float:
    """Return by how much the variance of scores, divided by its mean, may differ from one.

    By the bounds of Laurent and Massart (2000, lemma 1) on weighted sums of squares of normal numbers, the odds that it
    does so by chance, at any of the sizes, are at most FALSE_ALARMS. Given a query whose squared length is d w, its
    scores are normal with variance d w.
    """
    t = np.log(8 * sizes * draws / FALSE_ALARMS)  # at most 8 bounds for each draw and size
    longest = 1 + 2 * np.sqrt(t / d) + 2 * t / d  # w of any query
    mean = 2 * np.sqrt(t / (draws * d)) + 2 * t / (draws * d)  # of w over the draws, from one
    squares = 2 * np.sqrt(longest * (1 + mean) * t / (draws * n)) + 2 * longest * t / (draws * n)
    mean_score = 2 * t * (1 + mean) / (draws * n)  # its square, which the variance takes off
    return float(mean + squares + mean_score)


@check(NORMAL)
def the_variance_is_that_of_theory(run: Run, case: Case) -> None:
    """For standard normal queries and keys the variance of scores is about d, and about 1 if they are scaled."""
    ds = np.array(case.ds)
    found = shaped(run(scaling_curves_of_normal, case), "variances", SIZE, ds) / (1.0 if case.scaled else ds)
    allowed = np.array([deviation(d, case.draws, case.n, len(ds)) for d in ds])
    if not (np.abs(found - 1) <= allowed).all():
        theory = "1" if case.scaled else "d"
        raise CheckFailed(f"the variance of the scores of standard normal queries and keys is not about {theory}")


@check(DRAWS)
def a_large_query_makes_a_sure_choice(run: Run, case: Case) -> None:
    """With queries a million times as long the choice is sure: no entropy, no gradient, and no NaN."""
    sharp = case.having(queries=[1e6 * query for query in case.queries])
    for name in ("entropies", "norms"):
        found = as_array(name, run(scaling_curves, sharp)[name], np.zeros(len(case.ds)))
        if found.shape != (len(case.ds),) or not (np.abs(found) < 0.01).all():
            raise CheckFailed(f"the curve of the {name} is not zero where one weight is one and the others are zero")
