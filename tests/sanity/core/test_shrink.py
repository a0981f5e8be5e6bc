"""Shrinking: the smallest failing case is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sanity.core.case import Case
from sanity.core.errors import CheckFailed, CouldNotRun, GraderFailed
from sanity.core.judge import judge
from sanity.core.probe import Probe
from sanity.core.shrink import MAX_CALLS, shrink
from tests.support.drawn import SIZES, make_check

PROBE = Probe("size", "size()", "size", {}, lambda code, case: None)


def size(probe: Any, case: Case) -> dict[str, int]:
    return {"size": case.n}


def at_most(limit: int) -> Any:
    def holds(run: Any, case: Case) -> None:
        if run(PROBE, case)["size"] > limit:
            raise CheckFailed("too many")

    return make_check(holds)


@pytest.mark.parametrize("limit", [0, 2, 5])
def test_a_failing_case_shrinks_to_the_smallest_that_fails(limit):
    smaller = shrink(at_most(limit), SIZES.case(n=9, seed=77), size, size)
    assert smaller.values == {"n": limit + 1, "seed": 0}


def test_a_failure_that_does_not_come_again_stays_as_it_was():
    case = SIZES.case(n=9)
    assert shrink(at_most(9), case, size, size) is case


def test_shrinking_ends():
    calls = 0

    def counted(probe: Any, case: Case) -> dict[str, int]:
        nonlocal calls
        calls += 1
        return size(probe, case)

    shrink(at_most(2), SIZES.case(n=9), counted, size)
    assert 0 < calls <= MAX_CALLS


def test_a_crash_is_not_taken_for_the_failure():
    def crashes_when_small(probe: Any, case: Case) -> dict[str, int]:
        if case.n < 6:
            raise CouldNotRun("size() raised ValueError")
        return size(probe, case)

    assert shrink(at_most(2), SIZES.case(n=9), crashes_when_small, size).n == 6


@pytest.mark.parametrize("calls", [1, 2, 5])
def test_a_grader_that_fails_meanwhile_is_no_failure_of_the_check(calls):
    asked = []

    def dies(probe, case):
        asked.append(case)
        if len(asked) == calls:
            raise GraderFailed("a zygote died")
        return size(probe, case)

    with pytest.raises(GraderFailed, match=r"^a zygote died$"):
        shrink(at_most(2), SIZES.case(n=9), dies, size)
    assert len(asked) == calls


def test_judging_says_the_smallest_case():
    cases = SIZES.drawn_cases(1, 20)
    verdict = judge(at_most(4), cases, size, size, lambda check, case: shrink(check, case, size, size))
    assert (verdict.outcome, verdict.case) == ("failed", "n = 5")


NAMELESS = """
import pwd
def getpwuid(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")
pwd.getpwuid = getpwuid
"""

SHRINKS = """
from types import SimpleNamespace
from hypothesis.internal import charmap
from tests.sanity.core.test_shrink import at_most, size
from sanity.core.shrink import shrink
from tests.support.drawn import SIZES
assert shrink(at_most(2), SIZES.case(n=9), size, size).n == 3
charmap.sys = SimpleNamespace(maxunicode=1000)  # all of Unicode takes a second
charmap.charmap()  # Hypothesis writes tables of Unicode as soon as a text is drawn
"""


def shrinks_in(folder: Path, script: str, **env: str) -> list[str]:
    """Shrink a case in a child whose working directory is a student's folder; return what it leaves there."""
    student = folder / "a4"
    student.mkdir()
    unset = ("HOME", "XDG_CACHE_HOME", "HYPOTHESIS_STORAGE_DIRECTORY", "LOGNAME", "USER", "LNAME", "USERNAME")
    inherited = {name: value for name, value in os.environ.items() if name not in unset}
    path = os.pathsep.join([str(Path(__file__).parents[3]), *sys.path])
    subprocess.run(
        [sys.executable, "-c", script], cwd=student, env={**inherited, "PYTHONPATH": path, **env}, check=True
    )
    return sorted(path.name for path in student.iterdir())


def test_hypothesis_keeps_its_notes_in_the_cache_and_never_in_the_students_folder(tmp_path):
    assert shrinks_in(tmp_path, SHRINKS, HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache")) == []
    assert list((tmp_path / "cache" / "trivium" / "hypothesis").iterdir())


def test_a_user_without_a_name_and_a_home_can_shrink(tmp_path):
    assert shrinks_in(tmp_path, NAMELESS + SHRINKS) == []


@pytest.mark.parametrize("home", ["/dev/null", "", "relative"])
def test_a_home_that_takes_no_files_is_no_obstacle(tmp_path, home):
    assert shrinks_in(tmp_path, NAMELESS + SHRINKS, HOME=home) == []
