"""What only a Dask cluster has: shares of a resource, deaths, no cluster at all, and what its workers import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders import engine
from graders.engine.job import JobFailed, RunFailed
from tests.graders.engine import jobs
from tests.graders.engine.jobs import Job
from tests.graders.engine.test_engine import most_at_a_time, outcomes
from tests.support.cluster import running_cluster

pytest.importorskip("distributed")


def test_a_job_whose_worker_dies_is_tried_again_and_takes_no_other_with_it(tmp_path: Path, cluster: str) -> None:
    asked = [Job("once", tmp_path, deaths=1), Job("always", tmp_path, deaths=9), Job("never", tmp_path)]
    once, always, never = outcomes(asked, jobs.work, scheduler=cluster)
    assert (once.name, never.name) == ("once", "never")
    assert always == JobFailed("its worker died 2 times")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["always.0", "always.1", "never.0", "once.0", "once.1"]


def test_workers_import_no_large_library_for_jobs_that_need_none(tmp_path: Path, cluster: str) -> None:
    assert outcomes([Job("ada", tmp_path)], jobs.imported, scheduler=cluster) == [[]]


def test_a_large_job_is_sent_without_a_word(tmp_path: Path, cluster: str, recwarn: pytest.WarningsRecorder) -> None:
    large = Job("x" * 200, tmp_path / "/".join(["y" * 200] * 100_000))
    engine.run([large], jobs.imported, lambda job, outcome: None, scheduler=cluster)
    assert not recwarn.list


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


def test_jobs_that_share_a_gpu_wait_for_their_share(tmp_path: Path, gpu_node: str) -> None:
    asked = [Job(name, tmp_path, company=1) for name in "abcdef"]
    assert most_at_a_time(outcomes(asked, jobs.work, resource="GPU", share=2, scheduler=gpu_node)) == 2
    alone = [Job(f"{name}2", tmp_path) for name in "abc"]
    assert most_at_a_time(outcomes(alone, jobs.work, resource="GPU", share=1, scheduler=gpu_node)) == 1


def refused(tmp_path: Path, scheduler: str, **options: Any) -> str:
    """Return why a run is refused."""
    with pytest.raises(RunFailed) as error:
        outcomes([Job("ada", tmp_path)], jobs.work, scheduler=scheduler, **options)
    message = str(error.value)
    assert message.startswith(f"--scheduler {scheduler}: ") and "\n" not in message
    return message.removeprefix(f"--scheduler {scheduler}: ")


@pytest.mark.parametrize("address", ["", "node1", "node1:8786", "http://node1:8786", "tcp://node1", "tcp://node1:port"])
def test_what_is_no_address_is_a_line(tmp_path: Path, address: str) -> None:
    assert refused(tmp_path, address) == "expected an address such as tcp://node1:8786"


def test_nobody_answers_at_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.engine.dask.CONNECT_SECONDS", 0.5)
    assert refused(tmp_path, "tcp://127.0.0.1:1").startswith("no Dask scheduler answers there: ")


def test_a_cluster_without_what_is_needed(tmp_path: Path, gpu_node: str) -> None:
    assert refused(tmp_path, gpu_node, share=2) == (
        "none of its workers offers the resource CPU; "
        f'start them with `dask worker {gpu_node} --nthreads 2 --resources "CPU=1"`'
    )


def test_a_scheduler_that_goes_away_is_a_line(tmp_path: Path, gpu_cluster: Any) -> None:
    asked = [Job("a", tmp_path), Job("b", tmp_path, company=9)]
    address = gpu_cluster.scheduler_address
    with pytest.raises(RunFailed) as error:
        engine.run(
            asked, jobs.work, lambda job, outcome: gpu_cluster.close(), resource="GPU", share=2, scheduler=address
        )
    assert str(error.value) == f"--scheduler {address}: its scheduler has gone; run the same command again to resume"


def test_a_cluster_that_has_lost_all_workers_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.engine.dask.PATIENCE", 1.0)
    with running_cluster(tmp_path, workers=1) as cluster, pytest.raises(RunFailed) as error:
        outcomes([Job("ada", tmp_path, deaths=9)], jobs.work, scheduler=cluster.address)
    said = f"--scheduler {cluster.address}: it has had no worker for 1 s; run the same command again to resume"
    assert str(error.value) == said


ONLY_HERE = """
import sys
from graders import engine
from graders.engine.job import RunFailed

def work(job, tell): return job

if __name__ == "__main__":
    import main
    try:
        engine.run([1], main.work, print, scheduler=sys.argv[1])
    except RunFailed as error:
        print(error)
"""


def test_a_cluster_without_the_course_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "main.py").write_text(ONLY_HERE)
    with running_cluster(tmp_path, workers=1) as cluster:
        ran = subprocess.run(
            [sys.executable, tmp_path / "here" / "main.py", cluster.address], capture_output=True, text=True, check=True
        )
    [said] = ran.stdout.splitlines()
    assert said.startswith(f"--scheduler {cluster.address}: worker tcp://127.0.0.1:")
    assert " cannot import the course; start it in the same environment as this command: " in said
    assert said.endswith("""No module named 'main'")""")
