"""Shrinking a failing case, with Hypothesis. Imported only where that is needed: it takes a while."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from random import Random

import hypothesis
import platformdirs
from hypothesis.configuration import set_hypothesis_home_dir

from sanity.core.case import Case
from sanity.core.check import Check, Run
from sanity.core.errors import CheckFailed, GraderFailed
from sanity.core.judge import attempt

MAX_CALLS = 60
"""Calls of a failing check while its case is being shrunk; a second or two."""

_ONE_AT_A_TIME = threading.Lock()


def notes_folder() -> Path:
    """Return where Hypothesis keeps notes: by itself it takes the working directory, here the student's folder.

    Where the user has no home, as a uid without a name has none, it is a folder that nobody can make. Hypothesis then
    does without.
    """
    with suppress(RuntimeError):
        folder = platformdirs.user_cache_path("trivium") / "hypothesis"
        if folder.is_absolute():  # else "~" stands for an unknown home, in older versions of platformdirs
            return folder
    return Path(os.devnull) / "hypothesis"


if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
    set_hypothesis_home_dir(notes_folder())


def shrink(check: Check, case: Case, run: Run, expect: Run) -> Case:
    """Return the smallest case found on which the check fails, as it does on the case given. Raises GraderFailed."""
    failed: dict[str, bool] = {}
    broken: list[GraderFailed] = []

    def fails(candidate: Case) -> bool:
        if candidate.digest not in failed:
            more = len(failed) < MAX_CALLS and not broken
            try:
                failed[candidate.digest] = more and isinstance(attempt(check, run, expect, candidate), CheckFailed)
            except GraderFailed as error:  # raised below: Hypothesis would try to find a small case of it
                broken.append(error)
                failed[candidate.digest] = False
        return failed[candidate.digest]

    # Without the phase that explains: it calls the check on, for a report that nobody reads.
    phases = [hypothesis.Phase.generate, hypothesis.Phase.shrink]
    settings = hypothesis.settings(
        max_examples=MAX_CALLS // 3,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    with _ONE_AT_A_TIME, suppress(hypothesis.errors.NoSuchExample):
        case = hypothesis.find(check.cases.strategy(), fails, settings=settings, random=Random(0))
    if broken:
        raise broken[0]
    return case
