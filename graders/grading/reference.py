"""The live reference: gives the expected answers to hidden cases."""

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
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.judge import CachedRun
from sanity.core.probe import Answers, Probe
from sanity.core.submission_modules import module_name

PATIENCE = 3600.0
"""Seconds for one answer, and of processor time for a class. The reference needs a few; this only ends a hang."""


class Reference:
    """Live reference in its own worker. `ask` is uncached, `expect` is cached.

    Both raise SandboxError if the reference does not answer: that is never the submission's failure. Threads may share
    it.
    """

    def __init__(self, plan: Plan, isolation: Isolation) -> None:
        self._files = {**plan.assignment.given, **plan.assignment.reference}
        self._module = module_name(plan.manifest.submit[-1])
        self._new_zygote = partial(Zygote, Profile.answering(plan.manifest), isolation)
        self._open()
        self._lock = threading.Lock()
        self._cached = CachedRun(self._ask)
        self.calls: dict[str, Calls] = {}
        """By question id: the calls of the first submission that passed it, which later ones get in one request."""

    def _open(self) -> None:
        self._zygote = self._new_zygote()
        self._session = Session(self._zygote, self._files)

    def start(self) -> dict[str, str]:
        """Wait until it can answer; return the versions of its packages."""
        return self._zygote.wait_ready()

    def _ask(self, probe: Probe, case: Case) -> Answers:
        self._session.begin(self._module, PATIENCE)
        try:
            return self._session(probe, case)
        except (CheckFailed, CouldNotRun) as problem:
            raise SandboxError(f"the reference did not answer: {problem}") from None
        except SandboxError:
            self.close()
            self._open()  # for the next call
            raise

    def ask(self, probe: Probe, case: Case) -> Answers:
        """Return the expected answers, uncached: for shrinking, whose cases are not repeated."""
        with self._lock:
            return self._ask(probe, case)

    def expect(self, probe: Probe, case: Case) -> Answers:
        """Return the expected answers, cached: for the cases of the plan."""
        with self._lock:
            return self._cached(probe, case)

    def close(self) -> None:
        """End the worker and its zygote."""
        with suppress(SandboxError):
            self._session.end()
        self._zygote.close()
