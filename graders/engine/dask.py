"""Runs jobs on a Dask cluster, given by its scheduler's address.

A worker offers the resource CPU or GPU, and a job needs a share of it. Results are unpickled, which is safe because
they come from our own code: submissions run in a sandbox without network.
"""

# mypy: untyped-calls-exclude=distributed

from __future__ import annotations

import contextlib
import logging
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from graders.engine.job import JobFailed, JobT, OutcomeT, RunFailed, Tell, attempt, line

if TYPE_CHECKING:
    from distributed import Client, Future

MAX_TRIES = 2
"""A job fails when Dask has given it up this many times because workers died while they had it."""
POLL_SECONDS = 1.0
"""How often to check for new and lost workers, and for Ctrl-C."""
PATIENCE = 120.0
"""Seconds to wait for a worker while there are jobs."""
CONNECT_SECONDS = 10.0
"""Seconds for a scheduler to answer."""
RESUME = "run the same command again to resume"

Function = Callable[[JobT, Tell], OutcomeT | JobFailed]


def run(
    jobs: Sequence[JobT],
    function: Function[JobT, OutcomeT],
    done: Callable[[JobT, OutcomeT | JobFailed], None],
    *,
    told: Callable[[JobT, Any], None],
    share: int,
    finish: Callable[[], None],
    scheduler: str,
    resource: str,
) -> list[OutcomeT | JobFailed]:
    """Do what `graders.engine.run` says. `told` is never called: what a job tells stays on its machine."""
    needs = {resource: _part(share)}
    try:
        with _without_logs(), _client(scheduler) as client:
            _require_course(client, function)
            if not _capacity(client, needs):
                raise RunFailed(
                    f"none of its workers offers the resource {resource}; "
                    f'start them with `dask worker {scheduler} --nthreads {share} --resources "{resource}=1"`'
                )
            try:
                with _on_interrupt() as interrupted:
                    return _Run(client, jobs, function, done, needs).outcomes(interrupted)
            finally:
                with contextlib.suppress(Exception):  # workers, or a scheduler, that have gone
                    client.run(finish, on_error="ignore")
    except RunFailed as error:
        raise RunFailed(f"--scheduler {scheduler}: {error}") from None


class _Run(Generic[JobT, OutcomeT]):
    """One call of `run`.

    It never submits more jobs than the cluster can run at the same time. When a worker dies, Dask counts that against
    every job that was sent to it, also against those that only waited there; so no job may wait there. Jobs that Dask
    moves away from a dead worker may have to wait, beside the one that killed it: so a job is submitted once more.
    """

    def __init__(
        self,
        client: Client,
        jobs: Sequence[JobT],
        function: Function[JobT, OutcomeT],
        done: Callable[[JobT, OutcomeT | JobFailed], None],
        needs: Mapping[str, float],
    ) -> None:
        self._client, self._jobs, self._done, self._needs = client, jobs, done, needs
        self._function = partial(_attempt_here, function)
        self._waiting = deque(range(len(jobs)))
        self._deaths = [0] * len(jobs)
        self._tries = [0] * len(jobs)
        self._running: dict[Future[OutcomeT | JobFailed], int] = {}
        self._outcomes: dict[int, OutcomeT | JobFailed] = {}

    def outcomes(self, interrupted: threading.Event) -> list[OutcomeT | JobFailed]:
        """Run all jobs; raise KeyboardInterrupt soon after `interrupted` is set."""
        last_worker = time.monotonic()
        try:
            while self._waiting or self._running:
                if interrupted.is_set():
                    raise KeyboardInterrupt
                capacity = _capacity(self._client, self._needs)
                last_worker = time.monotonic() if capacity else last_worker
                if time.monotonic() - last_worker > PATIENCE:
                    raise RunFailed(f"it has had no worker for {PATIENCE:g} s; {RESUME}")
                while self._waiting and len(self._running) < capacity:
                    self._start(self._waiting.popleft())
                for future in self._finished():
                    self._end(future, self._running.pop(future))
        finally:
            self._client.cancel(list(self._running))
        return [self._outcomes[index] for index in range(len(self._jobs))]

    def _start(self, index: int) -> None:
        future = self._client.submit(self._function, self._jobs[index], pure=False, resources=dict(self._needs))
        self._running[future] = index

    def _finished(self) -> list[Future[OutcomeT | JobFailed]]:
        """Wait until a job ends, at most POLL_SECONDS; return the finished ones."""
        from distributed import wait

        if not self._running:
            time.sleep(POLL_SECONDS)
        else:
            with contextlib.suppress(TimeoutError):
                wait(self._running, timeout=POLL_SECONDS, return_when="FIRST_COMPLETED")
        return [future for future in self._running if future.done()]

    def _end(self, future: Future[OutcomeT | JobFailed], index: int) -> None:
        from distributed import KilledWorker

        if future.cancelled():
            raise RunFailed(f"its scheduler has gone; {RESUME}")
        error = future.exception()
        if isinstance(error, RunFailed):
            raise error
        if isinstance(error, KilledWorker):
            self._deaths[index] += error.allowed_failures + 1
            self._tries[index] += 1
            if self._tries[index] < MAX_TRIES:
                self._waiting.appendleft(index)
                return
            outcome: OutcomeT | JobFailed = JobFailed(f"its worker died {self._deaths[index]} times")
        elif error is not None:  # such as a job that its worker cannot unpickle
            outcome = JobFailed(line(error))
        else:
            outcome = future.result()
        self._outcomes[index] = outcome
        self._done(self._jobs[index], outcome)


def _attempt_here(function: Function[JobT, OutcomeT], job: JobT) -> OutcomeT | JobFailed:
    """Run a job in a Dask worker. Raise only RunFailed, with the name of this worker."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def tell(message: Any) -> None:
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":  # the run has ended, or its process has
            raise CancelledError

    try:
        return attempt(function, job, tell)
    except (RunFailed, ImportError) as error:
        raise RunFailed(f"worker {worker.address}: {error}") from None


def _require_course(client: Client, function: Callable[..., Any]) -> None:
    """Raise RunFailed unless the scheduler and all workers can import a function: to unpickle jobs they must."""
    found = {f"worker {address}": error for address, error in client.run(id, function, on_error="return").items()}
    try:
        client.run_on_scheduler(id, function)
    except Exception as error:
        found["the scheduler"] = error
    for who, answer in found.items():
        if isinstance(answer, Exception):
            raise RunFailed(
                f"{who} cannot import the course; start it in the same environment as this command: {line(answer)}"
            )


def _capacity(client: Client, needs: Mapping[str, float]) -> int:
    """Return how many jobs the cluster can run at the same time."""
    try:
        scheduler = client.scheduler
        workers = client.sync(scheduler.identity)["workers"] if scheduler else {}  # `scheduler_info` may omit some
    except OSError:  # the scheduler is gone or busy: its jobs are cancelled, or PATIENCE runs out
        return 0
    return sum(_slots(worker, needs) for worker in workers.values())


def _slots(worker: Mapping[str, Any], needs: Mapping[str, float]) -> int:
    """Return how many jobs one worker can run at the same time, by its resources and threads."""
    slots = (int(worker["resources"].get(name, 0) / part) for name, part in needs.items())
    return min(int(worker["nthreads"]), *slots)


def _part(share: int) -> float:
    """Return 1 / share, rounded down, so that all jobs of a resource fit."""
    return int(1e6 / share) / 1e6


@contextlib.contextmanager
def _without_logs() -> Iterator[None]:
    """Disable Dask's logs and its advice on large jobs: errors are reported in one line."""
    import dask

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GiB"}):
            yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def _on_interrupt() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C sets; a second Ctrl-C interrupts as usual.

    A KeyboardInterrupt could be raised, and lost, in a callback of Dask.
    """
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # which alone hears signals
        yield interrupted
        return

    def interrupt(number: int, frame: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _client(scheduler: str) -> Iterator[Client]:
    """Yield a client of the cluster at an address."""
    from distributed import Client

    if not re.fullmatch(r"(tcp|tls)://\S+:\d+", scheduler):
        raise RunFailed("expected an address such as tcp://node1:8786")
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except OSError as error:
        raise RunFailed(f"no Dask scheduler answers there: {error}") from None
    with client:
        yield client
