"""What a Dask cluster costs on one machine: its overhead on a class, and how fast it hands out jobs that do nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.classes import JOBS, LARGE, SEED, Bench
from benchmarks.measuring import Row, compare, cost_here, interleaved
from graders.course.assignment import load_assignment
from graders.grading.plan import make_plan
from graders.grading.run import GradingRun
from graders.sandbox.isolation import Isolation

NO_OPS = 2000


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Start a scheduler and workers on 127.0.0.1, as `dask worker --nworkers … --nthreads 1` does; yield the address."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        resources={"CPU": 1},
        memory_limit=None,
        dashboard_address="127.0.0.1:0",
    ) as started:
        yield str(started.scheduler_address)


def rows(repeats: int) -> list[Row]:
    """Measure in a new folder."""
    with tempfile.TemporaryDirectory() as folder, cluster(JOBS) as address:
        return [*class_rows(Path(folder), address, repeats), *no_op_rows(Path(folder), address, repeats)]


def class_rows(folder: Path, address: str, repeats: int) -> list[Row]:
    """Grade the same class on this machine's engine and on the cluster, with as many at a time."""
    plan = make_plan(load_assignment("a4"), [], SEED)
    with (
        GradingRun(plan, Isolation.SANDLOCK, JOBS) as here,
        GradingRun(plan, Isolation.SANDLOCK, scheduler=address) as there,
    ):
        one, other = Bench(folder / "here", here, LARGE), Bench(folder / "there", there, LARGE)
        one.grade(JOBS)  # warm
        on_cluster, local = interleaved(
            repeats, lambda: cost_here(lambda: other.grade(LARGE)), lambda: cost_here(lambda: one.grade(LARGE))
        )
    return [compare(f"grade {LARGE} submissions: Dask on this machine ÷ threads", on_cluster, local, "≤ 1.1")]
