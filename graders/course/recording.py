"""Makes recordings: the answers of the reference and of planted bugs to the fixed cases, for the student's machine.

The calls of a check depend on the submission: a model without the convolution gets other cases. So the checks are run
on the reference and on every correct variant, and every answer that they expect is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from graders.cores import usable_cores
from graders.course.assignment import Assignment
from graders.course.planted import Bug, Files, load_bugs, load_variants, reference_files
from graders.course.planted.process_run import ProcessRun, preload, run_in_process
from sanity.core.assignment_package import checks_of, require_libraries
from sanity.core.calling import answers_of
from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.errors import CheckFailed, CouldNotRun, UserError
from sanity.core.judge import attempt
from sanity.core.probe import Answers, Probe
from sanity.core.recordings import (
    SEED,
    Recordings,
    RecordingsError,
    alike,
    fixed_cases,
    key_of,
    load,
    recording_path,
    save,
)

DRAWN = 20
"""Cases of each family that are made to see whether all can be."""


class RecordError(UserError):
    """The reference or a correct variant fails a check, or a probe says what is not true of the reference."""


class RecordingRun:
    """A Run that records its calls and their raw replies."""

    def __init__(self, source: ProcessRun) -> None:
        self.source = source
        self.replies: dict[str, Any] = {}
        self.asked: dict[str, tuple[Probe, Case]] = {}

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Return the outputs by name, as ProcessRun does."""
        return answers_of(probe, self.reply(probe, case), self.source.contents)

    def reply(self, probe: Probe, case: Case) -> Any:
        """Return the raw reply; call the submission only once."""
        key = key_of(probe, case)
        self.asked[key] = probe, case
        if key not in self.replies:
            self.replies[key] = self.source.reply(probe, case)
        return self.replies[key]


def record(assignment: Assignment) -> Recordings:
    """Return what the checks expect, and the wrong answers of planted bugs.

    Raise RecordError if the reference or a variant fails a check.
    """
    checks, reference, bugs = checks_of(assignment.manifest), reference_files(assignment), load_bugs(assignment)
    right = {"the reference": reference, **{f"variant {v.id}": v.files for v in load_variants(assignment)}}
    diagnoses: dict[str, list[tuple[list[str], Any]]] = {}
    require_libraries(assignment.name, assignment.manifest.questions)
    _require_cases(checks)
    preload([assignment.name])
    with run_in_process(assignment, reference) as child, ThreadPoolExecutor(usable_cores()) as pool:
        expect = RecordingRun(child)
        list(pool.map(lambda name: _must_pass(name, right[name], checks, expect), right))
        _require_axes(expect)
        answers = {key: expect.replies[key] for key in sorted(expect.replies)}
        for bug, wrong in zip(bugs, pool.map(lambda bug: _wrong_answers(bug, checks, expect), bugs), strict=True):
            for key, reply in wrong.items():
                known = diagnoses.setdefault(key, [])
                names = next((names for names, other in known if alike(reply, other)), None)
                if names is None:
                    known.append(([bug.says], reply))
                elif bug.says not in names:
                    names.append(bug.says)
    return Recordings(answers, {key: diagnoses[key] for key in sorted(diagnoses)})


def _require_cases(checks: Sequence[Check]) -> None:
    """Raise CaseError, one line, if a family cannot make one of its cases: the largest and some that are drawn, too."""
    for cases in {check.cases: None for check in checks}:
        fixed_cases(cases)
        cases.case(**{name: high for name, (_, high) in cases.ranges.items()})
        cases.drawn_cases(SEED, DRAWN)


def _require_axes(reference: RecordingRun) -> None:
    """Raise RecordError if a probe names axes that the reference's answer does not have."""
    for probe, case in reference.asked.values():
        for name, axes in probe.axes.items():
            ndim = np.ndim(reference(probe, case)[name])
            if all(len(names.split()) != ndim for names in axes.split("|")):
                raise RecordError(f"probe {probe.name}: {name}: {axes!r}: the reference's has {ndim} axes")


def _must_pass(name: str, files: Files, checks: Sequence[Check], expect: RecordingRun) -> None:
    with run_in_process(expect.source.assignment, files) as child:
        run = RecordingRun(child)
        for check in checks:
            for case in fixed_cases(check.cases):
                problem = attempt(check, run, expect, case)
                hint = isinstance(problem, CheckFailed) and not check.weight
                if problem is not None and not hint:
                    because = f" ({problem.detail.splitlines()[-1]})" if problem.detail else ""
                    raise RecordError(
                        f"{name} does not pass {check.name} of question {check.question}: {problem.message}{because}"
                    )


def _wrong_answers(bug: Bug, checks: Sequence[Check], expect: RecordingRun) -> dict[str, Any]:
    """Return a bug's wrong answers, by key, to what the checks of its question ask in the cases that fail.

    Properties are asked only of a bug that no other check catches: they would make the recordings several times as
    large. Bugs whose answers change from call to call are left out.
    """
    own = [check for check in checks if check.question == bug.question]
    wrong: dict[str, Any] = {}
    with run_in_process(expect.source.assignment, bug.files) as child:
        run = RecordingRun(child)
        for properties in (False, True):
            for check in own if not wrong else ():
                for case in fixed_cases(check.cases) if check.is_property == properties else ():
                    run.asked = {}
                    if isinstance(attempt(check, run, expect, case), CheckFailed):
                        wrong |= {key: run.asked[key] for key in run.asked if _is_wrong(*run.asked[key], run, expect)}
        steady = all(alike(child.reply(*asked), run.replies[key]) for key, asked in wrong.items())
    return {key: run.replies[key] for key in wrong} if steady else {}


def _is_wrong(probe: Probe, case: Case, run: RecordingRun, expect: RecordingRun) -> bool:
    """Return whether there is an answer, and not the reference's."""
    try:
        run(probe, case)
    except (CheckFailed, CouldNotRun):
        return False
    return not alike(run.reply(probe, case), expect.reply(probe, case))


def write_recordings(assignment: Assignment) -> Path:
    """Record an assignment, write the file that students get, and return its path."""
    path = recording_path(assignment.name)
    path.parent.mkdir(exist_ok=True)
    save(record(assignment), path)
    return path


def stale(assignment: Assignment) -> list[str]:
    """Return what of an assignment's recordings is missing or not what recording anew gives, within tolerance."""
    path = recording_path(assignment.name)
    try:
        old = load(path)
    except RecordingsError as problem:
        return [str(problem)]
    new = record(assignment)
    pairs = {"answers": (old.right, new.right), "diagnoses": (old.diagnoses, new.diagnoses)}
    return [f"{path}: {what}" for what, (mine, right) in pairs.items() if not alike(mine, right)]
