"""The reference: gives the expected answers to hidden cases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from graders.grading.plan import Plan
from graders.sandbox.isolation import Isolation, SandboxError
from graders.sandbox.profile import Profile
from graders.sandbox.requests import Calls, Key
from graders.sandbox.session import Session
from graders.sandbox.zygote import Zygote
from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.errors import CheckFailed, CouldNotRun, GraderFailed, UserError
from sanity.core.judge import CachedRun, attempt, judge
from sanity.core.probe import Answers, Probe, Run
from sanity.core.recordings import alike, fixed_cases, recording_path
from sanity.core.submission_modules import module_name
from sanity.core.verdict import Outcome, Verdict

PATIENCE = 3600.0
"""Seconds for one answer, and of processor time for a class. The reference needs a few; this only ends a hang."""


class BrokenCheck(GraderFailed, UserError):
    """A check that the reference does not pass, so that it can judge nobody; the message is one line."""


class StaleRecording(GraderFailed, UserError):
    """Students check against other answers than the reference's; the message is one line."""


MOST_PASSED = 200
"""Answers to a question of which verdicts are kept: those that many give are among the first."""


@dataclass(frozen=True)
class Live:
    """A running reference."""

    zygote: Zygote
    session: Session

    def close(self) -> None:
        """End the worker and its zygote."""
        with suppress(SandboxError):
            self.session.end()
        self.zygote.close()


@dataclass(frozen=True)
class NotedCalls:
    """The calls of the first submission that passed a question, which later ones get in one request."""

    calls: Calls
    passed: dict[bytes, list[Verdict]] = field(default_factory=dict)
    """The verdicts on answers that passed, by the digest of all answers: they follow from these."""

    def keep(self, digest: bytes, verdicts: list[Verdict]) -> None:
        """Keep verdicts on answers that passed, unless there are many already: a class need not fit in memory."""
        if len(self.passed) < MOST_PASSED:
            self.passed[digest] = verdicts


class Reference:
    """The answers of the reference. Threads may share it.

    What the plan's checks expect is answered by `prepare`, before there is a submission. Other cases, those of
    shrinking, are answered by a live reference. It starts when it is first needed, and never in a sandbox with a
    submission: within one sandbox, a process can have the supervisor read the memory of another.
    """

    def __init__(self, plan: Plan, isolation: Isolation) -> None:
        self._plan, self._isolation = plan, isolation
        self._files = {**plan.assignment.given, **plan.assignment.reference}
        self._module = module_name(plan.manifest.submit[-1])
        self._known: dict[Key, Answers] = {}
        self._live: Live | None = None
        self._lock, self._validating = threading.Lock(), threading.Lock()
        self._validated: set[Check] = set()
        self.calls: dict[str, NotedCalls] = {}
        """By question id."""
        self._first: dict[str, threading.Event] = {}
        """By question id: set when the first submission that was asked it has been judged."""

    def prepare(self, zygote: Zygote) -> None:
        """Let the reference answer the plan's calls in a worker of this zygote, which has ended when this returns.

        No submission may run in the zygote meanwhile. Raises BrokenCheck if the reference does not pass a check that
        compares with it, StaleRecording if its answers are not the recorded ones, SandboxError if it does not answer.
        """
        with Session(zygote, self._files) as session:
            session.begin(self._module, PATIENCE)
            run = CachedRun(session)
            for checks in self._plan.checks.values():
                for check in checks:
                    if not check.is_property:
                        self._require_passed(check, run)
                        self._require_recorded(check, run)
                        self._foresee(check, run)
        self._known |= {key: answers for key, answers in run.known.items() if not isinstance(answers, Exception)}

    def _require_recorded(self, check: Check, run: Run) -> None:
        """Raise StaleRecording if what students have lacks an answer of the reference, or holds another."""
        recordings = self._plan.recordings

        def recorded(probe: Probe, case: Case) -> Answers:
            answers, same = run(probe, case), False
            with suppress(CheckFailed, CouldNotRun):  # it has none, or one of another form
                same = alike(answers, recordings.expect(probe, case))
            if not same:
                raise StaleRecording(
                    f"{recording_path(self._plan.assignment.name)}: stale: of question {check.question} it does not "
                    f"hold the reference's answer to {probe.name}: run `trivium record {self._plan.assignment.name}`"
                )
            return answers

        for case in fixed_cases(check.cases):
            attempt(check, run, recorded, case)

    def _foresee(self, check: Check, run: CachedRun) -> None:
        """Let the reference answer what a check expects of right submissions of another kind, too."""
        asked: set[Probe] = set()

        def otherwise(probe: Probe, case: Case) -> Answers:
            asked.add(probe)
            return run(probe, case) if probe.otherwise is None else probe.otherwise

        for case in self._plan.cases[check.cases]:
            attempt(check, otherwise, run, case)
            if all(probe.otherwise is None for probe in asked):
                return

    @contextmanager
    def turn(self, question: str, seconds: float) -> Iterator[NotedCalls | None]:
        """In the block of a `with`, judge a question with its calls, if they are noted.

        Who comes while the first submission is judged waits for its calls, at most so many seconds: asked call by call,
        a question costs several times as much.
        """
        mine = threading.Event()
        first = self._first.setdefault(question, mine)
        if first is not mine:
            first.wait(seconds)
        try:
            yield self.calls.get(question)
        finally:
            mine.set()

    def require_property(self, check: Check) -> None:
        """Raise BrokenCheck if the reference does not have a property.

        Asked when a submission lacks it, of the live reference: a class of right answers need not wait for that.
        """
        with self._validating:
            if check not in self._validated:
                self._require_passed(check, CachedRun(self.ask))
                self._validated.add(check)

    def _require_passed(self, check: Check, run: CachedRun) -> None:
        verdict = judge(check, self._plan.cases[check.cases], run, run)
        if verdict.outcome is not Outcome.PASSED:
            raise BrokenCheck(
                f"the check {check.name}() of question {check.question} is broken: the reference itself does not pass "
                f"it: {verdict.message}"
            )

    def ask(self, probe: Probe, case: Case) -> Answers:
        """Return the expected answers, uncached: for shrinking, whose cases are not repeated.

        Raises SandboxError if the reference does not answer: that is never the submission's failure.
        """
        with self._lock:
            return self._ask(probe, case)

    def expect(self, probe: Probe, case: Case) -> Answers:
        """Return the expected answers, cached: for the cases of the plan. Raises SandboxError as `ask` does."""
        key = probe.name, case.digest
        if key not in self._known:
            with self._lock:
                if key not in self._known:
                    self._known[key] = self._ask(probe, case)
        return self._known[key]

    def _ask(self, probe: Probe, case: Case) -> Answers:
        if self._live is None:
            zygote = Zygote(Profile.answering(self._plan.manifest), self._isolation)
            self._live = Live(zygote, Session(zygote, self._files))
        session = self._live.session
        session.begin(self._module, PATIENCE)
        try:
            return session(probe, case)
        except (CheckFailed, CouldNotRun) as problem:
            raise SandboxError(f"the reference did not answer: {problem}") from None
        except SandboxError:
            self.close()  # the next call starts another
            raise

    def close(self) -> None:
        """End the live reference, if there is one."""
        live, self._live = self._live, None
        if live:
            live.close()
