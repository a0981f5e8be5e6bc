"""Runs jobs on a Dask cluster: on this machine, or one given by its scheduler's address.

A machine offers the resource CPU or GPU, and a job needs a share of it. Results are unpickled, which is safe because
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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sanity.core.errors import UserError

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

JobT = TypeVar("JobT")
OutcomeT = TypeVar("OutcomeT")

MAX_DEATHS = 2
"""A job fails when this many workers died while they ran it."""
POLL_SECONDS = 1.0
"""How often to check for new and lost workers."""
PATIENCE = 120.0
"""Seconds to wait for a worker while there are jobs."""
RESUME = "run the same command again to resume"
CONNECT_SECONDS = 10.0
"""Seconds for a scheduler to answer."""


class ClusterError(UserError):
    """The cluster is not available."""


@dataclass(frozen=True)
class JobFailed:
    """The outcome of a job whose worker died or whose function raised; the message is one line."""

    message: str


def run(
    jobs: Sequence[JobT],
    function: Callable[[JobT], OutcomeT],
    done: Callable[[JobT, OutcomeT | JobFailed], None],
    *,
    resource: str = "CPU",
    share: int = 1,
    scheduler: str | None = None,
) -> list[OutcomeT | JobFailed]:
    """Call `function` for each job; return the outcomes in the order of the jobs.

    Args:
        jobs: picklable; started in this order.
        function: of an importable module; called in the workers. Its return value is pickled.
        done: called with each outcome as it arrives, in this thread.
        resource: the resource that a job needs, "CPU" or "GPU".
        share: how many jobs run on one such resource at the same time. On this machine that many workers are started,
            each a process that runs one job at a time.
        scheduler: address of another cluster, such as tcp://node1:8786. Its workers must be started with
            `--resources "GPU=1"`, have the same files under the same paths, and import the same course.

    A job whose worker died is tried once more. Ctrl-C ends the workers of this machine; those of another scheduler
    finish their current jobs. Raises ClusterError.
    """
    if scheduler is None:
        share = max(1, min(share, len(jobs)))
    with _without_logs(), _client(scheduler, resource, share) as client, _on_interrupt() as interrupted:
        return _Run(client, jobs, function, done, {resource: _part(share)}).outcomes(interrupted)


class _Run(Generic[JobT, OutcomeT]):
    """One call of `run`.

    It never submits more jobs than the cluster can run at the same time. When a worker dies, Dask reports KilledWorker
    for every job that was sent to it, also for those that only waited there; so no job may wait there. Dask's own
    retries are off (`allowed-failures` is 0), because deaths are counted here, by job.
    """

    def __init__(
        self,
        client: Client,
        jobs: Sequence[JobT],
        function: Callable[[JobT], OutcomeT],
        done: Callable[[JobT, OutcomeT | JobFailed], None],
        needs: Mapping[str, float],
    ) -> None:
        self._client, self._jobs, self._function, self._done, self._needs = client, jobs, function, done, needs
        self._waiting = deque(range(len(jobs)))
        self._running: dict[Future[OutcomeT], int] = {}
        self._deaths = [0] * len(jobs)
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
                    raise ClusterError(f"the cluster has had no worker for {PATIENCE:g} s; {RESUME}")
                while self._waiting and len(self._running) < capacity:
                    self._start(self._waiting.popleft())
                for future in self._finished():
                    self._end(future, self._running.pop(future))
        finally:
            self._client.cancel(list(self._running))
        return [self._outcomes[index] for index in range(len(self._jobs))]

    def _start(self, index: int) -> None:
        job = self._jobs[index]
        self._running[self._client.submit(self._function, job, pure=False, resources=dict(self._needs))] = index

    def _finished(self) -> list[Future[OutcomeT]]:
        """Wait until a job ends, at most POLL_SECONDS; return the finished ones."""
        from distributed import wait

        if not self._running:
            time.sleep(POLL_SECONDS)
        else:
            with contextlib.suppress(TimeoutError):
                wait(self._running, timeout=POLL_SECONDS, return_when="FIRST_COMPLETED")
        return [future for future in self._running if future.done()]

    def _end(self, future: Future[OutcomeT], index: int) -> None:
        from distributed import KilledWorker

        if future.cancelled():
            raise ClusterError(f"the cluster's scheduler has gone; {RESUME}")
        error = future.exception()
        if isinstance(error, KilledWorker):
            self._deaths[index] += 1
            if self._deaths[index] < MAX_DEATHS:
                self._waiting.appendleft(index)
                return
            outcome: OutcomeT | JobFailed = JobFailed(f"its worker died {MAX_DEATHS} times")
        elif error is not None:
            text = " ".join(str(error).split())
            outcome = JobFailed(f"{type(error).__name__}{': ' * bool(text)}{text}")
        else:
            outcome = future.result()
        self._outcomes[index] = outcome
        self._done(self._jobs[index], outcome)


def _capacity(client: Client, needs: Mapping[str, float]) -> int:
    """Return how many jobs the cluster can run at the same time."""
    try:
        workers = client.scheduler_info()["workers"]
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
    """Disable Dask's logs: errors are reported in one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def _on_interrupt() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C sets. A KeyboardInterrupt could be raised, and lost, in a callback of Dask."""
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda number, frame: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _client(scheduler: str | None, resource: str, share: int) -> Iterator[Client]:
    """Yield a client of the cluster at an address, or of a new cluster on this machine, which ends afterwards."""
    from distributed import Client

    if scheduler is None:
        with _local_cluster(resource, share) as cluster, Client(cluster) as client:
            yield client
        return
    if not re.fullmatch(r"(tcp|tls)://\S+:\d+", scheduler):
        raise ClusterError(f"--scheduler {scheduler}: expected an address such as tcp://node1:8786")
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except OSError as error:
        raise ClusterError(f"--scheduler {scheduler}: no Dask scheduler answers there: {error}") from None
    with client:
        if not _capacity(client, {resource: _part(share)}):
            raise ClusterError(
                f"--scheduler {scheduler}: none of its workers offers the resource {resource}; "
                f'start them with `dask worker {scheduler} --nthreads {share} --resources "{resource}=1"`'
            )
        yield client


@contextlib.contextmanager
def _local_cluster(resource: str, share: int) -> Iterator[LocalCluster]:
    """Yield a cluster on this machine: a process for each share, so that one that dies affects no other job."""
    import cryptography  # noqa: F401  # for Security, which reports its absence in many lines
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    settings = {
        "distributed.scheduler.allowed-failures": 0,  # deaths are counted here
        "distributed.scheduler.http.routes": [],  # no pages for other users of this machine
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=share,
            threads_per_worker=1,
            resources={resource: _part(share)},
            memory_limit=None,
            preload="import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",  # we end them
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            security=Security.temporary(),  # without TLS, any user of this machine could run code in our workers
            silence_logs=logging.CRITICAL,  # in the workers
        ) as cluster,
    ):
        yield cluster
