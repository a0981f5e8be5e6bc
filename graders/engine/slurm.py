"""Workers in jobs of SLURM: dask-jobqueue writes the job script, submits it and cancels what is left of it.

What a job asks SLURM for is Dask's own configuration, the section `jobqueue.slurm`. Here is only what our jobs need.
"""

# mypy: untyped-calls-exclude="dask_jobqueue,distributed"

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from graders.engine.job import RESUME, RunFailed, line

if TYPE_CHECKING:
    from dask_jobqueue.slurm import SLURMCluster

LISTS = ("job-script-prologue", "job-extra-directives", "job-directives-skip", "worker-extra-args")
"""Options of a job that are lists: of a text dask-jobqueue would take each character."""
MEMORY_GIB = 4
"""Of a core, unless the configuration has `memory`: a sandbox with torch takes one, and the reference's another."""


@dataclass(frozen=True)
class Slurm:
    """Jobs of SLURM that a run starts, and that end with it."""

    jobs: int
    """How many."""
    folder: Path
    """For their logs and, while the run lasts, the keys of its TLS connections. On a file system that all nodes see."""


def job_script(slurm: Slurm, share: int, resource: str = "CPU") -> str:
    """Return the script of each job, as a run would submit it, but for the names of address, worker and keys.

    Raises RunFailed for a configuration that cannot be used.
    """
    options = _options(slurm, share, resource)
    from dask_jobqueue.slurm import SLURMJob
    from distributed.security import Security

    folder = options.pop("shared_temp_directory")
    keys = {f"tls_{name}": f"{folder}/{name}" for name in ("ca_file", "worker_cert", "worker_key")}
    with patch("os.makedirs"), _configuration():  # a script that is only shown needs no folder for its logs
        job = SLURMJob("tls://ADDRESS", name="NAME", protocol="tls://", security=Security(**keys), **options)
        return str(job.job_script())


@contextmanager
def running(slurm: Slurm, share: int, resource: str) -> Iterator[SLURMCluster]:
    """Start a scheduler in this process, and submit the jobs; yield the cluster before any of them has begun.

    All connections are encrypted, with keys that only this user may read: the nodes are shared with strangers.
    Afterwards the jobs are cancelled. If this process is killed, they end by themselves. Raises RunFailed.
    """
    options = _options(slurm, share, resource)
    import dask
    from dask_jobqueue.slurm import SLURMCluster

    if missing := [name for name in ("sbatch", "scancel", "squeue") if not shutil.which(name)]:
        raise RunFailed(
            f"{missing[0]} is not there: run this on a machine of the SLURM cluster, such as its login node"
        )
    slurm.folder.mkdir(parents=True, exist_ok=True)
    with dask.config.set({"distributed.scheduler.http.routes": []}), _configuration():
        cluster = SLURMCluster(security=True, scheduler_options=_scheduler_options(), **options)
    with _without_keys(cluster), cluster:
        try:
            cluster.sync(_submit, cluster, slurm.jobs)
        except RuntimeError as error:
            raise RunFailed(f"sbatch refused a job: {_said(error)}") from None
        yield cluster


@contextmanager
def _configuration() -> Iterator[None]:
    """Turn what dask-jobqueue raises for a configuration, such as an interface that is not there, into RunFailed."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, OSError) as error:
        raise RunFailed(f"Dask's configuration, jobqueue.slurm: {line(error)}") from None


async def _submit(cluster: SLURMCluster, jobs: int) -> None:
    """Submit jobs; raise RuntimeError for one that is refused, which `scale` alone leaves to a log."""
    from distributed.core import Status

    cluster.scale(jobs=jobs)
    try:
        await cluster._correct_state()
    except RuntimeError:
        for job in cluster.workers.values():
            if job.status is Status.created:  # else the cluster refuses to close
                job.status = Status.failed
        raise


@contextmanager
def _without_keys(cluster: SLURMCluster) -> Iterator[None]:
    """Remove the keys afterwards; dask-jobqueue leaves that to the collection of garbage."""
    try:
        yield
    finally:
        for name, value in vars(cluster).items():
            if name.startswith("_job_") and hasattr(value, "close"):
                value.close()


def require_jobs(cluster: SLURMCluster, folder: Path) -> None:
    """Raise RunFailed if SLURM has no job of this cluster any more, waiting or running; not if it does not answer."""
    mine = {str(job.job_id) for job in cluster.workers.values()}
    command = ["squeue", "--noheader", "--format=%A", f"--user={os.getuid()}"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode == 0 and mine.isdisjoint(said.stdout.split()):
        raise RunFailed(f"SLURM has ended all its jobs, as their logs in {folder} may explain; {RESUME}")


def import_jobqueue() -> None:
    """Import dask-jobqueue, by which its defaults become part of Dask's configuration; raise RunFailed without it.

    Its module `runner`, which we do not use, takes Ctrl-C for itself as it is imported: that is given back.
    """
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        import_module("cryptography")  # for the keys
        import_module("dask_jobqueue")
    except ImportError as error:
        raise RunFailed(f"{error.name} is not installed: pip install 'trivium[slurm]'") from None
    except ValueError as error:  # Dask reads its configuration
        raise RunFailed(line(error)) from None
    finally:
        if signal.getsignal(signal.SIGINT) is not on_interrupt:
            signal.signal(signal.SIGINT, on_interrupt)


def _options(slurm: Slurm, share: int, resource: str) -> dict[str, Any]:
    """Return what dask-jobqueue is asked for beyond the configuration: a worker, of `share` threads, for each job."""
    import_jobqueue()
    import dask

    configured = dask.config.get("jobqueue.slurm")
    for name in LISTS:
        if not isinstance(configured[name], list):
            raise RunFailed(f"jobqueue.slurm.{name} is {configured[name]!r}: expected a list")
    cores = configured["cores"] or share
    if not isinstance(cores, int) or cores < share:
        raise RunFailed(f"jobqueue.slurm.cores is {cores}: expected {share} or more for --jobs {share}")
    workers = cores // share if resource == "CPU" else 1
    folder = str(slurm.folder.absolute())
    if len(folder.split()) > 1:  # dask-jobqueue writes it into a shell script as it is
        raise RunFailed(f"{folder}: expected a path without spaces")
    return {
        "cores": workers * share,
        "memory": configured["memory"] or f"{MEMORY_GIB * cores} GiB",
        "processes": workers,
        "job_cpu": configured["job-cpu"] or cores,
        "worker_extra_args": [*configured["worker-extra-args"], "--no-dashboard", "--resources", f"{resource}=1"],
        "log_directory": configured["log-directory"] or folder,
        "shared_temp_directory": configured["shared-temp-directory"] or folder,
    }


def _scheduler_options() -> dict[str, Any]:
    import dask

    return {"dashboard": False, "dashboard_address": ":0", **dask.config.get("jobqueue.slurm.scheduler-options")}


def _said(error: RuntimeError) -> str:
    """Return what a command wrote to standard error, as one line, from dask-jobqueue's report of it."""
    said = re.search(r"(?s)stderr:\n(.*)", str(error))
    return " ".join((said[1] if said else str(error)).split())
