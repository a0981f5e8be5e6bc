"""Runs jobs on this machine, in threads of this process, which wait for processes that the jobs start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

from graders.engine.job import JobFailed, JobT, OutcomeT, Tell, attempt

POLL_SECONDS = 1.0
"""How long to wait at a time: Python can miss a Ctrl-C that comes just before a wait, until the wait ends."""


def run(
    jobs: Sequence[JobT],
    function: Callable[[JobT, Tell], OutcomeT | JobFailed],
    done: Callable[[JobT, OutcomeT | JobFailed], None],
    *,
    told: Callable[[JobT, Any], None],
    share: int,
    finish: Callable[[], None],
) -> list[OutcomeT | JobFailed]:
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

    outcomes: dict[int, OutcomeT | JobFailed] = {}
    with ExitStack() as end:
        end.callback(finish)
        pool = ThreadPoolExecutor(share)
        end.callback(pool.shutdown, cancel_futures=True)
        end.callback(cancelled.set)  # before the pool waits for its jobs; without effect if all have ended
        running = {pool.submit(attempt_one, job): index for index, job in enumerate(jobs)}
        while running:
            finished, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in sorted(finished, key=running.__getitem__):
                index = running.pop(future)
                outcomes[index] = future.result()
                done(jobs[index], outcomes[index])
    return [outcomes[index] for index in range(len(jobs))]
