"""Question 2b: the projection onto a subspace."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.heads import orthonormal
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import agrees, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("2b")
ORTHONORMAL, ORTHOGONAL, SKEW = range(3)


def make_bases(*, seed: int, m: int, p: int, more: int, kind: int) -> dict[str, Any]:
    """Make bases of two subspaces that are orthogonal to each other; together they may leave some of the space."""
    rng = np.random.default_rng(seed)
    d = m + p + more
    rows = orthonormal(rng, m + p, d)
    bases = {"A": rows[:m], "B": rows[m:]}
    for name, basis in bases.items():
        lengths = rng.uniform(1.4, 3, len(basis)) ** rng.choice([-1, 1], len(basis))
        if kind >= ORTHOGONAL:
            bases[name] = basis * lengths[:, None]
        if kind == SKEW:  # a triangle with ones on its diagonal: independent
            mixed = np.eye(len(basis)) + np.tril(rng.uniform(0.4, 0.9, (len(basis), len(basis))), -1)
            bases[name] = mixed @ bases[name]
    return {**bases, "d": d}


def family(kind: int, how: str) -> Cases:
    """Return the cases of one kind."""
    ranges = {"m": (2, 4), "p": (2, 4), "more": (0, 2), "kind": (kind, kind)}
    corners = ({"m": 2, "p": 3, "more": 1, "kind": kind}, {"m": 3, "p": 2, "more": 2, "kind": kind})
    return Cases(make_bases, ranges, f"{{m}} and {{p}} vectors with {{d}} numbers, {how}", corners, drawn=2)


PLAIN = family(ORTHONORMAL, "of length one and orthogonal to each other")
LONG = family(ORTHOGONAL, "of any lengths and orthogonal to each other")
ANY = family(SKEW, "of any lengths and at any angles within a basis")


@probe("M: d d", of="projection()")
def projection(code: Any, case: Case) -> Any:
    """Ask for the matrix."""
    return code.constructions.projection(case.A.copy(), case.B.copy())


def projects(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless M keeps the basis of A and takes that of B to zero; elsewhere it may do anything.

    What the reference makes of both bases is exact, up to rounding.
    """
    M = shaped(run(projection, case), "M", "d d", np.zeros((case.d, case.d)))
    right = shaped(expect(projection, case), "M", "d d", np.zeros((case.d, case.d)))
    A, B = case.A.astype(M.dtype), case.B.astype(M.dtype)  # in M's own precision, which the comparison goes by
    keeps, removes = agrees(A @ M.T, case.A @ right.T), agrees(B @ M.T, case.B @ right.T)
    if keeps and removes:
        return
    if not np.isfinite(M).all():
        raise CheckFailed("M holds NaN or infinity", output="M")
    diagnosis = ""
    if keeps:
        said = "M does not take the vectors of B to zero"
    elif removes:
        said = "M does not keep the vectors of A as they are"
    else:
        said = "M neither keeps the vectors of A nor takes those of B to zero"
        if agrees(B @ M.T, B) and agrees(A @ M.T, 0 * case.A):
            diagnosis = "M keeps the vectors of B and takes those of A to zero: it is the other way round"
    raise CheckFailed(said, diagnosis=diagnosis, output="M")


@check(PLAIN, outputs=("M",))
def projects_by_orthonormal_bases(run: Run, expect: Run, case: Case) -> None:
    """Bases of orthonormal vectors: M keeps what is in A, and takes what is in B to zero."""
    projects(run, expect, case)


@check(LONG, outputs=("M",))
def projects_by_orthogonal_bases(run: Run, expect: Run, case: Case) -> None:
    """Bases of orthogonal vectors of any lengths: M keeps what is in A, and takes what is in B to zero."""
    projects(run, expect, case)


@check(ANY, outputs=("M",))
def projects_by_any_bases(run: Run, expect: Run, case: Case) -> None:
    """Any bases: M keeps what is in A, and takes what is in B to zero."""
    projects(run, expect, case)
