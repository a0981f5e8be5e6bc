"""Trainings over a real Dask cluster: order, shares of a resource, deaths, errors, and an interrupt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from graders.course.assignment import course_root
from graders.engine.dask import ClusterError, JobFailed, run

pytest.importorskip("distributed")


class Job(NamedTuple):
    """What a test asks for."""

    name: str
    folder: Path
    deaths: int = 0
    """How often its worker dies."""
    company: int = 0
    """How many other jobs it waits for, that they run at the same time."""


class Span(NamedTuple):
    """When a job ran, by the clock that all processes share."""

    name: str
    began: float
    ended: float


def train_one(job: Job, tell: Tell) -> Span:
    """Work a little; leave a file for each time that it is tried."""
    began = time.monotonic()
    tries = len(list(job.folder.glob(f"{job.name}.*")))
    (job.folder / f"{job.name}.{tries}").touch()
    if tries < job.deaths:
        os._exit(1)
    while len({path.stem for path in job.folder.iterdir()}) <= job.company:
        time.sleep(0.01)
    time.sleep(0.1)
    return Span(job.name, began, time.monotonic())


def fail(job: Job) -> Span:
    raise ValueError(f"{job.name} is\nwrong")


def sleep(job: Job) -> None:
    (job.folder / str(os.getpid())).touch()
    time.sleep(600)


def train(jobs: list[Job], train_one: Callable[[Job], Any] = train_one, **options: Any) -> list[Any]:
    """Train on a cluster; check that each outcome is told once."""
    told: dict[str, object] = {}
    outcomes = run(jobs, train_one, lambda job, outcome: told.update({job.name: outcome}), **options)
    assert [told[job.name] for job in jobs] == outcomes and len(told) == len(jobs)
    return outcomes


def most_at_a_time(spans: list[Span]) -> int:
    return max(sum(other.began <= span.began < other.ended for other in spans) for span in spans)


@pytest.fixture
def gpu_cluster() -> Iterator[Any]:
    """A cluster whose one worker has threads for four jobs, and a GPU."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=4, resources={"GPU": 1}, dashboard_address="127.0.0.1:0", memory_limit=None
    ) as cluster:
        yield cluster


@pytest.fixture
def gpu_node(gpu_cluster: Any) -> str:
    """The address of its scheduler."""
    return str(gpu_cluster.scheduler_address)


def test_as_many_jobs_as_share_this_machine_run_at_a_time(tmp_path: Path) -> None:
    jobs = [Job(name, tmp_path, company=1) for name in "abcde"]
    spans = train(jobs, share=2)
    assert [span.name for span in spans] == list("abcde")
    assert most_at_a_time(spans) == 2


def test_jobs_that_share_a_gpu_of_another_cluster_wait_for_their_share(tmp_path: Path, gpu_node: str) -> None:
    jobs = [Job(name, tmp_path, company=1) for name in "abcdef"]
    assert most_at_a_time(train(jobs, resource="GPU", share=2, scheduler=gpu_node)) == 2
    alone = [Job(f"{name}2", tmp_path) for name in "abc"]
    assert most_at_a_time(train(alone, resource="GPU", share=1, scheduler=gpu_node)) == 1


@pytest.mark.parametrize("share", [1, 2])
def test_a_job_whose_worker_dies_is_tried_once_more_and_takes_no_other_with_it(tmp_path: Path, share: int) -> None:
    jobs = [Job("once", tmp_path, deaths=1), Job("twice", tmp_path, deaths=2), Job("never", tmp_path)]
    once, twice, never = train(jobs, share=share)
    assert (once.name, never.name) == ("once", "never")
    assert twice == JobFailed("its worker died 2 times")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["never.0", "once.0", "once.1", "twice.0", "twice.1"]


def test_an_error_is_a_line(tmp_path: Path) -> None:
    assert train([Job("ada", tmp_path)], fail) == [JobFailed("ValueError: ada is wrong")]


@pytest.mark.parametrize("address", ["", "node1", "node1:8786", "http://node1:8786", "tcp://node1", "tcp://node1:port"])
def test_what_is_no_address_is_a_line(tmp_path: Path, address: str) -> None:
    with pytest.raises(ClusterError) as error:
        train([Job("ada", tmp_path)], scheduler=address)
    assert str(error.value) == f"--scheduler {address}: expected an address such as tcp://node1:8786"


def test_nobody_answers_at_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.engine.dask.CONNECT_SECONDS", 0.5)
    with pytest.raises(ClusterError) as error:
        train([Job("ada", tmp_path)], scheduler="tcp://127.0.0.1:1")
    message = str(error.value)
    assert message.startswith("--scheduler tcp://127.0.0.1:1: no Dask scheduler answers there: ")
    assert "\n" not in message


def test_a_cluster_without_what_is_needed(tmp_path: Path, gpu_node: str) -> None:
    with pytest.raises(ClusterError) as error:
        train([Job("ada", tmp_path)], scheduler=gpu_node, share=2)
    assert str(error.value) == (
        f"--scheduler {gpu_node}: none of its workers offers the resource CPU; "
        f'start them with `dask worker {gpu_node} --nthreads 2 --resources "CPU=1"`'
    )


def test_a_scheduler_that_goes_away_is_a_line(tmp_path: Path, gpu_cluster: Any) -> None:
    jobs = [Job("a", tmp_path), Job("b", tmp_path, company=9)]
    with pytest.raises(ClusterError) as error:
        run(
            jobs,
            train_one,
            lambda job, outcome: gpu_cluster.close(),
            resource="GPU",
            share=2,
            scheduler=gpu_cluster.scheduler_address,
        )
    assert str(error.value) == "the cluster's scheduler has gone; run the same command again to resume"


def interrupt(pid: int) -> None:
    """Press Ctrl-C: everything in the terminal's group gets it."""
    os.killpg(pid, signal.SIGINT)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("stop", [interrupt, kill])
def test_the_workers_end_with_what_started_them(tmp_path: Path, stop: Callable[[int], None]) -> None:
    script = (
        "from pathlib import Path; import sys\n"
        "from tests.graders.engine.test_dask import Job, sleep\n"
        "from graders.engine.dask import run\n"
        "if __name__ == '__main__':\n"
        "    run([Job(n, Path(sys.argv[1])) for n in 'abc'], sleep, print, share=2)\n"
    )
    (tmp_path / "main.py").write_text(script)
    seen = tmp_path / "seen"
    seen.mkdir()
    path = os.pathsep.join([str(course_root()), str(Path(__file__).parents[3])])
    main = subprocess.Popen(
        [sys.executable, tmp_path / "main.py", seen],
        env={**os.environ, "PYTHONPATH": path},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while len(list(seen.iterdir())) < 2:
            assert main.poll() is None
            time.sleep(0.05)
        workers = [Path("/proc", path.name, "cmdline") for path in seen.iterdir()]
        assert all(map(running, workers))
        stop(main.pid)
        _, said = main.communicate(timeout=60)
    finally:
        main.kill()
    assert main.returncode not in (0, None)
    assert said.rstrip().endswith("KeyboardInterrupt") or stop is kill
    while any(map(running, workers)):
        time.sleep(0.05)
    assert len(list(seen.iterdir())) == 2


def running(command_line: Path) -> bool:
    """Return whether a process is there, and no zombie."""
    try:
        return bool(command_line.read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False
