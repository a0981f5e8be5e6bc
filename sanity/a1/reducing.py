"""Question 1.3: truncated SVD. Dot products are compared, since signs and rotations are free."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a1.notebook import notebook
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run, probe
from sanity.core.values import Unsupported, describe, sizes_text

check = Checks("1.3")


def make_matrix(*, seed: int, k: int, more: int, whole: int, low: int) -> dict[str, Any]:
    """Make a symmetric matrix, (V, V) with V = k + more, whose singular values are each 1.5 times the next.

    So the first k directions are far from the others, and every sound method finds the same.

    Args:
        seed: of everything random.
        k: how many dimensions to keep.
        more: how many words there are beyond k.
        whole: 1 for whole numbers, as counts are.
        low: 1 for a matrix of rank k, which k dimensions lose nothing of.
    """
    rng = np.random.default_rng(seed)
    size = k + more
    singular = 40 * 1.5 ** -np.arange(float(size))
    if low:
        singular[k:] = 0
    # Eigenvalues of either sign, as counts have them: the largest are not always the first singular values.
    values = singular * np.where(np.arange(size) % 2 == rng.integers(2), -1, 1)
    vectors, _ = np.linalg.qr(rng.standard_normal((size, size)))
    matrix: Array = (vectors * values) @ vectors.T
    matrix = (matrix + matrix.T) / 2
    return {"M": np.rint(1000 * matrix).astype(np.int64) if whole else matrix, "k": k, "seed": seed}


MATRIX_SIZES = {"k": (2, 5), "more": (2, 4), "whole": (0, 1), "low": (0, 0)}


MATRIX_WORDS = "V = {k} + {more} words, k = {k}"


MATRICES = Cases(
    make_matrix,
    MATRIX_SIZES,
    MATRIX_WORDS,
    ({"k": 2, "more": 4}, {"k": 3, "more": 3, "whole": 1}, {"k": 3, "more": 27}),
)
NARROW = Cases(
    make_matrix,
    {"k": (1, 6), "more": (1, 1), "whole": (0, 0), "low": (0, 0)},
    "V = {k} + 1 words, k = {k}",
    ({"k": 6}, {"k": 1, "more": 4}),
    drawn=1,
)
"""One dimension, or all but one: what there is least of, and most."""


LOW_RANK = Cases(
    make_matrix, {**MATRIX_SIZES, "whole": (0, 0), "low": (1, 1)}, MATRIX_WORDS + ", rank {k}", ({"k": 3, "more": 4},)
)


TWO_DIMENSIONS = Cases(make_matrix, {**MATRIX_SIZES, "k": (2, 2), "more": (2, 5)}, MATRIX_WORDS, drawn=1)


@probe("M_reduced", of="reduce_to_k_dim()")
def reduce_to_k_dim(code: Any, case: Case) -> Any:
    """Reduce the matrix to k dimensions."""
    return notebook(code).reduce_to_k_dim(case.M.copy(), case.k)


@probe("M_reduced", of="reduce_to_k_dim()")
def reduce_by_default(code: Any, case: Case) -> Any:
    """Reduce the matrix without saying to how many dimensions."""
    return notebook(code).reduce_to_k_dim(case.M.copy())


def reduced(run: Run, case: Case, asked: Probe = reduce_to_k_dim) -> Array:
    """Return M_reduced, (V, k) floats; raise CheckFailed if it is anything else."""
    want = np.zeros((len(case.M), case.k))
    answer = run(asked, case)["M_reduced"]
    if isinstance(answer, Unsupported) and answer.type == "TruncatedSVD":
        said = f"M_reduced is {describe(answer)}, expected an array"
        diagnosis = "the fitted TruncatedSVD is returned, not what its fit_transform() returns"
        raise CheckFailed(said, diagnosis=diagnosis, output="M_reduced")
    got = as_array("M_reduced", answer, want)
    if got.shape != want.shape:
        diagnosis = "the axes of M_reduced are swapped: (k, V)" if got.shape == want.shape[::-1] else ""
        said = f"M_reduced has shape {sizes_text(got.shape)}, expected (V, k) = {want.shape}"
        raise CheckFailed(said, diagnosis=diagnosis, output="M_reduced")
    if not np.isfinite(got).all():
        raise CheckFailed("M_reduced holds NaN or infinity", output="M_reduced")
    return got.astype(np.float64)


AXES = "word word"


def same_dot_products(got: Array, want: Array) -> None:
    """Raise CheckFailed unless dot products agree, relative to the largest one."""
    scale = np.abs(want).max()
    same_array("the dot product of each two words", got / scale, want / scale, AXES)


@check(MATRICES, weight=4, outputs=("M_reduced",))
def keeps_the_best_dot_products(run: Run, expect: Run, case: Case) -> None:
    """The dot products of the reduced words are those of U S, the best that k dimensions can do."""
    best_dot_products(run, expect, case)


@check(NARROW)
def keeps_one_dimension_or_all_but_one(run: Run, expect: Run, case: Case) -> None:
    """k may be 1, and one less than the number of words."""
    best_dot_products(run, expect, case)


def best_dot_products(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless the reduced words have the reference's dot products."""
    got, want = reduced(run, case), np.asarray(expect(reduce_to_k_dim, case)["M_reduced"])
    same_dot_products(got @ got.T, want @ want.T)


@check(MATRICES)
def has_k_numbers_a_word(run: Run, case: Case) -> None:
    """M_reduced has a row for each word and k columns, for any k."""
    reduced(run, case)


@check(TWO_DIMENSIONS)
def two_by_default(run: Run, case: Case) -> None:
    """k is 2 if it is not given."""
    reduced(run, case, reduce_by_default)


@check(LOW_RANK, weight=2)
def loses_nothing_of_low_rank(run: Run, case: Case) -> None:
    """Reducing a matrix of rank k to k dimensions keeps every dot product of two rows."""
    got = reduced(run, case)
    same_dot_products(got @ got.T, case.M @ case.M.T)


@check(MATRICES, weight=2)
def follows_the_order_of_words(run: Run, case: Case) -> None:
    """With the words of M in another order the rows of M_reduced are the same, in that order."""
    order = np.random.default_rng(case.seed).permutation(len(case.M))
    before, after = reduced(run, case), reduced(run, case.having(M=case.M[np.ix_(order, order)]))
    same_dot_products(after @ after.T, before[order] @ before[order].T)


@check(MATRICES)
def follows_the_scale(run: Run, case: Case) -> None:
    """With all counts doubled, M_reduced is doubled, too."""
    before, after = reduced(run, case), reduced(run, case.having(M=2 * case.M))
    same_dot_products(after @ after.T, 4 * before @ before.T)
