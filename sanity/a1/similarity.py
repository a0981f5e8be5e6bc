"""Question 2.2: cosine similarity."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a1.notebook import notebook
from sanity.a1.pairs import PAIRS, numbers
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import same_array
from sanity.core.probe import Run, probe

check = Checks("2.2")


@probe("cosine similarity", of="cosine_similarity()")
def cosine_similarity(code: Any, case: Case) -> Any:
    """Return the cosine similarity of each pair."""
    return [notebook(code).cosine_similarity(u.copy(), v.copy()) for u, v in zip(case.us, case.vs, strict=True)]


@check(PAIRS, weight=3, outputs=("cosine similarity",))
def measures_the_angle(run: Run, expect: Run, case: Case) -> None:
    """The cosine similarity is the dot product divided by both lengths."""
    same_array(
        "cosine similarity", numbers(run, case, cosine_similarity), numbers(expect, case, cosine_similarity), "pair"
    )


@check(PAIRS, weight=2)
def ignores_the_lengths(run: Run, case: Case) -> None:
    """The similarity does not depend on the lengths of the vectors, and changes its sign if one is negated."""
    before = numbers(run, case, cosine_similarity)
    same_array(
        "similarity of longer vectors", numbers(run, case.having(us=3 * case.us), cosine_similarity), before, "pair"
    )
    same_array(
        "similarity of opposites", -numbers(run, case.having(vs=-case.vs / 2), cosine_similarity), before, "pair"
    )


@check(PAIRS, weight=2)
def is_one_for_the_same_direction(run: Run, case: Case) -> None:
    """Vectors of the same direction have similarity 1."""
    got = numbers(run, case.having(vs=2 * case.us), cosine_similarity)
    same_array("similarity", got, np.ones(len(got)), "pair")


@check(PAIRS)
def does_not_mind_which_is_first(run: Run, case: Case) -> None:
    """The similarity of u and v is that of v and u."""
    swapped = case.having(us=case.vs, vs=case.us)
    same_array("similarity", numbers(run, swapped, cosine_similarity), numbers(run, case, cosine_similarity), "pair")
