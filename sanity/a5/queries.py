"""Question 2a: a query that copies one value, and one that averages two."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.heads import beyond, finite, orthonormal, softmax_rows
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("2a")


def make_keys(*, seed: int, n: int, more: int, unit: int) -> dict[str, Any]:
    """Make n orthogonal keys, all of length one or each of its own: key a is shorter then, and key b longer."""
    rng = np.random.default_rng(seed)
    a, b = (int(row) for row in rng.permutation(n)[:2])
    lengths = rng.uniform(0.4, 2.5, n)
    lengths[[a, b]] = rng.uniform(0.4, 0.7), rng.uniform(1.5, 2.5)
    keys = orthonormal(rng, n, n + more) * (np.ones(n) if unit else lengths)[:, None]
    return {"keys": keys, "a": a, "b": b, "t": float(rng.uniform(4, 12)), "d": n + more}


UNIT = Cases(
    make_keys,
    {"n": (3, 6), "more": (1, 3), "unit": (1, 1)},
    "{n} keys of length one with {d} numbers, a = {a}, b = {b}, t = {t:.2f}",
    ({"n": 5, "more": 2, "unit": 1},),
)
"""Keys of length one."""
ANY = Cases(
    make_keys,
    {"n": (3, 6), "more": (1, 3), "unit": (0, 0)},
    "{n} keys, each of its own length, with {d} numbers, a = {a}, b = {b}, t = {t:.2f}",
    ({"n": 4, "more": 3}, {"n": 6}),
)
"""Keys of different lengths."""


@probe("query: d", of="copying_query()")
def copying_query(code: Any, case: Case) -> Any:
    """Ask for a query that copies value a."""
    return code.constructions.copying_query(case.keys.copy(), case.a, case.t)


@probe("query: d", of="averaging_query()")
def averaging_query(code: Any, case: Case) -> Any:
    """Ask for a query that averages the values a and b."""
    return code.constructions.averaging_query(case.keys.copy(), case.a, case.b, case.t)


def weights_of(answers: Answers, case: Case) -> Array:
    """Return the weights that a query gives the keys. They are the output, if the values are the rows of I."""
    return softmax_rows(case.keys @ finite(answers, "query", "d", case.keys[0]))


def copies(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless the weight on value a is large enough for t.

    If the score of key a is at least t above the n - 1 others, its weight is at least 1 / (1 + (n - 1) exp(-t)). So
    1 minus the weight is at most (n - 1) exp(-t), and the output is no further from value a than that times the largest
    distance between two values. In the reference all other scores are t below, exactly: no right query does worse.
    """
    weights = weights_of(run(copying_query, case), case)
    missing = float(1 - weights[case.a])
    allowed = float(1 - weights_of(expect(copying_query, case), case)[case.a])
    if beyond(missing, allowed):
        said = "the weight on the value to be copied is too small for t"
        hint = "its score must be t above the others, at least, whatever the length of its key"
        if weights.argmax() != case.a:
            said = "another value has a larger weight than the one to be copied"
        raise CheckFailed(said, hint=hint, detail=_less_than_one(missing, allowed), output="query")


def averages(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless the weights on values a and b are close enough to one half for t.

    If their scores are equal, and at least t above the n - 2 others, each has a weight of at least
    1 / (2 + (n - 2) exp(-t)), and at most 1/2: they differ from 1/2 by at most (n - 2) exp(-t) / 4. In the reference
    all other scores are t below, exactly.
    """
    weights = weights_of(run(averaging_query, case), case)[[case.a, case.b]]
    off = float(np.abs(weights - 0.5).max())
    allowed = float(np.abs(weights_of(expect(averaging_query, case), case)[[case.a, case.b]] - 0.5).max())
    if not beyond(off, allowed):
        return
    detail = f"the weights are {weights[0]:.4g} and {weights[1]:.4g}; they may differ from 0.5 by {allowed:.4g}"
    if beyond(float(np.ptp(weights)), 2 * allowed):
        hint = "equal weights need equal scores, whatever the lengths of the two keys"
        raise CheckFailed("the two values have different weights", hint=hint, detail=detail, output="query")
    hint = "both scores must be t above the others, at least"
    raise CheckFailed("the other values have too much weight for t", hint=hint, detail=detail, output="query")


def _less_than_one(missing: float, allowed: float) -> str:
    return f"the weight is {1 - missing:.6g}; it may differ from 1 by {allowed:.4g}"


@check(UNIT, outputs=("query",))
def copies_if_keys_have_length_one(run: Run, expect: Run, case: Case) -> None:
    """Keys of length one: with copying_query() the output is value a, as closely as t says."""
    copies(run, expect, case)


@check(UNIT, outputs=("query",))
def averages_if_keys_have_length_one(run: Run, expect: Run, case: Case) -> None:
    """Keys of length one: with averaging_query() the output is the mean of two values, as closely as t says."""
    averages(run, expect, case)


@check(ANY, outputs=("query",))
def copies_whatever_the_lengths(run: Run, expect: Run, case: Case) -> None:
    """Keys of any lengths: with copying_query() the output is value a, as closely as t says."""
    copies(run, expect, case)


@check(ANY, outputs=("query",))
def averages_whatever_the_lengths(run: Run, expect: Run, case: Case) -> None:
    """Keys of any lengths: with averaging_query() the output is the mean of two values, as closely as t says."""
    averages(run, expect, case)
