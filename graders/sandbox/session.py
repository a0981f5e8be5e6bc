"""Session: calls probes on one submission in sandboxed workers, with time limits: see clock.py."""

from __future__ import annotations

import os
import secrets
import selectors
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Self

from graders.sandbox.alive import signal_text, survives
from graders.sandbox.captured_output import CapturedOutput
from graders.sandbox.clock import WALL_STOP, MachineBusy, WorkerClock
from graders.sandbox.folders import MIN_BYTES, sizes
from graders.sandbox.inside.wire import (
    Ask,
    AskAll,
    Failure,
    Sealed,
    WireError,
    decode_sealed,
    encode,
    opened,
)
from graders.sandbox.requests import Calls, IncomingFrame, Replies
from graders.sandbox.zygote import WorkerHandle, Zygote
from sanity.core.assignment_package import load_known_errors
from sanity.core.calling import SubmissionError, answers_of, problem_of
from sanity.core.case import Case
from sanity.core.errors import CouldNotRun
from sanity.core.known_errors import Known
from sanity.core.probe import Answers, Probe
from sanity.core.submission_modules import module_name

MAX_FOLDER = 64 * 2**20
"""Largest size of a worker's folder, in bytes."""
MAX_THREADS = 64
MAX_DEATHS = 3
"""Dead workers of one question after which its other checks are not run."""
POLL_SECONDS = 0.25
"""How often a waiting grader checks the worker's time, folder and threads."""
LAST_SECONDS = 0.01
"""The shortest wait for a worker whose time is nearly over."""


def new_id() -> int:
    """Return a number that a worker cannot guess."""
    return secrets.randbits(63)


class Session:
    """A Run in the sandbox: calls probes on one submission. Use as a context manager.

    A worker is forked when it is first needed, and again after one died, so that a crash fails only one check. The
    checks of a question share one time limit. While the grader waits for answers, the worker's clock runs.
    """

    def __init__(self, zygote: Zygote, files: Mapping[str, bytes]) -> None:
        self._zygote, self._files = zygote, files
        self._module, self._seconds = "", 0.0
        self._left, self._wall_left, self._deaths = 0.0, 0.0, 0
        self._worker: WorkerHandle | None = None
        self._clock: WorkerClock
        self._streams: selectors.BaseSelector
        self._imported: set[str] = set()
        self._broken: dict[str, CouldNotRun] = {}
        self._printed = CapturedOutput()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def begin(self, module: str, seconds: float) -> None:
        """Start a question: the module that it is about, and its time limit in seconds."""
        self._module, self._seconds = module, seconds
        self._left, self._wall_left, self._deaths = seconds, WALL_STOP * seconds, 0
        self._printed = CapturedOutput()

    @cached_property
    def _known_errors(self) -> Known:
        return load_known_errors(self._zygote.profile.assignment)

    @cached_property
    def _named(self) -> frozenset[str]:
        """The files that messages may name: those that were asked for or are given."""
        return frozenset(name for names in self._zygote.profile.modules for name in names)

    @property
    def unused(self) -> bool:
        """Whether there is no worker now, so that the next call is the first of a new one."""
        return self._worker is None

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Call one probe; raise CouldNotRun or CheckFailed as `sanity.core.calling.answers_of` does."""
        self._prepare()
        reply = self._ask(Ask(new_id(), probe.name, dict(case.values)), probe.what)
        return answers_of(probe, reply, self._files, self._known_errors, self._named)

    def ask_all(self, calls: Calls, known: Container[bytes] = ()) -> Replies:
        """Make many calls at once. Answers with a digest that is known are not looked at: they were before.

        Raise CouldNotRun or CheckFailed if anything else than calls that raised is wrong with any of them.
        """
        self._prepare()
        what, files = "answering many calls at once", self._files
        reply = self._request(AskAll(new_id(), calls.encoded), what)
        if isinstance(reply, Failure):
            raise problem_of(reply.raised, what, files, self._known_errors, self._named)
        digest = sha256(reply.value).digest()
        if digest in known:
            return Replies(digest, {})
        with self._protocol(what):
            replies = opened(reply)
        if not isinstance(replies, list) or [type(reply) for reply in replies] != [list] * len(calls.asked):
            raise CouldNotRun(f"{what} broke the protocol")
        answers = {
            (probe.name, case): answers_of(probe, answer[0], files, self._known_errors, self._named)
            for (probe, case), answer in zip(calls.asked, replies, strict=True)
            if answer
        }
        return Replies(digest, answers)

    def _prepare(self) -> None:
        """Make sure that there is a worker which has imported the question's module; else raise CouldNotRun."""
        if self._module in self._broken:
            raise self._broken[self._module]
        if self._left <= 0 or self._deaths >= MAX_DEATHS:
            raise CouldNotRun("not run: earlier checks used up this question's time or workers")
        if self._worker is None:
            self._start()
        if self._module not in self._imported:
            self._import()

    def _start(self) -> None:
        """Fork a worker, and watch its streams."""
        self._worker, self._imported = self._zygote.fork(self._files, WALL_STOP * self._left), set()
        self._clock = WorkerClock(self._worker.pid)
        self._worker.channel.setblocking(False)
        self._streams = selectors.DefaultSelector()
        self._streams.register(self._worker.channel, selectors.EVENT_READ)
        self._streams.register(self._worker.output, selectors.EVENT_READ)

    def _import(self) -> None:
        """Import the question's module in the worker. One that fails in a new worker is not tried again."""
        file = self._file_of(self._module)
        what = f"importing {file}"
        alone = not self._imported
        try:
            raised = self._ask(Ask(new_id(), self._module), what)
            if isinstance(raised, SubmissionError):
                raise problem_of(raised, what, self._files, self._known_errors, self._named)
        except CouldNotRun as problem:
            if alone:  # else the cause may be a module imported earlier
                self._broken[self._module] = problem
            raise
        self._imported.add(self._module)

    def _file_of(self, module: str) -> str:
        """Return the file of a module, under the name it was handed in with."""
        names = next((names for names in self._zygote.profile.modules if module_name(names[0]) == module), ())
        return next((name for name in names if name in self._files), f"{module}.py")

    @property
    def printed(self) -> str:
        """The start and the end of the submission's output, sanitized, without its folder's path."""
        return self._printed.text(self._zygote.scratch)

    def _ask(self, request: Ask | AskAll, what: str) -> Any:
        """Send one request; return the plain answer or the SubmissionError. Any other outcome ends the worker."""
        reply = self._request(request, what)
        if isinstance(reply, Failure):
            return reply.raised
        with self._protocol(what):
            return opened(reply)

    @contextmanager
    def _protocol(self, what: str) -> Iterator[None]:
        """Turn a WireError in the block of a `with` into CouldNotRun, and end the worker."""
        try:
            yield
        except WireError as error:
            self.end()
            raise CouldNotRun(f"{what} broke the protocol: {error}") from None

    def _request(self, request: Ask | AskAll, what: str) -> Sealed | Failure:
        """Send one request; return its reply. Any other outcome ends the worker."""
        assert self._worker is not None
        self._clock.restart()
        try:
            with self._protocol(what):
                reply = self._exchange(self._worker, encode(request), what)
                if reply.id != request.id:
                    raise WireError("a reply to another request")
        except (CouldNotRun, MachineBusy):
            self.end()
            raise
        except (ConnectionError, EOFError):
            raise CouldNotRun(f"{what} {self._cause_of_death()}") from None
        finally:
            self._left -= self._clock.seconds
            self._wall_left -= self._clock.wall
        return reply

    def _exchange(self, worker: WorkerHandle, frame: bytes, what: str) -> Sealed | Failure:
        """Send a frame and return its one reply within the time left; collect the worker's output meanwhile.

        All three streams are served in one loop, because each can block the others: a worker may write output until
        the pipe is full before it reads the request, and may reply before it has read all of it. The latter breaks the
        protocol: the reply could not depend on the request.
        """
        pending, reply = memoryview(frame), IncomingFrame()
        with suppress(BlockingIOError):
            pending = pending[worker.channel.send(pending) :]
        if pending:
            self._streams.modify(worker.channel, selectors.EVENT_READ | selectors.EVENT_WRITE)
        next_check = time.monotonic() + POLL_SECONDS
        while not reply.complete:
            left = self._time_left(what)
            now = time.monotonic()
            if now > next_check:
                self._check_limits(worker, what)
                next_check = now + POLL_SECONDS
            for key, events in self._streams.select(min(max(left, LAST_SECONDS), next_check - now)):
                if key.fileobj == worker.output:
                    if not self._printed.drain(worker.output):
                        self._streams.unregister(worker.output)
                    continue
                if events & selectors.EVENT_WRITE:
                    with suppress(BlockingIOError):  # woken, by something else than room for more
                        pending = pending[worker.channel.send(pending) :]
                    if not pending:
                        self._streams.modify(worker.channel, selectors.EVENT_READ)
                if events & selectors.EVENT_READ and reply.receive(worker.channel) and pending:
                    raise WireError("a reply before the request was read")
        self._printed.drain(worker.output)
        return decode_sealed(reply.body)

    def _time_left(self, what: str) -> float:
        """Return the seconds that the question has left; raise CouldNotRun if they are over.

        Raise MachineBusy if they are not, and yet the wall clock says that it will never end.
        """
        left = self._left - self._clock.seconds
        if left <= 0:
            raise CouldNotRun(f"{what} took too long: this question has {self._seconds:g} s")
        if self._clock.wall > self._wall_left:
            raise MachineBusy(what, self._seconds)
        return left

    def _check_limits(self, worker: WorkerHandle, what: str) -> None:
        """Raise CouldNotRun if the worker has too many threads or too large a folder."""
        with suppress(OSError):  # it has just exited
            if Path(f"/proc/{worker.pid}/task").stat().st_nlink - 2 > MAX_THREADS:
                raise CouldNotRun(f"{what} started more than {MAX_THREADS} threads")
        try:
            size = sum(islice(sizes(worker.folder), MAX_FOLDER // MIN_BYTES))
        except (OSError, RecursionError):
            raise CouldNotRun(f"{what} nested folders too deeply, or hid them") from None
        if size >= MAX_FOLDER:
            raise CouldNotRun(f"{what} wrote more than {MAX_FOLDER // 2**20} MB of files")

    def _cause_of_death(self) -> str:
        """Say what became of a worker that has closed its connection, and end it."""
        closed = self._worker is not None and survives(self._worker.pid)
        status = self.end()
        if closed:
            return "broke the protocol: it closed its connection"
        if os.WIFSIGNALED(status):
            return f"died{signal_text(os.WTERMSIG(status))}"
        return "ended the process instead of returning"

    def end(self) -> int:
        """End the worker, if there is one; return its wait status. The next call forks a new one."""
        if self._worker is None:
            return 0
        worker, self._worker = self._worker, None
        self._streams.close()
        self._deaths += 1
        self._printed.drain(worker.output)
        return int(self._zygote.reap(worker)["status"])
