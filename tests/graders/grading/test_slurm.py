"""`trivium grade --slurm`, from the command to the marks, with commands that behave as SLURM's do on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from demo.generated import write_generated
from graders import GradeOptions, Isolation, grade_class
from graders.cli.main import main
from graders.course.assignment import course_root
from tests.graders.grading.test_cluster import exports, rows
from tests.support.processes import running
from tests.support.slurm import FakeSlurm

pytestmark = pytest.mark.skipif(find_spec("dask_jobqueue") is None, reason="the extra `slurm` is not installed")

CONFIGURATION = """
jobqueue:
  slurm:
    queue: cpu
    cores: 1
    interface: lo
    job-extra-directives: ["--comment=marks"]
"""


def test_a_dry_run_shows_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_generated(tmp_path / "class", "a2", 2)
    arguments = ["grade", "a2", tmp_path / "class", "--slurm", 3, "--dry-run", "--out", tmp_path / "out"]
    assert main([*map(str, arguments)]) == 0
    said = capsys.readouterr().out
    assert "class of 2; nothing was graded\n\neach of 3 jobs of SLURM would run:\n\n#!/usr/bin/env bash\n" in said
    assert "#SBATCH -n 1\n" in said and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--slurm", "0"], "--slurm 0: expected 1 or more"),
        (["--slurm", "2", "--scheduler", "tcp://node1:8786"], "--slurm: --scheduler has workers; leave it out"),
    ],
)
def test_options_that_cannot_be_are_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["grade", "a2", str(tmp_path), *options]) == 2
    assert capsys.readouterr().err == f"trivium grade: {message}\n"


@pytest.mark.slow
def test_a_class_in_jobs_of_slurm_that_is_stopped_and_resumed(tmp_path: Path, isolation: Isolation) -> None:
    """After Ctrl-C the jobs are cancelled; after a kill they end by themselves; the marks are those of this machine."""
    write_generated(tmp_path / "class", "a2", 30)
    fake, configuration = FakeSlurm(tmp_path / "fake"), tmp_path / "dask"
    configuration.mkdir()
    (configuration / "jobqueue.yaml").write_text(CONFIGURATION)
    command = [sys.executable, "-m", "graders.cli", "grade", "a2", tmp_path / "class", "--out", tmp_path / "out"]
    command += ["--questions", "1a", "--seed", "7", "--isolation", isolation, "--slurm", "2"]
    environment = {
        **os.environ,
        "PATH": f"{fake.path}:{os.environ['PATH']}",
        "PYTHONPATH": str(course_root()),
        "DASK_CONFIG": str(configuration),
        "DASK_JOBQUEUE__SLURM__DEATH_TIMEOUT": "5",
        "OMP_NUM_THREADS": "1",
    }
    before = 0
    for jobs, (stop, status) in enumerate([(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL), (None, 0)], 1):
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        if stop:
            graded = (line for line in process.stderr if "/30 " in line and "graded before" not in line)
            for _ in zip(range(5), graded, strict=False):
                pass
            process.send_signal(stop)
        said = process.stderr.read()
        assert process.wait() == status, said
        while running(str(fake.state)) or running(str(tmp_path / "out" / "slurm")):
            time.sleep(0.1)
        assert len(fake.scripts) == 2 * jobs
        before, earlier = len(rows(tmp_path / "out")), before
        assert earlier + 5 <= before and (before < 30) == bool(stop)
    assert fake.cancelled == 4  # those of the killed run ended by themselves
    assert all("#SBATCH -p cpu\n" in script and "#SBATCH --comment=marks\n" in script for script in fake.scripts)

    options = GradeOptions(
        assignment="a2",
        paths=[tmp_path / "class"],
        questions=["1a"],
        seed=7,
        isolation=isolation,
        out=tmp_path / "here",
    )
    grade_class(options)
    assert rows(tmp_path / "out") == rows(tmp_path / "here")
    shared = {name: text for name, text in exports(tmp_path / "out").items() if not name.startswith("slurm/")}
    assert shared == exports(tmp_path / "here")
