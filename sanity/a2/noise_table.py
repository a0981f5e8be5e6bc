"""Question 2c: a table to draw from."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.counts import COUNTS
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import Array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe
from sanity.core.values import sizes_text

check = Checks("2c")


@probe("table", of="noise_table()")
def noise_table(code: Any, case: Case) -> Any:
    """Call noise_table."""
    return code.sampling.noise_table(case.probabilities.copy(), case.size)


def entries(answers: Answers, case: Case) -> Array:
    """Return the number of entries of each word in a table; raise CheckFailed if it is not a table of words."""
    table = answers["table"]
    array = np.asarray(table) if isinstance(table, list | np.ndarray) else None
    if array is None or array.dtype.kind not in "iu":
        raise CheckFailed("the table does not hold whole numbers", hint="store the index of each word, an int")
    if array.shape != (case.size,):
        raise CheckFailed(
            f"the table has shape {sizes_text(array.shape, most=2 * case.size)}, expected {(case.size,)}",
            output="table",
        )
    if not ((array >= 0) & (array < len(case.probabilities))).all():
        raise CheckFailed("the table holds numbers that are not the index of a word", output="table")
    return np.bincount(array, minlength=len(case.probabilities))


@check(COUNTS, weight=3, outputs=("table",))
def fills_the_table(run: Run, expect: Run, case: Case) -> None:
    """Each word has entries in proportion to its probability; rounding may cost or add one."""
    mine, right = entries(run(noise_table, case), case), entries(expect(noise_table, case), case)
    wrong = np.abs(mine - right) > 1
    if wrong.any():
        word = int(np.argmax(wrong))
        detail = f"word {word}: {mine[word]} entries, expected about {right[word]}"
        raise CheckFailed(f"{int(wrong.sum())} words do not stand in the table as often as they should", detail=detail)


@check(COUNTS)
def table_rounds(run: Run, case: Case) -> None:
    """No word is a whole entry above or below its share, and a word of probability zero has no entry."""
    mine = entries(run(noise_table, case), case)
    off = np.abs(mine - case.size * case.probabilities)
    if not (off <= 1 + 1e-9).all() or mine[case.probabilities == 0].any():
        raise CheckFailed(
            "a word is a whole entry above or below its share",
            diagnosis="rounding errors add up from word to word",
            hint="round the place where each word ends, not its number of entries",
        )
