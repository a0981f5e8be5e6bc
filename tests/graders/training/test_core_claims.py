"""Cores: no two trainings have the same ones, and who ends gives his back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from graders.training.core_claims import claim_cores

ALL = frozenset(os.sched_getaffinity(0))


@pytest.fixture(autouse=True)
def nobody_else() -> None:
    with claim_cores(len(ALL)), claim_cores(1) as more:
        all_are_taken = more == ALL
    with claim_cores(1) as one:
        if not all_are_taken or len(one) != 1:  # others have some, or all
            pytest.skip("a training runs on this machine")


def test_two_trainings_have_cores_of_their_own() -> None:
    if len(ALL) < 2:
        pytest.skip("one core")
    with claim_cores(1) as one, claim_cores(1) as other:
        assert len(one) == len(other) == 1
        assert one != other


def test_where_too_few_are_free_all_are_shared() -> None:
    with claim_cores(len(ALL)) as all_of_them:
        assert all_of_them == ALL
        with claim_cores(1) as shared:
            assert shared == ALL
    with claim_cores(len(ALL) + 1) as too_many:
        assert too_many == ALL
        with claim_cores(1) as one:
            assert len(one) == 1


def test_what_is_claimed_is_free_again_after_a_kill() -> None:
    script = """
import os, signal
from graders.training.core_claims import claim_cores
with claim_cores(len(os.sched_getaffinity(0))), claim_cores(1) as more:
    assert more == os.sched_getaffinity(0)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    with claim_cores(1) as one:
        assert len(one) == 1
