"""A question's time limit on the student's machine, as the grader has it; and the place where code was stopped."""

from __future__ import annotations

import faulthandler
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

from sanity.core.calling import LocalRun, SubmissionError, answers_of, ask, submission_error
from sanity.core.case import Case
from sanity.core.errors import CouldNotRun
from sanity.core.manifest import Question
from sanity.core.probe import Answers, Probe
from sanity.core.submission_modules import SubmissionModules, module_name
from sanity.core.time_limit import WALL, TookTooLong, time_limit

GRACE = 5.0
"""Seconds on the clock after the limit: then code that cannot be stopped ends the process."""
BEAT = 1.0
"""Seconds between two looks of the thread that does so."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with the place where it came; one line."""


class LimitedRun:
    """A Run on this machine whose calls share the seconds of a question, imports of the submission included.

    Args:
        run: what calls the submission.
        seconds: the limit; None for none.
        lift: how to check without a limit, for the hint; "" if there is no way.
    """

    def __init__(self, run: LocalRun, seconds: float | None, lift: str = "") -> None:
        self.run, self.seconds, self.lift = run, seconds, lift
        self.question: Question | None = None
        self._imported: set[str] = set()
        self.doing, self.since = "", time.monotonic()
        """What runs, "" while nothing of the submission does, and since when; another thread reads them."""

    def begin(self, question: Question, each_call: bool = False) -> None:
        """Give the calls that follow the time of one question; with each_call, each of them has all of it."""
        self.question, self.each_call = question, each_call
        self.left = self.seconds
        self.over: CouldNotRun | None = None

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Call the probe and return its outputs by name."""
        assert self.question is not None
        for library in probe.needs:
            import_library(library)  # that takes seconds, which are not the submission's
        file = self.question.file
        if file not in self._imported:
            self._timed(f"importing {file}", lambda: self._import(file))
        reply = self._timed(probe.what, lambda: ask(probe, self.run.code, case))
        return answers_of(probe, reply, self.run.files, self.run.known)

    def _import(self, file: str) -> None:
        """Import the question's module, so that this is what has taken the time; the call raises what it raises."""
        try:
            getattr(self.run.code, module_name(file))
            self._imported.add(file)
        except (KeyboardInterrupt, TookTooLong):
            raise
        except BaseException:  # whatever a submission raises
            return

    def _timed(self, what: str, do: Callable[[], object]) -> object:
        if self.over:
            raise self.over
        left = self.seconds if self.each_call else self.left
        began = (time.process_time(), time.monotonic())
        self.since, self.doing = began[1], what
        try:
            with time_limit(left):
                reply = do()
        except TookTooLong as error:
            reply = self._error(error)
        except KeyboardInterrupt as error:
            raise Interrupted(self.stopped(_where_of(self._error(error)))) from None
        finally:
            self.doing = ""
            if self.left is not None:
                self.left -= max(time.process_time() - began[0], (time.monotonic() - began[1]) / WALL)
        if isinstance(reply, SubmissionError) and reply.type == TookTooLong.__name__:
            self.over = self._too_long(what, reply)
            raise self.over
        return reply

    def _error(self, error: BaseException) -> SubmissionError:
        return submission_error(error, self.run.code.folder, self.run.code.place)

    def _too_long(self, what: str, place: SubmissionError) -> CouldNotRun:
        where = f"in {place.file}, line {place.line}," if place.file else "still running"
        trace = "\n".join(place.trace.splitlines()[:-1])  # the last line is our own exception
        said = f"{what} took too long: it was {where} when {self.seconds:g} s were over"
        return CouldNotRun(said, hint="; ".join(filter(None, (self._grader, self.lift))), detail=trace)

    @property
    def _grader(self) -> str:
        return f"the grader would stop it after {self.seconds:g} s" if self.seconds is not None else ""

    def stopped(self, where: str) -> str:
        """Say that the submission was stopped, where, and what the grader would do."""
        assert self.question is not None
        said = f"stopped {where}in question {self.question.id}: {self.question.name}"
        return "; ".join(filter(None, (said, self._grader)))


def import_library(name: str) -> None:
    """Import a library without looking for garbage meanwhile, nor later in what it has made: torch makes no garbage."""
    if name in sys.modules:
        return
    collecting = gc.isenabled()
    gc.disable()
    try:
        import_module(name)
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


@contextmanager
def ended_at_the_latest(run: LimitedRun) -> Iterator[None]:
    """End this process, with the place, if a call does not let itself be stopped: a loop in C code, or `except:`.

    A thread does so. If it cannot run either, because the C code leaves no time to any other thread, Python's
    faulthandler does, whose report is longer.
    """
    if run.seconds is None:
        yield
        return
    seconds, main, over = WALL * run.seconds + GRACE, threading.main_thread().ident, threading.Event()

    def put_off() -> None:
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or 2)

    def watch() -> None:
        while not over.wait(BEAT):
            put_off()
            if run.doing and time.monotonic() - run.since > seconds:
                said = run.stopped(_where(sys._current_frames().get(main or 0), run.run.code))
                print(f"sanity_check.py: {said}; it does not let itself be stopped", file=sys.__stderr__, flush=True)
                os._exit(1)

    put_off()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        faulthandler.cancel_dump_traceback_later()


def _where_of(place: SubmissionError) -> str:
    return f"in {place.file}, line {place.line}, " if place.file else ""


def _where(frame: FrameType | None, code: SubmissionModules) -> str:
    """Return the innermost file and line of the submission in a stack: "in utils.py, line 3, ", or ""."""
    while frame is not None:
        if place := code.place(frame.f_code.co_filename):
            return f"in {place}, line {frame.f_lineno}, "
        frame = frame.f_back
    return ""
