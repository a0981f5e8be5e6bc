"""The arguments of a call: copies of a case's values, and whether the call changed them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sanity.core.case import Case
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run


def copies(case: Case, *names: str) -> dict[str, Any]:
    """Copy some values of a case, so that the submission cannot change it."""
    return {name: copied(case.values[name]) for name in names}


def copied(value: Any) -> Any:
    """Copy an array; other values stay as they are."""
    return value.copy() if isinstance(value, np.ndarray) else value


def changed(function: Callable[..., Any], arguments: Mapping[str, Any]) -> list[str]:
    """Call a function by keyword; return the names of the arrays that are not what they were."""
    before = {name: copied(value) for name, value in arguments.items()}
    function(**arguments)
    arrays = [name for name, value in before.items() if isinstance(value, np.ndarray)]
    return [name for name in arrays if not np.array_equal(arguments[name], before[name])]


def unchanged(run: Run, probe: Probe, case: Case) -> None:
    """Raise CheckFailed if a call changed its arguments; the probe's only output is what `changed` returns."""
    if run(probe, case)[str(probe.form)]:
        diagnosis = "an in-place operation, such as += or [i] -=, works on an argument instead of a copy"
        raise CheckFailed(f"{probe.what} changed its arguments", diagnosis=diagnosis)
