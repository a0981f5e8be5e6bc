"""Question 1d: masks, and the output of attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.right_softmax import softmax_stands_in
from sanity.core.arguments import copies
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, equal, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("1d")
WEIGHTS = "b m n"
KINDS = ("(b, 1, n)", "(n, n)", "(b, m, n)")
"""Shapes of masks."""
SQUARE = 1
"""Where in KINDS there are as many queries as positions."""


def make_masked(*, seed: int, b: int, m: int, n: int, e: int, kind: int) -> dict[str, Any]:
    """Make scores, values and a mask of some shape, by which each query may look somewhere, but not everywhere."""
    rng = np.random.default_rng(seed)
    m = n if kind == SQUARE else m
    rows = ((b, 1), (n,), (b, m))[kind]
    mask = rng.random((*rows, n)) < 0.5
    for row in np.ndindex(*rows):
        mask[(*row, rng.permutation(n)[:2])] = True, False
    return {
        "scores": 2 * rng.standard_normal((b, m, n)),
        "vectors": rng.standard_normal((b, n, e)),
        "mask": mask,
        "lengths": np.append(rng.permutation(n)[: b - 1], n),
        "n": n,
        "shape": KINDS[kind],
    }


MASKED = Cases(
    make_masked,
    {"b": (2, 3), "m": (4, 4), "n": (5, 6), "e": (7, 8), "kind": (0, 2)},
    "scores of shape {scores.shape}, a mask of shape {shape}",
    (
        {"b": 3, "n": 6, "kind": 1},
        {"b": 3, "m": 2, "n": 5, "kind": 2},
        {"b": 2, "m": 5, "n": 4, "e": 3, "kind": 2},
    ),
    drawn=4,
)
"""Scores, with masks that broadcast to their shape."""


@probe("mask: b 1 n", of="padding_mask()")
def padding_mask(code: Any, case: Case) -> Any:
    """Ask for the mask of padded sentences."""
    return code.attention_math.padding_mask(case.lengths.copy(), case.n)


@probe("mask: m n", of="causal_mask()")
def causal_mask(code: Any, case: Case) -> Any:
    """Ask for the causal mask."""
    return code.attention_math.causal_mask(case.n)


@probe(f"weights: {WEIGHTS}", of="masked_softmax()")
def masked_softmax(code: Any, case: Case) -> Any:
    """Call the softmax with a mask."""
    with softmax_stands_in(code.attention_math):
        return code.attention_math.masked_softmax(*copies(case, "scores", "mask").values())


@probe(f"output: b m e, weights: {WEIGHTS}", of="attend()")
def attend(code: Any, case: Case) -> Any:
    """Look at values."""
    with softmax_stands_in(code.attention_math):
        return code.attention_math.attend(*copies(case, "scores", "vectors", "mask").values())


check.compares(
    padding_mask,
    MASKED,
    "mask",
    weight=2,
    says="padding_mask() is True for each word and False for padding, (b, 1, n).",
)
check.compares(
    causal_mask, MASKED, "mask", weight=2, says="causal_mask() is True for a position itself and all before it, (n, n)."
)
check.compares(
    masked_softmax, MASKED, "weights", weight=4, says="masked_softmax() shares out the weight among what is not masked."
)
check.compares(
    attend, MASKED, "output", weight=2, says="The output of attend() averages the values with the weights, (b, m, e)."
)
check.compares(attend, MASKED, "weights", says="attend() returns the masked weights, too, as its second result.")


def weights_of(run: Run, case: Case) -> Array:
    """Return the masked weights, or raise CheckFailed unless they have the right shape."""
    return shaped(run(masked_softmax, case), "weights", WEIGHTS, case.scores)


@check(MASKED)
def masked_weights_are_exactly_zero(run: Run, case: Case) -> None:
    """What is masked gets a weight of exactly zero, not merely a small one."""
    masked = ~np.broadcast_to(case.mask, case.scores.shape)
    if (weights_of(run, case)[masked] != 0).any():
        raise CheckFailed("some weights of masked positions are not exactly zero")


@check(MASKED, weight=2)
def a_masked_score_does_not_matter(run: Run, case: Case) -> None:
    """The score of a masked position changes nothing, however large it is."""
    before = weights_of(run, case)
    for score in (-1000.0, 1000.0):
        other = case.having(scores=np.where(case.mask, case.scores, score))
        said = f"the weights change with the score of a masked position, here {score:g}"
        equal("weights", run(masked_softmax, other)["weights"], before, said)


@check(MASKED)
def masked_scores_may_be_large(run: Run, case: Case) -> None:
    """A thousand added to the scores of one query, or taken from those of another, changes nothing."""
    before = weights_of(run, case)
    shift = np.where(np.arange(case.scores.shape[1]) % 2, -1000.0, 1000.0)[:, np.newaxis]
    said = "the weights change if a thousand is added to all scores of a query"
    hint = "before the exponential, subtract the largest score of each row that is not masked"
    equal("weights", run(masked_softmax, case.having(scores=case.scores + shift))["weights"], before, said, hint=hint)


@check(MASKED, weight=2)
def a_row_may_be_masked_whole(run: Run, case: Case) -> None:
    """A row in which everything is masked is zeros, and the other rows are what they were."""
    before = weights_of(run, case)
    mask = np.broadcast_to(case.mask, case.scores.shape).copy()
    mask[-1, 0] = False
    want = before.copy()
    want[-1, 0] = 0.0
    found = as_array("weights", run(masked_softmax, case.having(mask=mask))["weights"], want)
    nan = found.shape == want.shape and bool(np.isnan(found[-1, 0]).all())
    said = (
        "a row in which everything is masked holds NaN" if nan else "a row in which everything is masked is not zeros"
    )
    equal("weights", found, want, said)


@check(MASKED)
def rows_sum_to_one(run: Run, case: Case) -> None:
    """The weights of each query sum to one."""
    sums = weights_of(run, case).sum(axis=-1)
    equal("weights", sums, np.ones_like(sums), "the weights of a query do not sum to one")


@check(MASKED)
def nothing_leaks_from_what_is_masked(run: Run, case: Case) -> None:
    """The output of a query does not change with values that are masked for it."""
    output = shaped(run(attend, case), "output", "b m e", case.scores @ case.vectors)
    mask = np.broadcast_to(case.mask, case.scores.shape)
    seen = mask[:, 0][..., np.newaxis]  # by the first query
    other = case.having(vectors=np.where(seen, case.vectors, 7.0))
    changed = shaped(run(attend, other), "output", "b m e", output)
    equal("output", changed[:, 0], output[:, 0], "the output of a query changes with values that are masked for it")


@check(MASKED)
def output_goes_with_the_weights(run: Run, case: Case) -> None:
    """The output is the average of the values with the weights that attend() returns."""
    answers = run(attend, case)
    weights = shaped(answers, "weights", WEIGHTS, case.scores)
    output = shaped(answers, "output", "b m e", case.scores @ case.vectors)
    equal("output", output, weights @ case.vectors, "the output is not the average of the values with these weights")
