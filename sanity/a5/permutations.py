"""Question 2e: what attention makes of the order of words, and what positions do."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.heads import finite
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, number
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("2e")


def make_words(*, seed: int, n: int, d: int, r: int, m: int, p: int) -> dict[str, Any]:
    """Make words, a layer, another order of the words, and positions that are no sines."""
    rng = np.random.default_rng(seed)
    shapes = {"X": (n, d), "W_Q": (d, r), "W_K": (d, r), "W_V": (d, m), "W": (m, p), "positions": (n, d), "U": (d, p)}
    order = np.roll(np.arange(n), 1)  # no word stays where it is, and the way back is another
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()} | {"P": np.eye(n)[order]}


WORDS = Cases(
    make_words,
    {"n": (3, 7), "d": (2, 4), "r": (2, 5), "m": (3, 6), "p": (2, 5)},
    "{n} words with {d} numbers, r = {r}, m = {m}, p = {p}",
    ({"n": 5, "d": 4, "r": 3, "m": 6, "p": 2}, {"n": 4, "d": 3, "r": 5, "m": 3, "p": 6}),
)
"""Words, weights and orders."""


def make_size(*, seed: int, n: int, half: int) -> dict[str, Any]:
    """Make the size of a table."""
    return {"n": n, "d": 2 * half}


TABLES = Cases(
    make_size, {"n": (3, 60), "half": (1, 6)}, "n = {n} and d = {d}", ({"n": 50, "half": 4}, {"n": 9, "half": 1})
)
"""Sizes of tables of positions."""
LAYER = ("X", "W_Q", "W_K", "W_V", "W")


@probe("Z: n p", of="attention_layer()")
def attention_layer(code: Any, case: Case) -> Any:
    """Call the layer."""
    return code.constructions.attention_layer(*(case.values[name].copy() for name in LAYER))


@probe("table: n d", of="position_table()")
def position_table(code: Any, case: Case) -> Any:
    """Ask for the positions."""
    return code.constructions.position_table(case.n, case.d)


@probe("gap", of="permutation_gap()")
def permutation_gap(code: Any, case: Case) -> Any:
    """Ask for the gap of a function that is given, so that the layer does not matter."""

    def Z(X: Array) -> Array:
        if np.shape(X) != case.X.shape:
            raise ValueError(f"Z is called with an array of shape {np.shape(X)}, expected {case.X.shape}")
        return np.asarray(np.tanh(X @ case.U + X.max(axis=0) @ case.U))

    return code.constructions.permutation_gap(Z, case.X.copy(), case.P.copy(), case.positions.copy())


check.compares(attention_layer, WORDS, "Z", weight=1.25, says="attention_layer() returns Z(X): attention, ReLU, and W.")


@check(WORDS, weight=0.25)
def order_does_not_matter(run: Run, case: Case) -> None:
    """Without positions Z(P X) = P Z(X): words in another order have the same outputs, in that order."""
    turned = finite(run(attention_layer, case.having(X=case.P @ case.X)), "Z", "n p", case.X @ case.U)
    plain = finite(run(attention_layer, case), "Z", "n p", case.X @ case.U)
    equal("Z", turned, case.P @ plain, "Z(P X) is not P Z(X)", hint="each word is treated by what it is, not by where")


check.compares(
    position_table,
    TABLES,
    "table",
    weight=1.5,
    says="position_table() has sin(t / 10000^(2i/d)) and cos(t / 10000^(2i/d)) in columns 2i and 2i + 1 of row t.",
)


@check(TABLES, weight=0.5)
def no_two_positions_are_alike(run: Run, case: Case) -> None:
    """All rows of the table are distinct."""
    table = finite(run(position_table, case), "table", "n d", np.zeros((case.n, case.d)))
    apart = np.abs(table[:, None] - table[None]).max(axis=-1) + np.eye(case.n)
    # With a turn of one in the first two columns 44 positions later are the nearest: 44 is 0.018 from seven full turns.
    if apart.min() < 1e-3:
        raise CheckFailed("two positions have the same row")


check.compares(
    permutation_gap,
    WORDS,
    "gap",
    weight=1,
    says="permutation_gap() returns the largest absolute number in Z(P X + Φ) − P Z(X + Φ), for any function Z.",
)


@check(WORDS, weight=0.5)
def without_positions_there_is_no_gap(run: Run, case: Case) -> None:
    """Of a layer without positions the gap is zero; with positions, it is not."""
    none = float(number(run(permutation_gap, case.having(positions=0 * case.positions)), "gap"))
    some = float(number(run(permutation_gap, case), "gap"))
    if abs(none) > 1e-5:
        raise CheckFailed("without positions the gap is not zero")
    if not some > 1e-3:
        raise CheckFailed("with positions the gap is zero", hint="words change places; positions stay where they are")
