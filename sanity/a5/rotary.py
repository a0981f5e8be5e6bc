"""Question 4h: positions that turn queries and keys (RoPE)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.sequences import CAUSAL, vectors
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, equal, same, same_array, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("4h")

ATOL = 1e-3
"""Of cosines and sines in float32: an angle of a hundred is off by 1e-4 if the power is taken in another way."""


def make_turned(*, seed: int, B: int, heads: int, T: int, pairs: int, spare: int) -> dict[str, Any]:
    """Make queries, with the cosines and sines of more positions than they have."""
    rng = np.random.default_rng(seed)
    hs, P = 2 * pairs, T + spare
    angles = np.arange(P)[:, None] * 10000.0 ** (-np.arange(pairs) / pairs)
    cache = np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)
    pair = vectors(rng, 2, hs)
    return {"x": vectors(rng, B, heads, T, hs), "cache": cache, "dim": hs, "P": P, "query": pair[0], "key": pair[1]}


TURNED = Cases(
    make_turned,
    {"B": (2, 2), "heads": (3, 3), "T": (5, 7), "pairs": (4, 5), "spare": (4, 6)},
    "B = {B}, {heads} heads, T = {T}, hs = {dim}, {P} positions in the cache",
    ({"B": 3, "heads": 7, "T": 4, "pairs": 3, "spare": 44},),
    drawn=2,
)
"""Queries to turn. The heads are never as many as the positions: then their axes could be exchanged unseen."""


@probe("cache: P pairs 2", of="precompute_rotary_emb()", needs=("torch",))
def rotary_cache(code: Any, case: Case) -> Any:
    """Compute the cosines and sines of the case's positions."""
    from sanity.a5.beside.parts import OnTheCPU

    with OnTheCPU():
        return code.attention.precompute_rotary_emb(case.dim, case.P)


@probe("turned: B nh T hs", of="apply_rotary_emb()", needs=("torch",))
def rotary_turned(code: Any, case: Case) -> Any:
    """Turn the case's queries, with the case's own cosines and sines."""
    from sanity.a5.beside.parts import OnTheCPU, tensor

    with OnTheCPU():
        return code.attention.apply_rotary_emb(tensor(case.x), tensor(case.cache))


@probe("output: B T C", of="CausalSelfAttention.forward()", needs=("torch",))
def rotary_output(code: Any, case: Case) -> Any:
    """Compute causal self-attention with turned queries and keys, with the case's weights, in evaluation."""
    from sanity.a5.beside.parts import OnTheCPU, causal_attention, tensor

    with OnTheCPU():
        return causal_attention(code, case, rope=True)(tensor(case.x))


@check(TURNED, weight=5, outputs=("cache",))
def computes_the_angles_of_positions(run: Run, expect: Run, case: Case) -> None:
    """precompute_rotary_emb() returns the cosine and sine of t θ_i for each position t and pair i."""
    got, want = run(rotary_cache, case), expect(rotary_cache, case)
    found = as_array("cache", got["cache"], want["cache"])
    if found.shape != want["cache"].shape or not (np.abs(found - want["cache"]) <= ATOL).all():
        same_array("cache", found, want["cache"], rotary_cache.axes["cache"])


check.compares(
    rotary_turned,
    TURNED,
    "turned",
    weight=4,
    says="apply_rotary_emb() turns each pair of neighbours by the angle of its position.",
)


@check(TURNED)
def turning_keeps_lengths(run: Run, case: Case) -> None:
    """A turned vector is as long as before."""
    turned = shaped(run(rotary_turned, case), "turned", "B nh T hs", case.x)
    lengths = np.linalg.norm(turned, axis=-1)
    equal("turned", lengths, np.linalg.norm(case.x, axis=-1), "turning changes the length of a vector")


def placed(case: Case, vector: Array) -> Case:
    """Return the case with one vector at every position."""
    return case.having(x=np.broadcast_to(vector, case.x.shape).copy())


@check(TURNED, weight=2)
def scores_depend_on_the_distance_only(run: Run, case: Case) -> None:
    """The score of a turned query and a turned key depends on how far apart they are, not on where."""
    query, key = (
        shaped(run(rotary_turned, placed(case, v)), "turned", "B nh T hs", case.x) for v in (case.query, case.key)
    )
    scores = query[0, 0].astype(np.float64) @ key[0, 0].T
    T = len(scores)
    for distance in range(1 - T, T):
        along = np.diagonal(scores, distance)
        if np.ptp(along) > ATOL:
            raise CheckFailed("scores of turned queries and keys depend on where they are, not only on how far apart")
    if T > 1 and np.ptp(scores) < ATOL:
        raise CheckFailed("scores of turned queries and keys do not depend on positions at all")


@check(CAUSAL, weight=4)
def turns_queries_and_keys(run: Run, expect: Run, case: Case) -> None:
    """With config.rope attention turns queries and keys, and nothing else."""
    same(run(rotary_output, case), expect(rotary_output, case), rotary_output.axes)
