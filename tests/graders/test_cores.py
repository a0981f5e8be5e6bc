"""The cores that may be used: those of this process, not of the machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from graders.cores import usable_cores

SCRIPT = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from graders.cores import usable_cores
from graders.training.job import TrainingLimits
print(usable_cores(), TrainingLimits().threads)
"""


def test_a_process_on_one_core_uses_one() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["1", "1"]


@pytest.mark.parametrize(("quota", "cores"), [((150_000, 100_000), 2), ((50_000, 100_000), 1), ((None, None), 3)])
def test_a_containers_quota_counts_too(
    monkeypatch: pytest.MonkeyPatch, quota: tuple[int | None, int | None], cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(os, "process_cpu_count", lambda: 3, raising=False)
    monkeypatch.setattr("dask.system.psutil", None)
    monkeypatch.setattr("dask.system._try_extract_cgroup_cpu_quota", lambda: quota)
    assert usable_cores() == cores


def test_the_help_does_not_wait_for_it() -> None:
    script = "import sys, graders.cli.main as main; main.parser(); print('dask' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
