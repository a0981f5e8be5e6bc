"""Question 2.3: cosine distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a1.notebook import notebook
from sanity.a1.pairs import PAIRS, numbers
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import same_array
from sanity.core.probe import Run, probe

check = Checks("2.3")


@probe("cosine distance", of="cosine_distance()")
def cosine_distance(code: Any, case: Case) -> Any:
    """Return the cosine distance of each pair."""
    return [notebook(code).cosine_distance(u.copy(), v.copy()) for u, v in zip(case.us, case.vs, strict=True)]


@check(PAIRS, outputs=("cosine distance",))
def is_one_minus_similarity(run: Run, expect: Run, case: Case) -> None:
    """The cosine distance is one minus the cosine similarity."""
    same_array("cosine distance", numbers(run, case, cosine_distance), numbers(expect, case, cosine_distance), "pair")


@check(PAIRS)
def runs_from_zero_to_two(run: Run, case: Case) -> None:
    """The distance is 0 for the same direction and 2 for opposite ones."""
    same, opposite = case.having(vs=2 * case.us), case.having(vs=-case.us / 3)
    same_array("distance", numbers(run, same, cosine_distance), np.zeros(len(case.us)), "pair")
    same_array("distance of opposites", numbers(run, opposite, cosine_distance), np.full(len(case.us), 2.0), "pair")
