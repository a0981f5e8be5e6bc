"""Question 3f: gradients clipped by their norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, same, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("3f")

NAMES = ("matrix", "vector", "cube")


def make_gradients(*, seed: int, n: int, m: int, k: int, percent: int) -> dict[str, Any]:
    """Make the gradients of three parameters, and a norm allowed that is some percent of theirs."""
    rng = np.random.default_rng(seed)
    found = {
        "matrix": rng.standard_normal((n, m)),
        "vector": 3 * rng.standard_normal(m),
        "cube": rng.standard_normal((k, n, m)) / 2,
    }
    norm = float(np.sqrt(sum((part**2).sum() for part in found.values())))
    return {**found, "theta": norm * percent / 100}


SIZES = {"n": (2, 3), "m": (4, 5), "k": (2, 3)}
WORDS = "gradients of shapes ({n}, {m}), ({m},) and ({k}, {n}, {m}), theta {percent} % of their norm"
LONG = Cases(make_gradients, {**SIZES, "percent": (10, 90)}, WORDS, ({"n": 3, "m": 2, "k": 4, "percent": 60},))
"""Gradients that are too long."""
SHORT = Cases(make_gradients, {**SIZES, "percent": (110, 300)}, WORDS, ({"n": 3, "m": 2, "k": 4, "percent": 250},))
"""Gradients that are short enough."""


@probe("matrix: n m, vector: m, cube: k n m", of="clip_by_norm()", needs=("torch",))
def clipped(code: Any, case: Case) -> Any:
    """Clip the gradients."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.clip_by_norm(list(tensors(case, *NAMES).values()), case.theta)


def parts(run: Run, case: Case) -> dict[str, Array]:
    """Return the clipped gradients by name, in their shapes, and in float32: 1e-6 added to the norm is right, too."""
    found = run(clipped, case)
    shapes = {name: shaped(found, name, clipped.axes[name], case.values[name]) for name in NAMES}
    return {name: part.astype(np.float32) for name, part in shapes.items()}


@check(LONG, weight=6, outputs=("gradients",))
def shortens_long_gradients(run: Run, expect: Run, case: Case) -> None:
    """Gradients that are too long together are shortened together."""
    same(parts(run, case), expect(clipped, case), clipped.axes)


@check(SHORT, weight=2)
def leaves_short_gradients(run: Run, expect: Run, case: Case) -> None:
    """Gradients that are short enough stay as they are."""
    same(parts(run, case), expect(clipped, case), clipped.axes)


@check(LONG)
def is_as_long_as_allowed(run: Run, case: Case) -> None:
    """What was too long has the norm theta afterwards: all numbers of all gradients together."""
    norm = np.sqrt(sum((part.astype(np.float64) ** 2).sum() for part in parts(run, case).values()))
    equal(
        "norm",
        np.asarray(norm, np.float32),
        np.asarray(case.theta, np.float32),
        "the norm of what is clipped is not theta",
    )


@check(LONG, weight=2)
def keeps_the_direction(run: Run, case: Case) -> None:
    """All gradients are multiplied with one number, so that the step keeps its direction."""
    ratios = np.concatenate([(part / case.values[name]).ravel() for name, part in parts(run, case).items()])
    if not np.ptp(ratios) <= 1e-4:
        raise CheckFailed("the gradients do not keep their direction")


@check(SHORT)
def leaves_zeros(run: Run, case: Case) -> None:
    """Gradients that are all zero stay zero, without NaN."""
    zeros = {name: np.zeros_like(case.values[name]) for name in NAMES}
    for name, part in parts(run, case.having(**zeros)).items():
        hint = "divide by the norm only where it is above theta"
        equal(name, part, zeros[name], "gradients of zeros do not stay zeros", hint=hint)
