"""Running an assignment's checks on the files in a folder, in this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path

from sanity.core.calling import LocalRun
from sanity.core.case import Case
from sanity.core.check import Check, Run, load_checks, load_known_errors, load_probes
from sanity.core.judge import CachedRun, judge
from sanity.core.loader import SubmissionModules
from sanity.core.manifest import Manifest, Question, spelling
from sanity.core.recordings import diagnose, fixed_cases, load, recording_path
from sanity.core.verdict import Outcome, Verdict

Answered = tuple[Question, list[Verdict]]

DRAWN = 10
"""Cases drawn for each property with --seed."""


class Runner:
    """Checks the files in a folder, as often as asked. What takes long is done once: torch, recordings, cases."""

    def __init__(self, manifest: Manifest, folder: Path, seed: int | None) -> None:
        self.manifest, self.folder, self.seed = manifest, folder.resolve(), seed
        self.checks = load_checks(manifest.name)
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # tensors are tiny here: torch's threads would wait, not work
        self.probes = load_probes(manifest.name)
        self.recordings = load(recording_path(manifest.name))
        self.known_errors = load_known_errors(manifest.name)

    def run(self, questions: Sequence[Question]) -> list[Answered]:
        """Return the verdicts on some questions; raise FileNotFoundError if their files are not there."""
        files = self.manifest.modules
        there = {name for name in files if (self.folder / name).is_file()}
        for name in (*self.manifest.given, *(question.file for question in questions)):
            if spelling(name, there) is None:
                raise FileNotFoundError(f"{self.folder / name}: not found; it must stand beside sanity_check.py")
        code = SubmissionModules(self.folder, files)
        try:
            with redirect_stdout(sys.stderr):  # what the submission prints is not part of our answer
                run = CachedRun(LocalRun(self.probes, code, files, self.known_errors))
                return [(q, [self._judge(c, run) for c in self.checks if c.question == q.id]) for q in questions]
        finally:
            code.forget()

    def _judge(self, check: Check, run: Run) -> Verdict:
        verdict = judge(check, fixed_cases(check.cases), run, self.recordings.expect)
        if verdict.outcome is Outcome.PASSED and check.is_property and self.seed is not None:
            from sanity.core.shrink import shrink

            smaller = partial(shrink, run=run, expect=self.recordings.expect)
            drawn: list[Case] = check.cases.drawn_cases(self.seed, DRAWN)
            verdict = judge(check, drawn, run, self.recordings.expect, smaller)
        if verdict.outcome is Outcome.FAILED:
            verdict = replace(verdict, diagnosis=diagnose(check, run, self.recordings) or verdict.diagnosis)
        return verdict
