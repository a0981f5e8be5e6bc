"""Question 2d: keys, queries and values made for a purpose, and the identity, which serves none."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.heads import FLOOR, beyond, finite, orthonormal, softmax_rows
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, number, same_number
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("2d")
NAMES = ("u_a", "u_b", "u_c", "u_d")


def make_vectors(*, seed: int, more: int) -> dict[str, Any]:
    """Make four orthogonal vectors of the same length."""
    rng = np.random.default_rng(seed)
    beta = float(rng.choice([rng.uniform(0.4, 0.8), rng.uniform(1.5, 3)]))
    rows = beta * orthonormal(rng, 4, 4 + more)
    return {**dict(zip(NAMES, rows, strict=True)), "beta": beta, "t": float(rng.uniform(5, 12)), "d": 4 + more}


VECTORS = Cases(
    make_vectors,
    {"more": (0, 4)},
    "vectors with {d} numbers of length β = {beta:.2f}, t = {t:.2f}",
    ({"more": 3}, {"more": 1}, {"more": 2}),
)
"""What the words are made of."""


def make_length(*, seed: int, large: int) -> dict[str, Any]:
    """Make a length of the vectors."""
    beta = float(np.random.default_rng(seed).uniform(*((28, 60) if large else (0.2, 1.8))))
    return {"beta": beta}


LENGTHS = Cases(make_length, {"large": (0, 0)}, "β = {beta:.3f}", ({}, {}))
LARGE = Cases(make_length, {"large": (1, 1)}, "β = {beta:.1f}", ({"large": 1},), drawn=1)


@probe("K: d d, Q: d d, V: d d", of="key_query_value()")
def key_query_value(code: Any, case: Case) -> Any:
    """Ask for the matrices."""
    return code.constructions.key_query_value(*(case.values[name].copy() for name in NAMES), case.t)


@probe("distance", of="identity_distance()")
def identity_distance(code: Any, case: Case) -> Any:
    """Ask how far c_2 is from u_b."""
    return code.constructions.identity_distance(case.beta)


def words_of(case: Case) -> Array:
    """Return the words, one a row."""
    return np.stack([case.u_d + case.u_b, case.u_a, case.u_c + case.u_b])


def outputs(K: Array, Q: Array, V: Array, case: Case) -> Array:
    """Return what three matrices make of the words, one a row."""
    words = words_of(case)
    scores = (words @ Q.T) @ (words @ K.T).T
    return np.asarray(softmax_rows(scores) @ (words @ V.T))


def matrices(answers: Answers, case: Case) -> tuple[Array, Array, Array]:
    """Return K, Q and V."""
    K, Q, V = (finite(answers, name, "d d", np.zeros((case.d, case.d))) for name in "KQV")
    return K, Q, V


def gives(run: Run, expect: Run, case: Case, word: int, want: Array, spelt: str) -> None:
    """Raise CheckFailed unless the output of a word is close enough to what is asked for.

    Args:
        run: of the submission.
        expect: of the reference.
        case: the vectors and t.
        word: 0 for x_1, and so on.
        want: the output that is asked for.
        spelt: the same as text.

    Where one score is t above the two others, these two have less than 2 exp(-t) of the weight. Values that are at most
    sqrt(2) β away from the wanted one then leave an error of less than 2 sqrt(2) β exp(-t). The bound of 4 β exp(-t)
    leaves room for other values, and is more than the reference needs.
    """
    right = float(np.linalg.norm(outputs(*matrices(expect(key_query_value, case), case), case)[word] - want))
    allowed = max(right, 4 * case.beta * float(np.exp(-case.t)))
    K, Q, V = matrices(run(key_query_value, case), case)
    found = outputs(K, Q, V, case)[word]
    if not beyond(float(np.linalg.norm(found - want)), allowed + FLOOR * case.beta):
        return
    said, diagnosis = f"c_{word + 1} is not close enough to {spelt} for t", ""

    def close(other: Array) -> bool:
        return not beyond(float(np.linalg.norm(other[word] - want)), allowed)

    for mistaken, named in (
        ((Q, K, V), "K and Q are returned in each other's place"),
        ((K, Q, V.T), "V is transposed: an outer product takes the direction of its first vector"),
        ((K, Q.T, V), "Q is transposed: an outer product takes the direction of its first vector"),
    ):
        if close(outputs(*mistaken, case)):
            diagnosis = named
    raise CheckFailed(said, diagnosis=diagnosis, detail=f"c_{word + 1} is {_spelt(found, case)}", output="K, Q, V")


def _spelt(vector: Array, case: Case) -> str:
    """Spell a vector by its parts along the u."""
    parts = {name: float(vector @ case.values[name]) / case.beta**2 for name in NAMES}
    return " ".join(f"{part:+.3g} {name}" for name, part in parts.items())


@check(VECTORS, weight=1.5, outputs=("K", "Q", "V"))
def copies_one_part(run: Run, expect: Run, case: Case) -> None:
    """With K, Q and V the output c_2 is u_b, as closely as t says."""
    gives(run, expect, case, 1, case.u_b, "u_b")


@check(VECTORS, weight=1.5, outputs=("K", "Q", "V"))
def subtracts_another_part(run: Run, expect: Run, case: Case) -> None:
    """With K, Q and V the output c_1 is u_b − u_c, as closely as t says."""
    gives(run, expect, case, 0, case.u_b - case.u_c, "u_b − u_c")


check.compares(
    identity_distance,
    LENGTHS,
    "distance",
    weight=2,
    says="identity_distance() returns the length of c_2 − u_b, divided by β, with K, Q and V the identity.",
)


@check(LARGE, weight=0.5)
def identity_distance_of_long_vectors(run: Run, expect: Run, case: Case) -> None:
    """Vectors may be long: exp(β²) overflows, the distance does not."""
    answers = run(identity_distance, case)
    if np.isnan(number(answers, "distance")):
        diagnosis = "identity_distance overflows where vectors are long: infinity is divided by infinity"
        raise CheckFailed("distance is NaN", diagnosis=diagnosis, output="distance")
    same_number(answers, expect(identity_distance, case), "distance")


@check(LENGTHS, weight=0.5)
def identity_never_comes_close(run: Run, case: Case) -> None:
    """With the identity c_2 is never closer to u_b than ⅔ β, and further the longer the vectors are."""
    nearer, further = (
        float(number(run(identity_distance, case.having(beta=beta)), "distance")) for beta in (case.beta, 2 * case.beta)
    )
    if not nearer >= 2 / 3:
        raise CheckFailed("the distance is below ⅔")
    if not further > nearer:
        raise CheckFailed("the distance does not grow with β")
