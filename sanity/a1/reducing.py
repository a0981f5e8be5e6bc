"""Question 1.3: truncated SVD. Dot products are compared, since signs and rotations are free."""

from __future__ import annotations

import numpy as np

from sanity.a1.asked import REDUCED, REDUCED_BY_DEFAULT, Array, reduced
from sanity.a1.cases import LOW_RANK, MATRICES, TWO_DIMENSIONS
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import same_array

AXES = "word word"


def same_dot_products(got: Array, want: Array) -> None:
    """Raise CheckFailed unless dot products agree, relative to the largest one."""
    scale = np.abs(want).max()
    same_array("the dot product of each two words", got / scale, want / scale, AXES)


@check("1.3", MATRICES, weight=5, outputs=("M_reduced",))
def keeps_the_best_dot_products(run: Run, expect: Run, case: Case) -> None:
    """The dot products of the reduced words are those of U S, the best that k dimensions can do."""
    got, want = reduced(run, case), np.asarray(expect(REDUCED, case)["M_reduced"])
    same_dot_products(got @ got.T, want @ want.T)


@check("1.3", MATRICES)
def has_k_numbers_a_word(run: Run, case: Case) -> None:
    """M_reduced has a row for each word and k columns, for any k."""
    reduced(run, case)


@check("1.3", TWO_DIMENSIONS)
def two_by_default(run: Run, case: Case) -> None:
    """k is 2 if it is not given."""
    reduced(run, case, REDUCED_BY_DEFAULT)


@check("1.3", LOW_RANK, weight=2)
def loses_nothing_of_low_rank(run: Run, case: Case) -> None:
    """Reducing a matrix of rank k to k dimensions keeps every dot product of two rows."""
    got = reduced(run, case)
    same_dot_products(got @ got.T, case.M @ case.M.T)


@check("1.3", MATRICES, weight=2)
def follows_the_order_of_words(run: Run, case: Case) -> None:
    """With the words of M in another order the rows of M_reduced are the same, in that order."""
    order = np.random.default_rng(case.seed).permutation(len(case.M))
    before, after = reduced(run, case), reduced(run, case.having(M=case.M[np.ix_(order, order)]))
    same_dot_products(after @ after.T, before[order] @ before[order].T)


@check("1.3", MATRICES)
def follows_the_scale(run: Run, case: Case) -> None:
    """With all counts doubled, M_reduced is doubled, too."""
    before, after = reduced(run, case), reduced(run, case.having(M=2 * case.M))
    same_dot_products(after @ after.T, 4 * before @ before.T)
