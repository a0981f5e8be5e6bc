"""Question 4j: embeddings times √d, and sinusoidal positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.sequences import vectors
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import as_array, same_array, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("4j")

ATOL = 1e-3
"""Of sines and cosines in float32: an angle of a hundred is off by 1e-4 if the power is taken in another way."""


def make_tokens(*, seed: int, V: int, pairs: int, B: int, T: int, spare: int) -> dict[str, Any]:
    """Make a table of embeddings, and tokens, some of which stand at several places."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(V, size=(B, T))
    ids[:, -1] = ids[:, 0]
    return {"seed": seed, "table": vectors(rng, V, 2 * pairs), "ids": ids, "d": 2 * pairs, "most": T + spare}


TOKENS = Cases(
    make_tokens,
    {"V": (11, 13), "pairs": (4, 5), "B": (2, 3), "T": (5, 6), "spare": (2, 3)},
    "{V} tokens, d = {d}, B = {B}, T = {T}, max_length = {most}",
    ({"V": 15, "pairs": 2, "B": 3, "T": 7, "spare": 90}, {"V": 9, "pairs": 3, "B": 1, "T": 5, "spare": 0}),
    drawn=2,
)
"""Tokens and their embeddings."""


@probe("positions: length d", of="sinusoidal_positions()", needs=("torch",))
def sinusoids(code: Any, case: Case) -> Any:
    """Compute the vectors of as many positions as the case has at most."""
    return code.transformer.sinusoidal_positions(case.most, case.d)


@probe("output: B T d", of="Embeddings.forward()", needs=("torch",))
def embedded(code: Any, case: Case) -> Any:
    """Embed the case's tokens, in evaluation."""
    from sanity.a5.beside.parts import tensor

    return embeddings_of(code, case, 0.0).eval()(tensor(case.ids))


@probe("dropped in training, dropped in evaluation", of="Embeddings.forward()", needs=("torch",))
def embedded_dropout(code: Any, case: Case) -> Any:
    """Return whether two calls differ, in training and in evaluation."""
    from sanity.a5.beside.parts import tensor, varies

    return varies(embeddings_of(code, case, 0.5), tensor(case.ids), number=case.seed)


def embeddings_of(code: Any, case: Case, dropout: float) -> Any:
    """Make the student's Embeddings with the case's table, and with right positions: wrong ones cost what they are."""
    import torch

    from sanity.a5.beside.parts import fill

    place, i = torch.arange(case.most)[:, None].double(), torch.arange(case.d)
    angles = place / 10000 ** ((i - i % 2) / case.d)
    right = torch.where(i % 2 == 0, angles.sin(), angles.cos()).float()
    made = code.transformer.sinusoidal_positions
    code.transformer.sinusoidal_positions = lambda length, d: right.clone()
    try:
        layer = code.transformer.Embeddings(len(case.table), case.d, case.most, dropout=dropout)
    finally:
        code.transformer.sinusoidal_positions = made
    return fill(layer, {"tokens.weight": case.table})


@check(TOKENS, weight=3, outputs=("positions",))
def computes_sines_and_cosines(run: Run, expect: Run, case: Case) -> None:
    """sinusoidal_positions() returns sines at even entries and cosines at odd ones."""
    got, want = run(sinusoids, case), expect(sinusoids, case)
    found = as_array("positions", got["positions"], want["positions"])
    if found.shape != want["positions"].shape or not (np.abs(found - want["positions"]) <= ATOL).all():
        same_array("positions", found, want["positions"], sinusoids.axes["positions"])


@check(TOKENS)
def products_of_positions_depend_on_the_distance_only(run: Run, case: Case) -> None:
    """The inner product of two positions depends on how far apart they are, and is largest with itself."""
    found = shaped(run(sinusoids, case), "positions", "length d", np.zeros((case.most, case.d))).astype(np.float64)
    products = found @ found.T
    for distance in range(case.most):
        if np.ptp(np.diagonal(products, distance)) > ATOL * case.d:
            raise CheckFailed("inner products of positions depend on where they are, not only on how far apart")
    if not (products + np.eye(case.most) * -ATOL <= products.diagonal().max()).all() or np.ptp(products) < ATOL:
        raise CheckFailed("positions cannot be told apart")


check.compares(
    embedded,
    TOKENS,
    "output",
    weight=3,
    says="Embeddings returns the embedding of each token times √d, plus its position.",
)


@check(TOKENS)
def embeddings_drop_out_in_training_only(run: Run, case: Case) -> None:
    """In training numbers of the sum are dropped, in evaluation none."""
    judge_dropout(run(embedded_dropout, case))


def judge_dropout(found: Any) -> None:
    """Raise CheckFailed unless calls differ in training, and in evaluation do not."""
    if found["dropped in evaluation"] is not False:
        raise CheckFailed("the output changes from call to call in evaluation")
    if found["dropped in training"] is not True:
        raise CheckFailed("nothing is dropped in training")
