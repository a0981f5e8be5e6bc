"""Runs jobs on this machine, in threads of this process, which wait for processes that the jobs start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import islice
from typing import Any

from graders.engine.job import JobFailed, JobT, OutcomeT, Tell, attempt

POLL_SECONDS = 1.0
"""How long to wait at a time: Python can miss a Ctrl-C that comes just before a wait, until the wait ends."""
AHEAD = 1
"""Jobs that wait beside the running ones, so that no thread idles while the next one is made."""


def run(
    jobs: Iterator[JobT],
    function: Callable[[JobT, Tell], OutcomeT | JobFailed],
    done: Callable[[JobT, OutcomeT | JobFailed], None],
    *,
    told: Callable[[JobT, Any], None],
    share: int,
    finish: Callable[[], None],
) -> None:
    """Do what `graders.engine.run` says. `told` is called in the threads of the jobs.

    This thread only waits, so that Ctrl-C never interrupts a job in the middle of a request to a process. The running
    jobs end when they next tell something.
    """
    cancelled = threading.Event()

    def attempt_one(job: JobT) -> OutcomeT | JobFailed:
        def tell(message: Any) -> None:
            if cancelled.is_set():
                raise CancelledError
            told(job, message)

        return attempt(function, job, tell)

    with ExitStack() as end:
        end.callback(finish)
        pool = ThreadPoolExecutor(share)
        end.callback(pool.shutdown, cancel_futures=True)
        end.callback(cancelled.set)  # before the pool waits for its jobs; without effect if all have ended
        running: dict[Future[OutcomeT | JobFailed], JobT] = {}
        while True:
            for job in islice(jobs, share + AHEAD - len(running)):
                running[pool.submit(attempt_one, job)] = job
            if not running:
                return
            finished, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in [future for future in running if future in finished]:
                done(running.pop(future), future.result())
