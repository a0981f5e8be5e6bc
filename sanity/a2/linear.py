"""Cases of questions 3a to 3g, and how a derivative is measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.compare import Array, as_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run
from sanity.gradients import numeric_jacobian


def make_linear(*, seed: int, n: int, m: int, soft: int) -> dict[str, Any]:
    """Make a matrix (n, m), vectors of its sizes, and a true distribution over n: one-hot, or any if soft is 1."""
    rng = np.random.default_rng(seed)
    y = rng.dirichlet(np.ones(n)) if soft else np.eye(n)[int(rng.integers(n))]
    return {
        "W": rng.standard_normal((n, m)),
        "x": rng.standard_normal(m),
        "delta": rng.standard_normal(n),
        "logits": 2 * rng.standard_normal(n),
        "y": y,
    }


LINEAR = Cases(
    make_linear,
    {"n": (2, 5), "m": (2, 5), "soft": (0, 1)},
    "W of shape ({n}, {m})",
    ({"n": 4, "m": 3}, {"n": 2, "m": 5, "soft": 1}),
    drawn=2,
)
"""A matrix and vectors to multiply."""


TOLERANCE = 1e-7


def is_measured(run: Run, asked: Probe, case: Case, f: Callable[[Array], Array], x: Array) -> None:
    """Raise CheckFailed unless a probe's only output is the derivative of f at x."""
    [name] = asked.form if isinstance(asked.form, tuple) else (asked.form,)
    slopes = numeric_jacobian(f, x)
    got = as_array(str(name), run(asked, case)[str(name)], slopes)
    if got.shape != slopes.shape or not (np.abs(got - slopes) <= TOLERANCE * (1 + np.abs(slopes))).all():
        transposed = got.T.shape == slopes.shape and np.allclose(got.T, slopes, atol=1e-6)
        diagnosis = f"the {name} is transposed" if transposed else ""
        raise CheckFailed(f"the {name} is not the one that small steps measure", diagnosis=diagnosis)


def drill(call: str, values: str, function: str) -> str:
    """Spell a call that returns one derivative, and what small steps measure."""
    return f"""\
import jacobians
import numpy as np

from sanity.gradients import numeric_jacobian

{values}
print("the answer:", jacobians.{call}, sep="\\n")
print("small steps measure:", numeric_jacobian({function}), sep="\\n")
"""
