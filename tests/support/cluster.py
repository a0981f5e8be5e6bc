"""A Dask cluster of real processes on 127.0.0.1, as staff start one on several machines."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from graders.course.assignment import course_root


@dataclass(frozen=True)
class Cluster:
    """Its scheduler's address, and the process of each worker."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def running_cluster(
    folder: Path, workers: int, environments: Mapping[int, Mapping[str, str]] | None = None
) -> Iterator[Cluster]:
    """Start a scheduler and workers without a nanny, which offer CPU=1; end them afterwards.

    Args:
        folder: for the scheduler's address and the workers' files.
        workers: how many.
        environments: changes to the environment of a worker, by its number.
    """
    told = folder / "scheduler.json"
    with ExitStack() as processes:

        def start(command: str, *arguments: object, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{command}", "--no-dashboard", *map(str, arguments)],
                env={**os.environ, "PYTHONPATH": str(course_root()), **environment},
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            processes.callback(process.wait)
            processes.callback(process.terminate)
            return process

        start("dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--scheduler-file", told, environment={})
        started = [
            start(
                "dask_worker",
                *("--scheduler-file", told, "--no-nanny", "--nthreads", 1, "--resources", "CPU=1"),
                *("--host", "127.0.0.1"),
                environment=(environments or {}).get(number, {}),
            )
            for number in range(workers)
        ]
        from distributed import Client

        with Client(scheduler_file=str(told)) as client:  # waits for the file
            client.wait_for_workers(workers)
            address = str(client.scheduler.address)
        yield Cluster(address, started)
