"""Cases of questions 2.2 and 2.3: pairs of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.compare import Array, as_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run
from sanity.core.values import sizes_text


def make_pairs(*, seed: int, pairs: int, size: int) -> dict[str, Any]:
    """Make pairs of vectors in float64, of different lengths, at all angles."""
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.2, 5, size=(2, pairs, 1))
    us, vs = rng.standard_normal((2, pairs, size)) * lengths
    return {"us": us, "vs": vs, "seed": seed}


PAIRS = Cases(make_pairs, {"pairs": (3, 6), "size": (2, 6)}, "vectors of {size} numbers", ({"pairs": 5, "size": 4},))


def numbers(run: Run, case: Case, asked: Probe) -> Array:
    """Return the answers for all pairs, (pairs,) floats."""
    name = str(asked.form)
    got = as_array(name, run(asked, case)[name], np.zeros(len(case.us)))
    if got.shape != (len(case.us),):
        raise CheckFailed(
            f"{asked.what} returned arrays of shape {sizes_text(got.shape[1:])}, expected a number", output=name
        )
    return got.astype(np.float64)
