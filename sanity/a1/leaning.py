"""Question 2.6: how much a word leans to one group of words."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a1.notebook import notebook
from sanity.a1.vectors import SINGLE, VECTORS, keyed, with_other_lengths
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.core.values import sizes_text

check = Checks("2.6")


@probe("lean", of="lean()", needs=("gensim",))
def lean(code: Any, case: Case) -> Any:
    """Return how much each word leans to one group of words."""
    vectors = keyed(case)
    return [notebook(code).lean(vectors, word, list(case.one), list(case.other)) for word in case.names]


def leans(run: Run, case: Case) -> Array:
    """Return the lean of every word, (V,) floats."""
    got = as_array("lean", run(lean, case)["lean"], np.zeros(len(case.names)))
    if got.shape != (len(case.names),):
        raise CheckFailed(
            f"lean() returned arrays of shape {sizes_text(got.shape[1:])}, expected a number", output="lean"
        )
    return got.astype(np.float32)


@check(VECTORS, weight=6, outputs=("lean",))
def measures_the_lean(run: Run, expect: Run, case: Case) -> None:
    """The lean is the mean cosine similarity with one group minus that with the other."""
    same_array("lean", leans(run, case), leans(expect, case), "word")


@check(SINGLE)
def a_group_may_be_one_word(run: Run, expect: Run, case: Case) -> None:
    """The lean is right between groups of a single word, too."""
    measures_the_lean(run, expect, case)


@check(VECTORS, weight=2)
def leans_the_other_way(run: Run, case: Case) -> None:
    """With the two groups swapped the lean changes its sign, and between two equal groups it is zero."""
    before = leans(run, case)
    same_array("lean with the groups swapped", -leans(run, case.having(one=case.other, other=case.one)), before, "word")
    same_array("lean between equal groups", leans(run, case.having(other=case.one)), np.zeros_like(before), "word")


@check(VECTORS, weight=2)
def leans_by_direction(run: Run, case: Case) -> None:
    """Longer or shorter vectors of the same directions have the same lean."""
    same_array("lean", leans(run, with_other_lengths(case)), leans(run, case), "word")


@check(VECTORS)
def groups_count_by_their_mean(run: Run, case: Case) -> None:
    """A group with each of its words twice has the same effect as with each once."""
    same_array("lean", leans(run, case.having(one=[*case.one, *case.one])), leans(run, case), "word")
