"""Judging: run a check on its cases and turn the first problem into a verdict."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace

from sanity.core.answer_digest import answer_digest
from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.errors import CheckFailed, CouldNotRun, GraderFailed
from sanity.core.probe import Answers, Probe, Run
from sanity.core.verdict import Outcome, Verdict

Shrink = Callable[[Check, Case], Case]
"""Finds a smaller case on which the check fails too, or returns the one it was given."""
Spell = Callable[[Check, Case], str]
"""Spells a case on which the check fails as Python."""


def judge(
    check: Check,
    cases: Iterable[Case],
    run: Run,
    expect: Run,
    shrink: Shrink | None = None,
    spell: Spell | None = None,
) -> Verdict:
    """Return the verdict of one check: that of the first case which does not pass, shrunk and spelt if possible."""
    answers: list[Answers] = []

    def noted(probe: Probe, case: Case) -> Answers:
        answers.append(run(probe, case))
        return answers[-1]

    for case in cases:
        answers.clear()
        problem = attempt(check, noted, expect, case)
        digest = answer_digest(answers) if isinstance(problem, CheckFailed) else ""
        if isinstance(problem, CheckFailed) and shrink is not None and check.weight:
            smaller = shrink(check, case)
            again = attempt(check, run, expect, smaller)
            if isinstance(again, CheckFailed):  # else the answer changes from call to call: keep what was seen
                case, problem = smaller, again
        if problem is not None:
            script = spell(check, case) if spell is not None and isinstance(problem, CheckFailed) else ""
            return replace(verdict_of(check, problem, case, script), answer_digest=digest)
    return verdict_of(check, None)


def attempt(check: Check, run: Run, expect: Run, case: Case) -> CheckFailed | CouldNotRun | None:
    """Run a check on one case; return what is wrong, None if nothing is. Raises GraderFailed only."""
    try:
        check(run, expect, case)
    except (CheckFailed, CouldNotRun) as problem:
        return problem
    except GraderFailed:
        raise
    except Exception:  # an answer of an unforeseen kind must not end the run, nor pass
        return CouldNotRun("this check cannot judge an answer of this kind", detail=traceback.format_exc(limit=-3))
    return None


def verdict_of(
    check: Check, problem: CheckFailed | CouldNotRun | None, case: Case | None = None, script: str = ""
) -> Verdict:
    """Return the verdict for a problem, or for None, which passes; case is the one that failed, script spells it.

    A hint passes whatever it has to say: its message says it.
    """
    outcome = Outcome.PASSED
    # A property compares a submission's answers with each other; what turns one into the other is no diagnosis.
    explained = problem is not None and not (check.is_property and isinstance(problem, CheckFailed) and problem.output)
    if problem is not None:
        wrong = Outcome.FAILED if check.weight else Outcome.PASSED
        outcome = wrong if isinstance(problem, CheckFailed) else Outcome.COULD_NOT_RUN
    return Verdict(
        question=check.question,
        check=check.name,
        sentence=check.sentence,
        outcome=outcome,
        weight=check.weight,
        is_property=check.is_property,
        outputs=check.outputs,
        message=problem.message if problem else "",
        diagnosis=problem.diagnosis if problem and explained else "",
        hint=problem.hint if problem else "",
        case=case.words if case and isinstance(problem, CheckFailed) else "",
        outline=check.cases.outline(case) if case and problem else "",
        detail=problem.detail if problem else "",
        script=script,
        difference=problem.difference if isinstance(problem, CheckFailed) else None,
    )


class CachedRun:
    """A Run that memoises calls by (probe, case): checks that share a case share the answer, or what was raised."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.known: dict[tuple[str, str], Answers | CheckFailed | CouldNotRun] = {}

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Return what the first call returned, or raise what it raised."""
        key = (probe.name, case.digest)
        if key not in self.known:
            try:
                self.known[key] = self.run(probe, case)
            except (CheckFailed, CouldNotRun) as problem:
                self.known[key] = problem
        answer = self.known[key]
        if isinstance(answer, Exception):
            raise answer
        return answer
