"""Work on this machine: a function called for many jobs, in threads that wait for processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")


def run(
    jobs: Sequence[Job],
    function: Callable[[Job], Outcome],
    done: Callable[[Job, Outcome | BaseException], None],
    *,
    workers: int,
    stop: Callable[[], None],
) -> None:
    """Call function for each job, some at a time, and done with each outcome as it arrives, in this thread.

    Args:
        jobs: started in this order.
        function: called in other threads; what it raises is the job's outcome.
        done: told of every outcome. What it raises, Ctrl-C too, ends the run: jobs that have begun are waited for, no
            other is begun.
        workers: how many jobs run at a time.
        stop: called if the run ends early, so that jobs that have begun can end sooner.
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
