"""Recordings: the reference's answers to the fixed cases, and those of planted bugs, for the student's machine.

What the checks ask depends on the submission (a model without the convolution is put to other cases), so they are
run on the reference and on every correct variant, and all that they expect is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graders.bugs import Bug, load_bugs, load_variants, reference_files
from graders.bugs.live import Live
from sanity.asking import answers_of
from sanity.case import Case
from sanity.check import Answers, Check, Probe, load_checks
from sanity.errors import CheckFailed, CouldNotRun
from sanity.judge import attempt
from sanity.recorded import Recordings, alike, fixed_cases, key_of, load, recording_path, save


class RecordError(ValueError):
    """The reference or a correct variant does not pass a check; the message is one line."""


class Noting:
    """A Run that notes the raw reply to each question it is asked."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.replies: dict[str, Any] = {}
        self.asked: dict[str, tuple[Probe, Case]] = {}

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Return the outputs by name, as Live does."""
        return answers_of(probe, self.reply(probe, case), list(self.live.files))

    def reply(self, probe: Probe, case: Case) -> Any:
        """Return the raw reply."""
        key = key_of(probe, case)
        self.asked[key] = probe, case
        if key not in self.replies:
            self.replies[key] = self.live.reply(probe, case)
        return self.replies[key]


def record(assignment: str) -> Recordings:
    """Ask the reference, the correct variants and the planted bugs; raise RecordError if one of the first two fails."""
    checks, reference = load_checks(assignment), reference_files(assignment)
    submissions = {"the reference": reference, **{f"variant {v.id}": v.files for v in load_variants(assignment)}}
    with Live(assignment, reference) as live:
        expect = Noting(live)
        for name, files in submissions.items():
            with Live(assignment, files) as other:
                _must_pass(name, checks, Noting(other), expect)
        right = {key: expect.replies[key] for key in sorted(expect.replies)}
        slips: dict[str, list[tuple[str, Any]]] = {}
        for bug in load_bugs(assignment):
            for key, reply in _slipped(assignment, bug, checks, expect).items():
                if not any(alike(reply, known) for _, known in slips.get(key, ())):
                    slips.setdefault(key, []).append((bug.says, reply))
    return Recordings(right, {key: slips[key] for key in sorted(slips)})


def _must_pass(name: str, checks: Sequence[Check], run: Noting, expect: Noting) -> None:
    for check in checks:
        for case in fixed_cases(check.cases):
            problem = attempt(check, run, expect, case)
            if problem is not None:
                raise RecordError(f"{name} does not pass {check.name}: {problem.message}")


def _slipped(assignment: str, bug: Bug, checks: Sequence[Check], expect: Noting) -> dict[str, Any]:
    """Return the bug's wrong answers, by key, to what the checks of its question ask in the first case that fails."""
    slipped: dict[str, Any] = {}
    with Live(assignment, bug.files) as live:
        run = Noting(live)
        for check in checks:
            for case in fixed_cases(check.cases) if check.question == bug.question else ():
                run.asked = {}
                if isinstance(attempt(check, run, expect, case), CheckFailed):
                    slipped |= {key: run.replies[key] for key in run.asked if _wrong(*run.asked[key], run, expect)}
                    break
    return slipped


def _wrong(probe: Probe, case: Case, run: Noting, expect: Noting) -> bool:
    """Return whether there is an answer that is not the reference's."""
    try:
        run(probe, case)
    except (CheckFailed, CouldNotRun):
        return False
    return not alike(run.reply(probe, case), expect.reply(probe, case))


def write_recordings(assignment: str) -> Path:
    """Record an assignment, write the file that students get, and return its path."""
    path = recording_path(assignment)
    path.parent.mkdir(exist_ok=True)
    save(record(assignment), path)
    return path


def stale(assignment: str) -> list[str]:
    """Return what of an assignment's recordings is missing or not what recording anew gives, within tolerance."""
    path, fresh = recording_path(assignment), record(assignment)
    try:
        old = load(path)
    except CouldNotRun as problem:
        return [problem.message]
    return [
        f"{path}: {what}"
        for what, mine, new in (("answers", old.right, fresh.right), ("slips", old.slips, fresh.slips))
        if not alike(mine, new)
    ]
