"""A class whose grading is killed again and again: nothing is lost, nothing is left, and the marks are the same."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.generated import write_generated
from graders import Isolation
from graders.course.assignment import course_root
from tests.graders.grading.test_cluster import exports, rows
from tests.support.processes import running

SUBMISSIONS = 100
KILLS = 10


@pytest.mark.slow
def test_a_class_that_is_killed_at_random_moments_has_the_gradebook_of_an_undisturbed_run(
    tmp_path: Path, isolation: Isolation
) -> None:
    write_generated(tmp_path / "class", "a2", SUBMISSIONS)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(course_root()), "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1"}

    def start(out: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "graders.cli", "grade", "a2", "class", "--out", out, "--seed", "7"]
        command += ["--questions", "1a", "--jobs", "2", "--isolation", isolation]
        said = (tmp_path / f"{out}.log").open("ab")
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=said, stderr=said)

    began = time.monotonic()
    assert start("undisturbed").wait() == 0
    life = time.monotonic() - began
    expected = rows(tmp_path / "undisturbed")
    assert len(expected) == SUBMISSIONS and len({row[3] for row in expected}) > 1  # right and wrong ones

    seed, moments = random.randrange(2**32), list[float]()
    dice = random.Random(seed)
    while len(moments) < KILLS:
        early = len(moments) < KILLS // 2  # so that half of them fall before all is graded, the others into any part
        process, began, moment = start("killed"), time.monotonic(), dice.uniform(0, life * (0.4 if early else 1))
        try:
            assert process.wait(moment) == 0
            life = time.monotonic() - began  # all is graded: the next moments are in its shorter life
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            moments.append(round(moment, 3))
            about = f"seed {seed}: killed at {moments} s of {life:.1f} s"
            while left := running(str(scratch)):
                assert time.monotonic() < began + life + 60, (about, left)
                time.sleep(0.05)
            if (tmp_path / "killed" / "gradebook.sqlite").exists():
                assert set(rows(tmp_path / "killed")) <= set(expected), about

    for path in (tmp_path / "killed").rglob(".*.tmp"):
        os.utime(path, (0, 0))  # as if the last kill were a while ago
    assert start("killed").wait() == 0, about
    assert rows(tmp_path / "killed") == expected, about
    assert exports(tmp_path / "killed") == exports(tmp_path / "undisturbed"), about
    assert not list(scratch.iterdir()), about
