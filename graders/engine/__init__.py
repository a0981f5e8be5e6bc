"""Runs jobs in parallel: on this machine, on a Dask cluster given by its scheduler's address, or in jobs of SLURM."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import Any

from graders.engine import dask, local
from graders.engine.job import JobFailed, JobT, OutcomeT, Tell
from graders.engine.slurm import Slurm


def run(
    jobs: Iterable[JobT],
    function: Callable[[JobT, Tell], OutcomeT | JobFailed],
    done: Callable[[JobT, OutcomeT | JobFailed], None],
    *,
    told: Callable[[JobT, Any], None] = lambda job, message: None,
    share: int = 1,
    finish: Callable[[], None] = lambda: None,
    scheduler: str | Slurm | None = None,
    resource: str = "CPU",
) -> None:
    """Call `function` for each job, in parallel, and `done` with each outcome.

    Args:
        jobs: plain values, which can be pickled; started in this order. Each is taken, in this thread, when there is
            room for it, so that they need not all be in memory. If there are none, nothing is started.
        function: of an importable module; called with a job and a Tell, in other threads or processes. Its return
            value is the outcome, and is pickled. What it raises becomes a JobFailed; RunFailed or ImportError end the
            run.
        done: called with each outcome as it arrives, in this thread.
        told: called with what a job tells, in any thread. Jobs on a cluster are not heard.
        share: how many jobs run at the same time on this machine; on a cluster, on one `resource`.
        finish: can be pickled; called when the run ends, however it ends, in each process where jobs ran.
        scheduler: the address of a Dask cluster, such as tcp://node1:8786; None is this machine. Its workers must be
            started with `--resources "CPU=1"`, and import the same course. A job whose worker died is tried again. Or
            a Slurm: a cluster is started for the run, and ends with it.
        resource: what a job needs on a cluster, "CPU" or "GPU".

    On Ctrl-C, or if `done` or `jobs` raises, no more jobs are started, and the running ones end when they next tell
    something; then KeyboardInterrupt, or what was raised, is raised here. Raises RunFailed.
    """
    waiting = iter(jobs)
    for first in waiting:
        chosen = local.run if scheduler is None else partial(dask.run, scheduler=scheduler, resource=resource)
        chosen(chain([first], waiting), function, done, told=told, share=share, finish=finish)
