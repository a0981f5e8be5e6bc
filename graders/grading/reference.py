"""The reference, answering live in a worker of its own."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial

from graders.grading.plan import Plan
from graders.sandbox.isolation import Isolation, SandboxError
from graders.sandbox.profile import Profile
from graders.sandbox.session import Calls, Session
from graders.sandbox.zygote import Zygote
from sanity.core.case import Case
from sanity.core.check import Answers, Probe
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.judge import CachedRun
from sanity.core.loader import module_name

PATIENCE = 3600.0
"""Seconds for the reference to answer, and for its worker to compute for a class; it needs a few."""


class Reference:
    """The reference, live, in a worker of its own: `ask` for any case, `expect` for those of the exam, remembered.

    Both raise SandboxError if it does not answer, so that its failure is never taken for a submission's.
    """

    def __init__(self, plan: Plan, isolation: Isolation) -> None:
        self._files = {**plan.assignment.given, **plan.assignment.reference}
        self._module = module_name(plan.manifest.submit[-1])
        self._new_zygote = partial(Zygote, Profile.answering(plan.manifest), isolation)
        self._open()
        self._lock = threading.Lock()
        self._remembered = CachedRun(self._ask)
        self.calls: dict[str, Calls] = {}
        """By question, what its checks asked of the first submission that passed it: the next is asked all at once."""

    def _open(self) -> None:
        self._zygote = self._new_zygote()
        self._session = Session(self._zygote, self._files)

    def start(self) -> dict[str, str]:
        """Wait until it can answer; return the versions that it runs on."""
        return self._zygote.wait_ready()

    def _ask(self, probe: Probe, case: Case) -> Answers:
        self._session.begin(self._module, PATIENCE)
        try:
            return self._session(probe, case)
        except (CheckFailed, CouldNotRun) as problem:
            raise SandboxError(f"the reference did not answer: {problem}") from None
        except SandboxError:
            self.close()
            self._open()  # for the next question
            raise

    def ask(self, probe: Probe, case: Case) -> Answers:
        """Return the right answers to any case."""
        with self._lock:
            return self._ask(probe, case)

    def expect(self, probe: Probe, case: Case) -> Answers:
        """Return the right answers to a case that many submissions are asked."""
        with self._lock:
            return self._remembered(probe, case)

    def close(self) -> None:
        """End the worker."""
        with suppress(SandboxError):
            self._session.end()
        self._zygote.close()
