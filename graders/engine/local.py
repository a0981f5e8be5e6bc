"""Runs jobs on this machine, in threads that wait for processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

JobT = TypeVar("JobT")
OutcomeT = TypeVar("OutcomeT")


def run(
    jobs: Sequence[JobT],
    function: Callable[[JobT], OutcomeT],
    done: Callable[[JobT, OutcomeT | BaseException], None],
    *,
    workers: int,
    stop: Callable[[], None],
) -> None:
    """Call `function` for each job in parallel, and `done` with each outcome as it arrives.

    Args:
        jobs: started in this order.
        function: called in other threads. The exception that it raises is the job's outcome.
        done: called in this thread. If it raises, or on Ctrl-C, no more jobs are started, and the exception is raised
            once the running jobs have ended.
        workers: the number of jobs that run at the same time.
        stop: called if the run ends early, to make the running jobs end sooner.
    """
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(function, job): job for job in jobs}
        try:
            for future in as_completed(running):
                done(running.pop(future), future.exception() or future.result())
        except BaseException:
            stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
