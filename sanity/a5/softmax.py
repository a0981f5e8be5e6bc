"""Question 1a: softmax and its Jacobian."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.right_softmax import stand_in
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import numeric_jacobian
from sanity.gradients.snippet import assign

check = Checks("1a")

ANY = "i|i j|i j k"
"""The axes of an array with one, two or three."""


def make_numbers(*, seed: int, axes: int, axis: int, i: int, j: int, k: int) -> dict[str, Any]:
    """Make an array with one to three axes, of which one is to be summed over; all its sizes differ."""
    rng = np.random.default_rng(seed)
    shape = (k, i, j)[:axes]
    return {"x": 2 * rng.standard_normal(shape), "axis": axis % axes, "negative": axis % axes - axes}


NUMBERS = Cases(
    make_numbers,
    {"axes": (2, 3), "axis": (0, 2), "i": (2, 2), "j": (3, 4), "k": (5, 6)},
    "x of shape {x.shape}, axis = {axis}",
    ({"axes": 3, "axis": 1, "j": 4}, {"axes": 3, "axis": 2}, {"axes": 1, "k": 6}),
    drawn=4,
)
"""Arrays, with the axis to sum over."""
SINGLE = Cases(
    make_numbers,
    {"axes": (2, 2), "axis": (0, 0), "i": (2, 4), "j": (1, 1), "k": (1, 1)},
    "x of shape {x.shape}, axis = 0",
    drawn=1,
)
"""Arrays with a single number along the axis."""


@probe(f"y: {ANY}", of="softmax()")
def softmax(code: Any, case: Case) -> Any:
    """Call softmax along an axis."""
    return code.attention_math.softmax(case.x.copy(), axis=case.axis)


@probe(f"y: {ANY}", of="softmax()")
def softmax_by_default(code: Any, case: Case) -> Any:
    """Call softmax without an axis."""
    return code.attention_math.softmax(case.x.copy())


@probe("Jacobian: i j", of="softmax_jacobian()")
def softmax_jacobian(code: Any, case: Case) -> Any:
    """Ask for the Jacobian at the first numbers of a case."""
    return code.attention_math.softmax_jacobian(vector_of(case).copy())


@softmax_jacobian.script
def softmax_jacobian_script(case: Case) -> str:
    """Spell a call of softmax_jacobian, and what small steps measure."""
    return f"""\
import attention_math
import numpy as np

from sanity.gradients import numeric_jacobian

{assign("x", vector_of(case))}
print("the answer:", attention_math.softmax_jacobian(x.copy()), sep="\\n")
print("small steps measure:", numeric_jacobian(attention_math.softmax, x), sep="\\n")
"""


def vector_of(case: Case) -> Array:
    """Return the numbers along the first axis, (n,)."""
    x: Array = case.x
    return x.reshape(len(x), -1)[:, 0]


check.compares(softmax, NUMBERS, "y", weight=3, says="softmax() divides exponentials by their sum along the axis.")
check.compares(softmax_by_default, NUMBERS, "y", says="By default softmax() sums along the last axis.")
check.compares(
    softmax_jacobian,
    NUMBERS,
    "Jacobian",
    weight=3,
    gradients=True,
    says="softmax_jacobian() has the derivative of each result by each number, (n, n).",
)


@check(NUMBERS)
def counts_axes_from_the_end(run: Run, case: Case) -> None:
    """A negative axis counts from the end, as in numpy: -1 is the last one."""
    forwards = shaped(run(softmax, case), "y", ANY, case.x)
    backwards = run(softmax, case.having(axis=case.negative))["y"]
    equal("y", backwards, forwards, f"axis={case.negative} gives something else than axis={case.axis}, the same axis")


@check(NUMBERS)
def sums_to_one(run: Run, case: Case) -> None:
    """The results are above zero, and sum to one along the axis."""
    y = shaped(run(softmax, case), "y", ANY, case.x)
    if not (y > 0).all():
        raise CheckFailed("some results are not above zero", output="y")
    sums = np.asarray(y.sum(axis=case.axis))
    equal("y", sums, np.ones_like(sums), "the results do not sum to one along the axis")


@check(NUMBERS)
def only_differences_count(run: Run, case: Case) -> None:
    """One number added to all along the axis cancels; each row, or column, may have another one."""
    shift = np.moveaxis(np.zeros_like(case.x), case.axis, 0)
    shift[:] = np.arange(shift[0].size).reshape(shift.shape[1:]) - 1.5
    shifted = case.having(x=case.x + np.moveaxis(shift, 0, case.axis))
    before = shaped(run(softmax, case), "y", ANY, case.x)
    equal("y", run(softmax, shifted)["y"], before, "the results change with a number that is added to a whole row")


@check(NUMBERS, weight=2)
def numbers_may_be_large(run: Run, case: Case) -> None:
    """Numbers may be thousands: only their differences count, and nothing overflows to NaN."""
    shift = np.moveaxis(np.zeros_like(case.x), case.axis, 0)
    shift[:] = np.where(np.arange(shift[0].size) % 2, -1000.0, 1000.0).reshape(shift.shape[1:])
    far = case.having(x=case.x + np.moveaxis(shift, 0, case.axis))
    before = shaped(run(softmax, case), "y", ANY, case.x)
    said = "the results change if a thousand is added to some rows and taken from others"
    hint = "before the exponential, subtract the largest of each row"
    equal("y", run(softmax, far)["y"], before, said, hint=hint)
    apart = case.having(x=1000 * case.x)
    said = "the results are wrong if the numbers of a row are thousands apart"
    equal("y", run(softmax, apart)["y"], stand_in(apart.x, case.axis), said, hint=hint)


@check(SINGLE)
def a_single_number_is_sure(run: Run, case: Case) -> None:
    """Along an axis with a single number softmax is one, and its Jacobian is a zero, (1, 1)."""
    equal("y", run(softmax, case)["y"], np.ones_like(case.x), "softmax() of a single number is not one")
    found = run(softmax_jacobian, case)["Jacobian"]
    equal("Jacobian", found, np.zeros((1, 1)), "the Jacobian at a single number is not a zero of shape (1, 1)")


@check(NUMBERS, gradients=True)
def jacobian_is_measured(run: Run, case: Case) -> None:
    """The Jacobian agrees with small steps."""
    x = vector_of(case)
    slopes = numeric_jacobian(stand_in, x)
    found = shaped(run(softmax_jacobian, case), "Jacobian", "i j", slopes)
    equal("Jacobian", found, slopes, "the Jacobian is not the one that small steps measure")


@check(NUMBERS, gradients=True)
def what_one_gains_others_lose(run: Run, case: Case) -> None:
    """Each row and each column of the Jacobian sums to zero: the results always sum to one."""
    n = len(vector_of(case))
    jacobian = shaped(run(softmax_jacobian, case), "Jacobian", "i j", np.zeros((n, n)))
    for axis, what in enumerate(("columns", "rows")):
        equal("Jacobian", jacobian.sum(axis=axis), np.zeros(n), f"the {what} of the Jacobian do not sum to zero")


@check(NUMBERS, gradients=True)
def jacobian_of_large_numbers(run: Run, case: Case) -> None:
    """A thousand added to all numbers changes nothing in the Jacobian, and gives no NaN."""
    n = len(vector_of(case))
    before = shaped(run(softmax_jacobian, case), "Jacobian", "i j", np.zeros((n, n)))
    after = run(softmax_jacobian, case.having(x=case.x + 1000))["Jacobian"]
    equal("Jacobian", after, before, "the Jacobian changes if a thousand is added to all numbers")
