"""Question 1a: the sigmoid."""

from __future__ import annotations

import numpy as np

from sanity.a2.asked import SIGMOID, equal
from sanity.a2.cases import LARGE, NUMBERS
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import as_array, same_array
from sanity.core.errors import CheckFailed


@check("1a", NUMBERS, weight=4, outputs=("sigmoid",))
def squashes_numbers(run: Run, expect: Run, case: Case) -> None:
    """sigmoid() gives the right number for every number of x, in the shape of x."""
    want = np.asarray(expect(SIGMOID, case)["sigmoid"])
    same_array("sigmoid", run(SIGMOID, case)["sigmoid"], want, "n m" if want.ndim == 2 else "n" * want.ndim)


@check("1a", LARGE)
def squashes_large_numbers(run: Run, expect: Run, case: Case) -> None:
    """sigmoid() is right for numbers as large as 1000 and as small as -1000, too."""
    same_array("sigmoid", run(SIGMOID, case)["sigmoid"], expect(SIGMOID, case)["sigmoid"], "n")


@check("1a", LARGE)
def overflows_nowhere(run: Run, case: Case) -> None:
    """Computing the sigmoid of a large number overflows nowhere."""
    if run(SIGMOID, case)["overflows"] != 0:
        hint = "exp() of a large number overflows: only call it for numbers up to 0"
        raise CheckFailed("numpy warns of an overflow or of an invalid number", hint=hint)


@check("1a", NUMBERS)
def mirrors(run: Run, case: Case) -> None:
    """sigmoid(-x) is 1 - sigmoid(x)."""
    x = np.asarray(case.x)
    mirrored = as_array("sigmoid", run(SIGMOID, case.having(x=-case.x))["sigmoid"], x)
    upright = as_array("sigmoid", run(SIGMOID, case)["sigmoid"], x)
    equal("sigmoid", mirrored, 1 - upright, "sigmoid(-x) is not 1 - sigmoid(x)")


@check("1a", NUMBERS)
def leaves_x_alone(run: Run, case: Case) -> None:
    """The array given to sigmoid() is the same afterwards."""
    if run(SIGMOID, case)["x changed"]:
        raise CheckFailed(
            "sigmoid() changed its argument", diagnosis="an in-place operation, such as x *= -1, changes x"
        )
