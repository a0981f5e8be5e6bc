"""Question 1c: scores of queries with keys."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.arguments import copies
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, same_array, shaped
from sanity.core.probe import Probe, Run, probe

check = Checks("1c")
SHAPE = "b m n"


def make_heads(*, seed: int, b: int, m: int, n: int, p: int, q: int, a: int) -> dict[str, Any]:
    """Make queries and keys of one size and of two, and weights; in most cases all sizes differ."""
    rng = np.random.default_rng(seed)
    return {
        "s": rng.standard_normal((b, m, p)),
        "h": rng.standard_normal((b, n, q)),
        "keys": rng.standard_normal((b, n, p)),
        "W": rng.standard_normal((p, q)),
        "W1": rng.standard_normal((a, q)),
        "W2": rng.standard_normal((a, p)),
        "v": rng.standard_normal(a),
    }


def make_square(*, seed: int, b: int, m: int, n: int, d: int) -> dict[str, Any]:
    """Make queries and keys of one size, so that a weight that is transposed fits, too."""
    return make_heads(seed=seed, b=b, m=m, n=n, p=d, q=d, a=d)


HEADS = Cases(
    make_heads,
    {"b": (2, 3), "m": (4, 4), "n": (5, 6), "p": (7, 9), "q": (10, 11), "a": (12, 13)},
    "{b} sentences, m = {m} queries of size {p}, n = {n} keys of size {q}, a = {a}",
    ({"b": 3, "m": 5, "n": 4, "p": 6, "q": 2, "a": 7}, {"b": 4, "m": 2, "n": 6, "p": 3, "q": 5, "a": 8}),
)
"""Queries and keys of two sizes."""
SQUARE = Cases(
    make_square,
    {"b": (2, 2), "m": (3, 4), "n": (5, 6), "d": (7, 9)},
    "{b} sentences, m = {m} queries and n = {n} keys of size d = {d}",
    ({"m": 6, "n": 4, "d": 5},),
)
"""Queries and keys of one size."""
SINGLE = Cases(
    make_heads,
    {"b": (1, 1), "m": (1, 1), "n": (1, 5), "p": (1, 4), "q": (2, 3), "a": (1, 3)},
    "{b} sentence, {m} query, n = {n}, p = {p}, q = {q}, a = {a}",
    ({"n": 4, "p": 3, "a": 2},),
    drawn=1,
)
"""Cases in which some sizes are one."""


@probe(f"scores: {SHAPE}", of="dot_scores()")
def dot_scores(code: Any, case: Case) -> Any:
    """Score by the dot product."""
    return code.attention_math.dot_scores(*copies(case, "s", "keys").values())


@probe(f"scores: {SHAPE}", of="multiplicative_scores()")
def multiplicative_scores(code: Any, case: Case) -> Any:
    """Score by a product with a matrix between."""
    return code.attention_math.multiplicative_scores(*copies(case, "s", "h", "W").values())


@probe(f"scores: {SHAPE}", of="additive_scores()")
def additive_scores(code: Any, case: Case) -> Any:
    """Score by a layer of a network."""
    return code.attention_math.additive_scores(*copies(case, "s", "h", "W1", "W2", "v").values())


@probe(f"scores: {SHAPE}", of="scaled_dot_scores()")
def scaled_dot_scores(code: Any, case: Case) -> Any:
    """Score by the scaled dot product."""
    return code.attention_math.scaled_dot_scores(*copies(case, "s", "keys").values())


KINDS = (dot_scores, multiplicative_scores, additive_scores, scaled_dot_scores)

check.compares(dot_scores, HEADS, "scores", weight=2, says="dot_scores() are the dot products, (b, m, n).")
check.compares(
    multiplicative_scores,
    SQUARE,
    "scores",
    name="multiplicative_of_one_size",
    weight=2,
    says="multiplicative_scores() are right where queries and keys have one size, and W is square.",
)
check.compares(
    multiplicative_scores,
    HEADS,
    "scores",
    weight=2,
    says="multiplicative_scores() are right where queries and keys have two sizes, (b, m, n).",
)
check.compares(
    additive_scores,
    SQUARE,
    "scores",
    name="additive_of_one_size",
    weight=2,
    says="additive_scores() are right where queries and keys have one size.",
)
check.compares(
    additive_scores,
    HEADS,
    "scores",
    weight=2,
    says="additive_scores() are right where queries and keys have two sizes, (b, m, n).",
)
check.compares(
    scaled_dot_scores, HEADS, "scores", weight=3, says="scaled_dot_scores() are dot products divided by √d, (b, m, n)."
)


@check(SINGLE)
def scores_where_a_size_is_one(run: Run, expect: Run, case: Case) -> None:
    """All scores are right for a batch of one, one query, one key, or numbers of size one."""
    for kind in KINDS:
        same_array("scores", run(kind, case)["scores"], expect(kind, case)["scores"], SHAPE)


def scores_of(run: Run, kind: Probe, case: Case) -> Array:
    """Return the scores of one kind, or raise CheckFailed unless they have the right shape."""
    return shaped(run(kind, case), "scores", SHAPE, case.s @ np.swapaxes(case.keys, 1, 2))


@check(HEADS)
def each_query_is_scored_alone(run: Run, case: Case) -> None:
    """A score depends on nothing but its query and its key: neither on other sentences nor on their neighbours."""
    first = case.having(s=case.s[:1, :2], h=case.h[:1, 1:], keys=case.keys[:1, 1:])
    for kind in KINDS:
        whole, alone = scores_of(run, kind, case)[:1, :2, 1:], scores_of(run, kind, first)
        equal("scores", alone, whole, f"{kind.what} scores a query and a key in another way if there are others")


@check(SQUARE)
def kinds_of_scores_agree(run: Run, case: Case) -> None:
    """With W = I sᵀWh is sᵀh; and if all numbers stand four times, sᵀh / √d is twice as large."""
    dot = scores_of(run, dot_scores, case)
    same = case.having(W=np.eye(case.s.shape[-1]), h=case.keys)
    equal("scores", scores_of(run, multiplicative_scores, same), dot, "with W = I sᵀWh is not sᵀh")
    scaled = scores_of(run, scaled_dot_scores, case)
    four = case.having(s=np.tile(case.s, 4), keys=np.tile(case.keys, 4))
    said = "with every number of queries and keys four times the scaled scores are not twice as large"
    equal("scores", scores_of(run, scaled_dot_scores, four), 2 * scaled, said)
