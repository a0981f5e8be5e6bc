"""Question 4n: what layers cost, and how far signals travel in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, number, same_number
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Run, probe

check = Checks("4n")

KINDS = ("recurrence", "convolution", "dilated convolution", "self-attention", "restricted self-attention")


def make_sizes(*, seed: int, n: int, d: int, width: int) -> dict[str, Any]:
    """Make sizes of a layer, and costs that grow with an exponent, roughly."""
    rng = np.random.default_rng(seed)
    lengths = [int(n * factor) for factor in (1, 2, 3, 5, 9)]
    exponent, factor = rng.uniform(0.5, 2.5), rng.uniform(0.2, 5)
    costs = [float(factor * length**exponent * np.exp(rng.normal() / 5)) for length in lengths]
    return {"n": n, "d": d, "width": width, "lengths": lengths, "costs": costs, "stand_in": False}


SIZES = Cases(
    make_sizes,
    {"n": (11, 13), "d": (5, 7), "width": (3, 4)},
    "n = {n}, d = {d}, width = {width}",
    ({"n": 17, "d": 3, "width": 4}, {"n": 9, "d": 4, "width": 2}, {"n": 5, "d": 2, "width": 8}),
    drawn=2,
)
"""Sizes of layers."""
ONE_POSITION = Cases(
    make_sizes, {"n": (1, 1), "d": (5, 7), "width": (3, 4)}, "n = {n}, d = {d}, width = {width}", drawn=1
)
"""Sizes of layers with one position."""


def right_reads(kind: str, n: int, width: int, depth: int = 0) -> Array:
    """Return which positions each position reads, (n, n)."""
    found = np.zeros((n, n), bool)
    apart, count = 1, width
    if kind == "recurrence":
        count = 2
    elif kind == "self-attention":
        count = n
    elif kind == "dilated convolution":
        apart = width**depth
    for i in range(n):
        found[i, [i - m * apart for m in range(count) if m * apart <= i]] = True
    return found


@probe("positions", of="reads()", needs=("torch",))
def read_positions(code: Any, case: Case) -> Any:
    """Return which positions each kind of layer reads, at the bottom and further up."""
    return {
        f"{kind}, depth {depth}": code.transformer.reads(kind, case.n, case.width, depth)
        for kind in KINDS
        for depth in (0, 1, 2)
    }


@probe("counts", of="multiplications()", needs=("torch",))
def counted(code: Any, case: Case) -> Any:
    """Count the multiplications of each kind of layer."""
    with reading(code, case):
        return {kind: code.transformer.multiplications(kind, case.n, case.d, case.width) for kind in KINDS}


@probe("lengths", of="path_length()", needs=("torch",))
def paths(code: Any, case: Case) -> Any:
    """Measure the longest path in each kind of layer."""
    with reading(code, case):
        return {kind: code.transformer.path_length(kind, case.n, case.width) for kind in KINDS}


@contextmanager
def reading(code: Any, case: Case) -> Iterator[None]:
    """Put a right reads() in the place of the submission's own if the case says so: a wrong one costs what it is."""
    import torch

    own = getattr(code.transformer, "reads", None)
    if case.stand_in:
        code.transformer.reads = lambda *args, **named: torch.from_numpy(right_reads(*args, **named))
    try:
        yield
    finally:
        code.transformer.reads = own


def fitted(run: Run, case: Case) -> Case:
    """Return the case for this submission: a wrong reads() has a stand-in."""
    asked = SIZES.case()
    try:
        found = run(read_positions, asked)["positions"]
        right = all(
            np.array_equal(np.asarray(found[f"{kind}, depth {depth}"]), right_reads(kind, asked.n, asked.width, depth))
            for kind in KINDS
            for depth in (0, 1, 2)
        )
    except (CheckFailed, CouldNotRun):
        right = False
    return case if right else case.having(stand_in=True)


@probe("steps", of="sequential_steps()", needs=("torch",))
def waiting_steps(code: Any, case: Case) -> Any:
    """Return how many steps of each kind of layer wait for each other."""
    return {kind: code.transformer.sequential_steps(kind, case.n) for kind in KINDS}


@probe("exponent", of="growth()", needs=("torch",))
def exponent(code: Any, case: Case) -> Any:
    """Fit an exponent to the case's costs."""
    return code.transformer.growth(list(case.lengths), list(case.costs))


@check(SIZES, weight=3)
def reads_the_right_positions(run: Run, expect: Run, case: Case) -> None:
    """reads() says for each kind of layer which positions a position reads."""
    got, want = run(read_positions, case)["positions"], expect(read_positions, case)["positions"]
    for name, right in want.items():
        found = as_array("what is read", got[name], right)
        if found.shape != right.shape:
            raise CheckFailed(f"{name}: reads() does not return an array (n, n)")
        if (found.astype(bool) != right).any():
            i, j = np.argwhere(found.astype(bool) != right)[0]
            what = "reads a position that it should not" if found[i, j] else "does not read a position that it should"
            raise CheckFailed(f"{name}: a position {what}", diagnosis=_seen(found.astype(bool), right))


def _seen(found: Any, right: Any) -> str:
    """Return the diagnosis of what is read, or ""."""
    if (found == right.T).all():
        return "the axes are exchanged: [i, j] says whether i reads j"
    if np.triu(found, 1).any():
        return "a position reads later ones"
    return ""


@check(SIZES, weight=3)
def counts_multiplications(run: Run, expect: Run, case: Case) -> None:
    """multiplications() counts what one layer multiplies."""
    same_kinds(run(counted, fitted(run, case))["counts"], expect(counted, case)["counts"], "multiplications")


@check(SIZES, weight=2)
def measures_paths(run: Run, expect: Run, case: Case) -> None:
    """path_length() counts the layers, or steps, after which the last position depends on the first."""
    same_kinds(run(paths, fitted(run, case))["lengths"], expect(paths, case)["lengths"], "layers or steps on the path")


@check(SIZES)
def tells_what_must_wait(run: Run, expect: Run, case: Case) -> None:
    """sequential_steps() counts the steps of one layer that must wait for each other."""
    same_kinds(run(waiting_steps, case)["steps"], expect(waiting_steps, case)["steps"], "steps that wait")


@check(ONE_POSITION)
def one_position_has_no_path(run: Run, expect: Run, case: Case) -> None:
    """With one position there is no way to go, and a layer reads that position alone."""
    same_kinds(run(paths, fitted(run, case))["lengths"], expect(paths, case)["lengths"], "layers or steps on the path")
    same_kinds(run(counted, fitted(run, case))["counts"], expect(counted, case)["counts"], "multiplications")


@check(SIZES, weight=2, outputs=("exponent",))
def fits_the_exponent(run: Run, expect: Run, case: Case) -> None:
    """growth() returns the slope of the line through (log length, log cost) with the least squared errors."""
    got, want = run(exponent, case), expect(exponent, case)
    if abs(float(number(got, "exponent")) - float(number(want, "exponent"))) > 1e-4:  # that of float32
        same_number(got, want, "exponent")


def same_kinds(got: Any, want: Any, what: str) -> None:
    """Raise CheckFailed at the first kind of layer that has another number than it should."""
    for kind, right in want.items():
        try:
            same_number({what: got[kind]}, {what: right}, what)
        except CheckFailed as problem:
            raise CheckFailed(f"{kind}: the number of {what} is wrong", detail=problem.detail) from None
