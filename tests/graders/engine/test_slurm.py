"""Jobs of SLURM: the script, and whole runs with commands that behave as SLURM's do, on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from graders import engine
from graders.course.assignment import course_root
from graders.engine.job import RunFailed
from graders.engine.slurm import Slurm, import_jobqueue, job_script
from tests.graders.engine import jobs
from tests.graders.engine.jobs import Job
from tests.graders.engine.test_engine import outcomes
from tests.support.processes import running
from tests.support.slurm import FakeSlurm

pytestmark = pytest.mark.skipif(find_spec("dask_jobqueue") is None, reason="the extra `slurm` is not installed")


def configured(**options: Any) -> Any:
    import_jobqueue()
    import dask

    return dask.config.set({f"jobqueue.slurm.{name.replace('_', '-')}": value for name, value in options.items()})


def test_the_script_of_a_job_asks_for_what_is_configured_and_starts_workers_that_the_engine_takes(
    tmp_path: Path,
) -> None:
    with configured(
        queue="cpu", account="nlp", walltime="01:00:00", cores=8, job_script_prologue=["module load python"]
    ):
        script = job_script(Slurm(20, tmp_path / "slurm"), share=1)
    logs = tmp_path / "slurm" / "dask-worker-%J"
    assert script.splitlines() == [
        "#!/usr/bin/env bash",
        "",
        "#SBATCH -J dask-worker",
        f"#SBATCH -e {logs}.err",
        f"#SBATCH -o {logs}.out",
        "#SBATCH -p cpu",
        "#SBATCH -A nlp",
        "#SBATCH -n 1",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --mem=32G",
        "#SBATCH -t 01:00:00",
        "module load python",
        f"{sys.executable} -m distributed.cli.dask_worker tls://ADDRESS --name NAME --nthreads 1 "
        "--memory-limit 4.00GiB --nworkers 8 --nanny --death-timeout 60 --no-dashboard --resources CPU=1 "
        f"--protocol tls:// --tls-ca-file {tmp_path}/slurm/ca_file --tls-cert {tmp_path}/slurm/worker_cert "
        f"--tls-key {tmp_path}/slurm/worker_key",
    ]


def test_workers_that_share_take_as_many_threads(tmp_path: Path) -> None:
    with configured(cores=7, memory="20 GiB"):
        assert " --nthreads 2 --memory-limit 6.67GiB --nworkers 3 " in job_script(Slurm(1, tmp_path), share=2)
        gpu = job_script(Slurm(1, tmp_path), share=2, resource="GPU")
    assert " --nthreads 2 --memory-limit 20.00GiB --nanny " in gpu and " --resources GPU=1 " in gpu


def test_without_a_word_of_configuration_a_job_is_one_core(tmp_path: Path) -> None:
    script = job_script(Slurm(1, tmp_path), share=1)
    assert "#SBATCH --cpus-per-task=1\n#SBATCH --mem=4G\n" in script and "#SBATCH -p" not in script


def test_ctrl_c_stays_what_it_was_in_any_thread() -> None:
    program = """
import signal, threading
from graders.engine.slurm import import_jobqueue
thread = threading.Thread(target=import_jobqueue)
thread.start()
thread.join()
import dask
assert dask.config.get("jobqueue.slurm.walltime") and signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": str(course_root())})


def refused(slurm: Slurm, share: int = 1) -> str:
    """Return why a run is refused."""
    with pytest.raises(RunFailed) as error:
        outcomes([Job("ada", slurm.folder)], jobs.work, scheduler=slurm, share=share)
    message = str(error.value)
    assert message.startswith("--slurm: ") and "\n" not in message
    return message.removeprefix("--slurm: ")


def test_what_cannot_be_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(Slurm(1, tmp_path)) == (
        "sbatch is not there: run this on a machine of the SLURM cluster, such as its login node"
    )
    with configured(cores=2):
        assert refused(Slurm(1, tmp_path), share=3) == "jobqueue.slurm.cores is 2: expected 3 or more for --jobs 3"
    folder = tmp_path / "of Ada"
    assert refused(Slurm(1, folder)) == f"{folder}: expected a path without spaces"
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    assert refused(Slurm(1, tmp_path)) == "dask_jobqueue is not installed: pip install 'trivium[slurm]'"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cores": "eight"}, "jobqueue.slurm.cores is eight: expected 1 or more for --jobs 1"),
        ({"memory": "3 bananas"}, "Dask's configuration, jobqueue.slurm: ValueError: Could not interpret 'bananas' as"),
        ({"memory": 12}, "Dask's configuration, jobqueue.slurm: TypeError: "),
        (
            {"job_script_prologue": "module load"},
            "jobqueue.slurm.job-script-prologue is 'module load': expected a list",
        ),
        ({"worker_extra_args": None}, "jobqueue.slurm.worker-extra-args is None: expected a list"),
    ],
)
def test_a_configuration_that_cannot_be_is_a_line(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with configured(**options), pytest.raises(RunFailed) as error:
        job_script(Slurm(1, tmp_path), share=1)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


def test_a_configuration_that_is_no_yaml_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "jobqueue.yaml").write_text("jobqueue: [\n")
    program = "from graders.engine.slurm import import_jobqueue as f\ntry: f()\nexcept Exception as e: print(e)"
    environment = {**os.environ, "PYTHONPATH": str(course_root()), "DASK_CONFIG": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", program], check=True, env=environment, capture_output=True, text=True)
    assert said.stdout.startswith(f"ValueError: A dask config file at '{tmp_path}/jobqueue.yaml' is malformed")
    assert len(said.stdout.splitlines()) == 1


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlurm]:
    """SLURM's commands in the PATH, and the course where workers import it. No process is left of its jobs."""
    fake = FakeSlurm(tmp_path / "fake")
    monkeypatch.setenv("PATH", f"{fake.path}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(course_root()))
    yield fake
    while running(str(fake.state)) or running(str(tmp_path / "slurm")):
        time.sleep(0.1)


@pytest.mark.slow
def test_jobs_run_in_jobs_of_slurm_which_are_cancelled_at_the_end(tmp_path: Path, commands: FakeSlurm) -> None:
    work = tmp_path / "work"
    work.mkdir()
    asked = [Job("once", work, deaths=1), *(Job(name, work, company=1) for name in "abc")]
    with configured(interface="lo"):
        spans = outcomes(asked, jobs.work, scheduler=Slurm(2, tmp_path / "slurm"))
    assert [span.name for span in spans] == ["once", "a", "b", "c"]
    assert len(commands.scripts) == commands.cancelled == 2
    assert not list((tmp_path / "slurm").iterdir())  # the keys are gone


@pytest.mark.slow
def test_jobs_that_slurm_refuses_or_loses_are_a_line(
    tmp_path: Path, commands: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graders.engine.dask.PATIENCE", 1.0)
    slurm = Slurm(2, tmp_path / "slurm")
    with configured(interface="lo", python="/nowhere/python"):
        assert refused(slurm) == (
            f"SLURM has ended all its jobs, as their logs in {slurm.folder} may explain; "
            "run the same command again to resume"
        )
    (commands.path / "sbatch").write_text("#!/bin/sh\necho 'sbatch: error: invalid partition' >&2; exit 1\n")
    with configured(interface="lo"):
        assert refused(slurm) == "sbatch refused a job: sbatch: error: invalid partition"


@pytest.mark.slow
def test_a_run_waits_while_its_jobs_do(tmp_path: Path, commands: FakeSlurm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.engine.dask.PATIENCE", 0.5)
    with configured(interface="lo", job_script_prologue=["sleep 3"]):
        assert len(outcomes([Job("ada", tmp_path)], jobs.work, scheduler=Slurm(1, tmp_path / "slurm"))) == 1


def test_nothing_is_submitted_if_there_is_nothing_to_do(tmp_path: Path) -> None:
    engine.run([], jobs.work, lambda job, outcome: None, scheduler=Slurm(1, tmp_path / "slurm"))
    assert not (tmp_path / "slurm").exists()
