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


def make_numbers(*, seed: int, n: int, more: int, large: int) -> dict[str, Any]:
    """Make numbers for the sigmoid: an array (n,), or (n, more + 1) if more is not 0, or a float if n is 0.

    If large is 1 they go up to 1000 in size.
    """
    rng = np.random.default_rng(seed)
    shape = (n, more + 1) if more else (n,)
    x = rng.uniform(-3, 3, shape) * (10.0 ** rng.uniform(0, 2.5, shape) if large else 1.0)
    if large and x.size > 1:
        x.flat[0], x.flat[-1] = 1000.0, -1000.0
    return {"x": x if n else float(rng.uniform(-3, 3)), "form": f"an array of shape {shape}" if n else "a float"}


NUMBERS = Cases(
    make_numbers,
    {"n": (2, 6), "more": (0, 3), "large": (0, 0)},
    "x is {form}",
    ({"n": 5}, {"n": 4, "more": 2}),
)
"""Numbers of ordinary size."""
SINGLE = Cases(
    make_numbers, {"n": (0, 1), "more": (0, 0), "large": (0, 0)}, "x is {form}", ({"n": 0}, {"n": 1}), drawn=1
)
"""A single number, as a float or in an array."""
LARGE = Cases(
    make_numbers,
    {"n": (2, 6), "more": (0, 0), "large": (1, 1)},
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
    sigmoid,
    LARGE,
    "sigmoid",
    weight=2,
    says="sigmoid() is right for numbers as large as 1000 and as small as -1000, too.",
)
check.compares(
    sigmoid,
    SINGLE,
    "sigmoid",
    name="sigmoid_of_one_number",
    says="sigmoid() takes a single number, too, as a float or in an array.",
)


@check.hint(LARGE)
def overflows_nowhere(run: Run, case: Case) -> None:
    """Computing the sigmoid of a large number overflows nowhere."""
    if run(sigmoid, case)["overflows"] != 0:
        hint = "exp() of a large number overflows: only call it for numbers up to 0"
        raise CheckFailed("numpy warns of an overflow or of an invalid number in sigmoid()", hint=hint)


@check(NUMBERS)
def mirrors(run: Run, case: Case) -> None:
    """sigmoid(-x) is 1 - sigmoid(x)."""
    x = np.asarray(case.x)
    mirrored = as_array("sigmoid", run(sigmoid, case.having(x=-case.x))["sigmoid"], x)
    upright = as_array("sigmoid", run(sigmoid, case)["sigmoid"], x)
    equal("sigmoid", mirrored, 1 - upright, "sigmoid(-x) is not 1 - sigmoid(x)")


@check.hint(NUMBERS)
def leaves_x_alone(run: Run, case: Case) -> None:
    """The array given to sigmoid() is the same afterwards."""
    if run(sigmoid, case)["x changed"]:
        hint = "an in-place operation, such as x *= -1, changes x: whoever called sigmoid() may need it again"
        raise CheckFailed("sigmoid() changes the array that it is given", hint=hint)
