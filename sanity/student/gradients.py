"""`python sanity_check.py gradients`: gradient properties on freshly drawn cases, and scripts that show a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from sanity.core.assignment_package import checks_of
from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.feedback import Level
from sanity.core.judge import CachedRun, attempt, judge, verdict_of
from sanity.core.manifest import Manifest, ManifestError, Question
from sanity.core.probe import Answers, Probe, Run
from sanity.core.recordings import diagnose, fixed_cases
from sanity.core.verdict import Outcome, Verdict
from sanity.gradients.diagnoses import blame
from sanity.gradients.snippet import simplest
from sanity.student.limit import LimitedRun
from sanity.student.runner import Runner

DRAWN = 50
"""Cases drawn for each property."""

BAR = "{desc} {bar} {n_fmt}/{total_fmt}"


@dataclass(frozen=True)
class Finding(Verdict):
    """The verdict on one property over drawn cases."""

    cases: int = 0
    """How many are drawn while the property holds."""
    seed: int = 0
    """The seed that they are drawn from."""
    side: str = ""
    """Which side is wrong, values or gradients, if the recorded answers show it."""
    snippet: str = ""
    """A script that shows the counterexample."""


def is_gradient_property(check: Check) -> bool:
    """Return whether a check is a property of gradients."""
    return check.is_property and check.gradients


def gradient_questions(manifest: Manifest, ids: list[str]) -> tuple[Question, ...]:
    """Return the questions called ids, or all with gradient properties; raise ManifestError if one has none."""
    covered = {check.question for check in checks_of(manifest) if is_gradient_property(check)}
    if not covered:
        raise ManifestError(f"{manifest.name} has no gradient properties")
    chosen = manifest.select_questions(ids)
    for question in chosen:
        if ids and question.id not in covered:
            known = ", ".join(q.id for q in manifest.questions if q.id in covered)
            raise ManifestError(f"question {question.id} has no gradient properties: choose from {known}")
    return tuple(question for question in chosen if question.id in covered)


class TracingRun:
    """A Run that notes the first call that can be shown as a script, and any that could not run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.first: tuple[Probe, Case] | None = None
        self.problem: CouldNotRun | None = None

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Ask, and note."""
        if self.first is None and probe.spell is not None:
            self.first = probe, case
        try:
            return self.run(probe, case)
        except CouldNotRun as problem:
            self.problem = problem
            raise

    @property
    def script(self) -> str:
        """The first call as a script, or ""."""
        probe, case = self.first or (None, None)
        return probe.spell(case) if probe and case and probe.spell else ""


class GradientRunner(Runner):
    """Tries the gradient properties of the files in a folder."""

    def __init__(
        self,
        manifest: Manifest,
        folder: Path,
        seed: int,
        limited: bool = True,
        guard: Callable[[LimitedRun], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        super().__init__(manifest, folder, seed, limited, guard)
        self.cases_seed = seed
        self.all_checks, self.checks = self.checks, [check for check in self.checks if is_gradient_property(check)]

    def _told(self, verdict: Verdict, level: Level) -> Verdict:
        """Return what the assignment tells a student of a finding: the script holds the counterexample."""
        found = super()._told(verdict, level)
        if isinstance(found, Finding):
            side = found.side if level.tells(Level.DIAGNOSIS) else ""
            found = replace(found, side=side, snippet=found.snippet if level.tells(Level.COUNTEREXAMPLE) else "")
        return found

    def _judge(self, question: Question, run: LimitedRun) -> list[Verdict]:
        run.begin(question, each_call=True)
        cached = CachedRun(run)
        return [self._find(check, cached) for check in self.checks if check.question == question.id]

    def _find(self, check: Check, run: Run) -> Finding:
        from sanity.gradients.search import search

        watched = TracingRun(run)
        with progress(f"{check.question} {check.name}", DRAWN) as tick:
            broken = search(check, watched, self.cases_seed, DRAWN, tick)
        if not broken:
            fixed = ((case, attempt(check, watched, run, case)) for case in fixed_cases(check.cases))
            broken = [(case, problem) for case, problem in fixed if problem is not None][:1]
        if (
            not broken and watched.problem
        ):  # a property that calls again elsewhere may let this pass, but measured nothing
            broken = [(check.cases.case(), watched.problem)]
        if not broken:
            return self._finding(verdict_of(check, None))
        (_, first), (case, problem) = broken[0], broken[-1]
        if isinstance(problem, CouldNotRun):
            return self._finding(verdict_of(check, problem, case))
        case = simplest(case, lambda candidate: isinstance(attempt(check, run, run, candidate), CheckFailed))
        verdict = verdict_of(check, attempt(check, run, run, case) or problem, case)
        # The smallest case may be too small to tell one mistake from another.
        diagnosis = self._diagnosis(check, run) or verdict.diagnosis or verdict_of(check, first).diagnosis
        verdict = replace(verdict, diagnosis=diagnosis)
        return self._finding(verdict, side=self._side(check, run), snippet=self._snippet(check, run, case))

    def _finding(self, verdict: Verdict, side: str = "", snippet: str = "") -> Finding:
        return Finding(**vars(verdict), cases=DRAWN, seed=self.cases_seed, side=side, snippet=snippet)

    def _diagnosis(self, check: Check, run: Run) -> str:
        """Return the diagnosis of a mistake that answers the recorded cases as the submission does, or ""."""
        asked = [check, *self._reference_checks(check.question)]
        return next(filter(None, (diagnose(each, run, self.recordings) for each in asked)), "")

    def _side(self, check: Check, run: Run) -> str:
        """Say which side is wrong, by what the recorded answers to the same question are like."""

        def right(gradients: bool) -> bool | None:
            asked = [c for c in self._reference_checks(check.question) if c.gradients == gradients]
            verdicts = [judge(c, fixed_cases(c.cases), run, self.recordings.expect) for c in asked]
            if not verdicts or any(verdict.outcome is Outcome.COULD_NOT_RUN for verdict in verdicts):
                return None
            return all(verdict.outcome is Outcome.PASSED for verdict in verdicts)

        values, gradients = right(False), right(True)
        return "" if values is None or gradients is None else blame(values, gradients)

    def _reference_checks(self, question: str) -> list[Check]:
        return [check for check in self.all_checks if check.question == question and not check.is_property]

    def _snippet(self, check: Check, run: Run, case: Case) -> str:
        """Spell the first call of a failing property as a script; "" if none of its probes has one."""
        watched = TracingRun(run)
        attempt(check, watched, run, case)
        return watched.script


@contextmanager
def progress(label: str, count: int) -> Iterator[Callable[[], None]]:
    """Show a bar on standard error, if that is a terminal; yield what counts one step."""
    with tqdm(total=count, desc=label, leave=False, disable=None, bar_format=BAR, miniters=1, mininterval=0) as bar:

        def tick() -> None:
            if bar.n < count:
                bar.update()
            else:
                bar.set_description_str(f"{label}, making the counterexample smaller")

        yield tick
