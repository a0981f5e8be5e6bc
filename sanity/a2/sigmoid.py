"""Question 1a: the sigmoid."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from sanity.core.arguments import copied
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import as_array, equal, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("1a")


def make_numbers(*, seed: int, n: int, m: int, large: int) -> dict[str, Any]:
    """Make numbers for the sigmoid: an array (n,), or (n, m) if m is not 0, or one number if both are 0.

    If large is 1 they go up to 1000 in size.
    """
    rng = np.random.default_rng(seed)
    shape = (n, m) if m else (n,)
    x = rng.uniform(-3, 3, shape) * (10.0 ** rng.uniform(0, 2.5, shape) if large else 1.0)
    if large and x.size > 1:
        x.flat[0], x.flat[-1] = 1000.0, -1000.0
    return {"x": x if n else float(rng.uniform(-3, 3))}


NUMBERS = Cases(
    make_numbers,
    {"n": (0, 6), "m": (0, 4), "large": (0, 0)},
    "x of shape ({n}, {m}), where 0 stands for none",
    ({"n": 5}, {"n": 4, "m": 3}, {"n": 0}),
)
"""Numbers of ordinary size."""
LARGE = Cases(
    make_numbers,
    {"n": (2, 6), "m": (0, 0), "large": (1, 1)},
    "{n} numbers between -1000 and 1000",
    ({"n": 6},),
    drawn=2,
)
"""Numbers of up to 1000 in size, both signs."""


@probe("sigmoid: n m|n|, overflows, x changed", of="sigmoid()")
def sigmoid(code: Any, case: Case) -> Any:
    """Call sigmoid; also return how many overflows numpy warned of, and whether x was changed."""
    x = copied(case.x)
    with warnings.catch_warnings(record=True) as caught, np.errstate(over="warn", invalid="warn", divide="warn"):
        warnings.simplefilter("always")
        answer = code.word2vec.sigmoid(x)
    overflows = [warning for warning in caught if issubclass(warning.category, RuntimeWarning)]
    return answer, len(overflows), not np.array_equal(x, case.x)


@check(NUMBERS, weight=4, outputs=("sigmoid",))
def squashes_numbers(run: Run, expect: Run, case: Case) -> None:
    """sigmoid() gives the right number for every number of x, in the shape of x."""
    want = np.asarray(expect(sigmoid, case)["sigmoid"])
    same_array("sigmoid", run(sigmoid, case)["sigmoid"], want, "n m" if want.ndim == 2 else "n" * want.ndim)


check.compares(
    sigmoid, LARGE, "sigmoid", says="sigmoid() is right for numbers as large as 1000 and as small as -1000, too."
)


@check(LARGE)
def overflows_nowhere(run: Run, case: Case) -> None:
    """Computing the sigmoid of a large number overflows nowhere."""
    if run(sigmoid, case)["overflows"] != 0:
        hint = "exp() of a large number overflows: only call it for numbers up to 0"
        raise CheckFailed("numpy warns of an overflow or of an invalid number", hint=hint)


@check(NUMBERS)
def mirrors(run: Run, case: Case) -> None:
    """sigmoid(-x) is 1 - sigmoid(x)."""
    x = np.asarray(case.x)
    mirrored = as_array("sigmoid", run(sigmoid, case.having(x=-case.x))["sigmoid"], x)
    upright = as_array("sigmoid", run(sigmoid, case)["sigmoid"], x)
    equal("sigmoid", mirrored, 1 - upright, "sigmoid(-x) is not 1 - sigmoid(x)")


@check(NUMBERS)
def leaves_x_alone(run: Run, case: Case) -> None:
    """The array given to sigmoid() is the same afterwards."""
    if run(sigmoid, case)["x changed"]:
        raise CheckFailed(
            "sigmoid() changed its argument", diagnosis="an in-place operation, such as x *= -1, changes x"
        )
