"""Work on a Dask cluster: one of this machine, or one that is named by its scheduler's address.

A machine offers the resource CPU or GPU; a job asks for one share of it. What is unpickled here comes from our own
workers: a submission runs in a sandbox that they start, and it has no network.
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

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

DEATHS = 2
"""Workers that may die with a job before it is given up: it is tried twice."""
LOOK_SECONDS = 1.0
"""How often to look for workers that came or went."""
PATIENCE = 120.0
"""Seconds to wait while there is work to do and no worker to do it."""
GO_ON = "the same command goes on where this stopped"
ANSWER_SECONDS = 10.0
"""For a scheduler to answer."""


class ClusterError(UserError):
    """The cluster cannot be used."""


@dataclass(frozen=True)
class JobFailed:
    """A job that has no outcome, because its worker or the function failed; the message is one line."""

    message: str


def run(
    jobs: Sequence[Job],
    function: Callable[[Job], Outcome],
    done: Callable[[Job, Outcome | JobFailed], None],
    *,
    resource: str = "CPU",
    share: int = 1,
    scheduler: str | None = None,
) -> list[Outcome | JobFailed]:
    """Call function for each job; return the outcomes in the order of jobs.

    Args:
        jobs: picklable; started in this order.
        function: one of an importable module, called in the workers. What it returns is pickled.
        done: told of each outcome as it arrives, in this thread.
        resource: "CPU" or "GPU", what a job needs.
        share: how many jobs run on one such resource at a time. On this machine that many workers are started, each
            a process with one job at a time.
        scheduler: address of a cluster to use instead, such as tcp://node1:8786. Its workers must have been started
            with `--resources "GPU=1"`, see the same files under the same paths, and import the same course.

    A job whose worker dies is tried once more. When this is interrupted the workers of this machine end; those of
    another scheduler finish what they have begun. Raises ClusterError.
    """
    if scheduler is None:
        share = max(1, min(share, len(jobs)))
    with _without_logs(), _client(scheduler, resource, share) as client, _on_interrupt() as interrupted:
        return _Run(client, jobs, function, done, {resource: _part(share)}).outcomes(interrupted)


class _Run(Generic[Job, Outcome]):
    """One call of `run`.

    It hands out no more jobs than there is room for: when a worker dies, Dask blames every job that was sent to it,
    and one that only waited there is innocent.
    """

    def __init__(
        self,
        client: Client,
        jobs: Sequence[Job],
        function: Callable[[Job], Outcome],
        done: Callable[[Job, Outcome | JobFailed], None],
        needs: Mapping[str, float],
    ) -> None:
        self._client, self._jobs, self._function, self._done, self._needs = client, jobs, function, done, needs
        self._waiting = deque(range(len(jobs)))
        self._running: dict[Future[Outcome], int] = {}
        self._deaths = [0] * len(jobs)
        self._outcomes: dict[int, Outcome | JobFailed] = {}

    def outcomes(self, interrupted: threading.Event) -> list[Outcome | JobFailed]:
        """Run all jobs, or raise KeyboardInterrupt soon after interrupted is set."""
        seen = time.monotonic()
        try:
            while self._waiting or self._running:
                if interrupted.is_set():
                    raise KeyboardInterrupt
                room = _room(self._client, self._needs)
                seen = time.monotonic() if room else seen
                if time.monotonic() - seen > PATIENCE:
                    raise ClusterError(f"the cluster has had no worker for {PATIENCE:g} s; {GO_ON}")
                while self._waiting and len(self._running) < room:
                    self._start(self._waiting.popleft())
                for future in self._finished():
                    self._end(future, self._running.pop(future))
        finally:
            self._client.cancel(list(self._running))
        return [self._outcomes[index] for index in range(len(self._jobs))]

    def _start(self, index: int) -> None:
        job = self._jobs[index]
        self._running[self._client.submit(self._function, job, pure=False, resources=dict(self._needs))] = index

    def _finished(self) -> list[Future[Outcome]]:
        """Wait for a look's time or until a job ends; return those that have."""
        from distributed import wait

        if not self._running:
            time.sleep(LOOK_SECONDS)
        else:
            with contextlib.suppress(TimeoutError):
                wait(self._running, timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED")
        return [future for future in self._running if future.done()]

    def _end(self, future: Future[Outcome], index: int) -> None:
        from distributed import KilledWorker

        if future.cancelled():
            raise ClusterError(f"the cluster's scheduler went away; {GO_ON}")
        error = future.exception()
        if isinstance(error, KilledWorker):
            self._deaths[index] += 1
            if self._deaths[index] < DEATHS:
                self._waiting.appendleft(index)
                return
            outcome: Outcome | JobFailed = JobFailed(f"its worker died, {DEATHS} times")
        elif error is not None:
            said = " ".join(str(error).split())
            outcome = JobFailed(f"{type(error).__name__}{': ' * bool(said)}{said}")
        else:
            outcome = future.result()
        self._outcomes[index] = outcome
        self._done(self._jobs[index], outcome)


def _room(client: Client, needs: Mapping[str, float]) -> int:
    """Return how many jobs the cluster's workers can run at a time."""
    try:
        workers = client.scheduler_info()["workers"]
    except OSError:  # its end shows by the jobs, or by there being no workers for long
        return 0
    return sum(_slots(worker, needs) for worker in workers.values())


def _slots(worker: Mapping[str, Any], needs: Mapping[str, float]) -> int:
    room = (int(worker["resources"].get(name, 0) / part) for name, part in needs.items())
    return min(int(worker["nthreads"]), *room)


def _part(share: int) -> float:
    """Return what one of share jobs asks for: rounded down, so that all of them fit."""
    return int(1e6 / share) / 1e6


@contextlib.contextmanager
def _without_logs() -> Iterator[None]:
    """Keep Dask's logs off the terminal: what matters is said in one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def _on_interrupt() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C sets. Raised wherever this thread is, it could be lost in a callback of Dask's."""
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda number, frame: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _client(scheduler: str | None, resource: str, share: int) -> Iterator[Client]:
    """Yield a client of the cluster at an address, or of one that is started here and ends with this."""
    from distributed import Client

    if scheduler is None:
        with _local_cluster(resource, share) as cluster, Client(cluster) as client:
            yield client
        return
    if not re.fullmatch(r"(tcp|tls)://\S+:\d+", scheduler):
        raise ClusterError(f"--scheduler {scheduler}: expected an address such as tcp://node1:8786")
    try:
        client = Client(scheduler, timeout=ANSWER_SECONDS)
    except OSError as error:
        raise ClusterError(f"--scheduler {scheduler}: no Dask scheduler answers there: {error}") from None
    with client:
        if not _room(client, {resource: _part(share)}):
            raise ClusterError(
                f"--scheduler {scheduler}: none of its workers offers the resource {resource}; "
                f'start them with `dask worker {scheduler} --nthreads {share} --resources "{resource}=1"`'
            )
        yield client


@contextlib.contextmanager
def _local_cluster(resource: str, share: int) -> Iterator[LocalCluster]:
    """Yield a cluster of this machine: a process for each share, so that one that dies takes no other with it."""
    import cryptography  # noqa: F401  # for Security, which would not say so in one line
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    settings = {
        "distributed.scheduler.allowed-failures": 0,  # deaths are counted here
        "distributed.scheduler.http.routes": [],  # nothing to see there for others on this machine
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=share,
            threads_per_worker=1,
            resources={resource: _part(share)},
            memory_limit=None,
            preload="import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",  # Ctrl-C is for us: we end them
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            security=Security.temporary(),  # else whoever is logged in here could run code in our workers
            silence_logs=logging.CRITICAL,  # in the workers
        ) as cluster,
    ):
        yield cluster
