"""Runs jobs on a Dask cluster, given by its scheduler's address or started in jobs of SLURM.

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
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic

from graders.engine import slurm
from graders.engine.job import RESUME, JobFailed, JobT, OutcomeT, RunFailed, Tell, attempt, line
from graders.engine.slurm import Slurm

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

Function = Callable[[JobT, Tell], OutcomeT | JobFailed]


def run(
    jobs: Iterator[JobT],
    function: Function[JobT, OutcomeT],
    done: Callable[[JobT, OutcomeT | JobFailed], None],
    *,
    told: Callable[[JobT, Any], None],
    share: int,
    finish: Callable[[], None],
    scheduler: str | Slurm,
    resource: str,
) -> None:
    """Do what `graders.engine.run` says. `told` is never called: what a job tells stays on its machine."""
    where = "--slurm" if isinstance(scheduler, Slurm) else f"--scheduler {scheduler}"
    needs = {resource: _part(share)}
    try:
        with _without_logs(), _client(scheduler, share, resource) as (client, require_hope):
            _require_course(client, function)
            if isinstance(scheduler, str) and not _capacity(client, needs):
                raise RunFailed(
                    f"none of its workers offers the resource {resource}; "
                    f'start them with `dask worker {scheduler} --nthreads {share} --resources "{resource}=1"`'
                )
            try:
                with _on_interrupt() as interrupted:
                    _Run(client, jobs, function, done, needs, require_hope).until_done(interrupted)
            finally:
                with contextlib.suppress(Exception):  # workers, or a scheduler, that have gone
                    client.run(finish, on_error="ignore")
    except RunFailed as error:
        raise RunFailed(f"{where}: {error}") from None


@dataclass
class _Task(Generic[JobT]):
    """A job, and how often its workers died."""

    job: JobT
    deaths: int = 0
    tries: int = 0


class _Run(Generic[JobT, OutcomeT]):
    """One call of `run`.

    It never submits more jobs than the cluster can run at the same time. When a worker dies, Dask counts that against
    every job that was sent to it, also against those that only waited there; so no job may wait there. Jobs that Dask
    moves away from a dead worker may have to wait, beside the one that killed it: so a job is submitted once more.
    """

    def __init__(
        self,
        client: Client,
        jobs: Iterator[JobT],
        function: Function[JobT, OutcomeT],
        done: Callable[[JobT, OutcomeT | JobFailed], None],
        needs: Mapping[str, float],
        require_hope: Callable[[], None],
    ) -> None:
        self._client, self._done, self._needs, self._require_hope = client, done, needs, require_hope
        self._function = partial(_attempt_here, function)
        self._jobs = map(_Task, jobs)
        self._waiting: deque[_Task[JobT]] = deque(islice(self._jobs, 1))
        """The next job, after those to be tried again. Never empty before the last one has been started."""
        self._running: dict[Future[OutcomeT | JobFailed], _Task[JobT]] = {}
        self._ended: SimpleQueue[Future[OutcomeT | JobFailed]] = SimpleQueue()
        self._room, self._looked_until = 0, 0.0
        self._last_worker = time.monotonic()

    def until_done(self, interrupted: threading.Event) -> None:
        """Run all jobs; raise KeyboardInterrupt soon after `interrupted` is set."""
        try:
            self._start()
            while self._waiting or self._running:
                if interrupted.is_set():
                    raise KeyboardInterrupt
                outcomes = [self._end(future, self._running.pop(future)) for future in self._take_ended()]
                self._start()  # first: no worker need wait until the outcomes are stored
                for ended in outcomes:
                    if ended is not None:
                        self._done(*ended)
        finally:
            self._client.cancel(list(self._running))

    def _start(self) -> None:
        """Submit jobs while there is room."""
        room = self._capacity()  # also if none waits: the running ones need workers
        while self._waiting and len(self._running) < room:
            task = self._waiting.popleft()
            future = self._client.submit(self._function, task.job, pure=False, resources=dict(self._needs))
            self._running[future] = task
            future.add_done_callback(self._ended.put)
            if not self._waiting:
                self._waiting.extend(islice(self._jobs, 1))

    def _capacity(self) -> int:
        """Return how many jobs the cluster can run. It is asked for no more than a tenth of the time.

        The answer of a large cluster is long. Raise RunFailed if there was no worker for PATIENCE, and none will come.
        """
        now = time.monotonic()
        if now >= self._looked_until:
            self._room = _capacity(self._client, self._needs)
            took = time.monotonic() - now
            self._looked_until = now + 10 * took
            if self._room:
                self._last_worker = now
            elif now - self._last_worker > PATIENCE:
                self._require_hope()
                self._last_worker = now
        return self._room

    def _take_ended(self) -> list[Future[OutcomeT | JobFailed]]:
        """Wait until a job ends, at most POLL_SECONDS; return the ended ones."""
        ended = []
        with contextlib.suppress(Empty):
            ended.append(self._ended.get(timeout=POLL_SECONDS))
            while True:
                ended.append(self._ended.get_nowait())
        return ended

    def _end(self, future: Future[OutcomeT | JobFailed], task: _Task[JobT]) -> tuple[JobT, OutcomeT | JobFailed] | None:
        """Return a job with its outcome; None if it is to be tried again."""
        from distributed import KilledWorker

        try:
            return task.job, future.result()
        except (CancelledError, OSError):
            raise RunFailed(f"its scheduler has gone; {RESUME}") from None
        except RunFailed:
            raise
        except KilledWorker as error:
            task.deaths += error.allowed_failures + 1
            task.tries += 1
            if task.tries < MAX_TRIES:
                self._waiting.appendleft(task)
                return None
            return task.job, JobFailed(f"its worker died {task.deaths} times")
        except Exception as error:  # such as a job that its worker cannot unpickle
            return task.job, JobFailed(line(error))


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
def _client(scheduler: str | Slurm, share: int, resource: str) -> Iterator[tuple[Client, Callable[[], None]]]:
    """Yield a client of a cluster; and what raises RunFailed, after PATIENCE without a worker, if none will come."""
    from distributed import Client

    if isinstance(scheduler, Slurm):
        with slurm.running(scheduler, share, resource) as cluster, Client(cluster) as client:
            yield client, partial(slurm.require_jobs, cluster, scheduler.folder)
        return
    if not re.fullmatch(r"(tcp|tls)://\S+:\d+", scheduler):
        raise RunFailed("expected an address such as tcp://node1:8786")
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except OSError as error:
        raise RunFailed(f"no Dask scheduler answers there: {error}") from None
    with client:
        yield client, _give_up


def _give_up() -> None:
    raise RunFailed(f"it has had no worker for {PATIENCE:g} s; {RESUME}")
