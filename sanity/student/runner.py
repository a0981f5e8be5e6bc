"""Running an assignment's checks on the files in a folder, in this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

from sanity.core.assignment_package import accept_legacy, checks_of, load_known_errors, require_libraries
from sanity.core.assignment_toml import read_manifest
from sanity.core.calling import LocalRun
from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.errors import UserError
from sanity.core.judge import CachedRun, judge
from sanity.core.manifest import Manifest, Question
from sanity.core.probe import Run
from sanity.core.recordings import Recordings, fixed_cases, load, named, recording_path
from sanity.core.selection import files_in, select_in
from sanity.core.submission_modules import SubmissionModules
from sanity.core.verdict import Outcome, Verdict

QuestionVerdicts = tuple[Question, list[Verdict]]

DRAWN = 10
"""Cases drawn for each property with --seed."""


class MissingFile(UserError):
    """A file that a question needs is not in the student's folder."""


class Runner:
    """Checks the files in a folder, as often as asked. What takes long is done once: imports, recordings, cases."""

    def __init__(self, manifest: Manifest, folder: Path, seed: int | None) -> None:
        self.manifest, self.folder, self.seed = manifest, folder.resolve(), seed
        self.checks = checks_of(manifest)
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # tensors are tiny here: torch's threads would wait, not work
        self.recordings = load(recording_path(manifest.name))
        if manifest.legacy:
            accept_legacy(manifest.name)
        self.known_errors = load_known_errors(manifest.name)

    def run(self, questions: Sequence[Question]) -> list[QuestionVerdicts]:
        """Return the verdicts on some questions; raise MissingFile or MissingLibrary if what they need is not there."""
        require_libraries(self.manifest.name, questions)
        there = files_in(self.folder)
        for name in (*self.manifest.given, *(question.file for question in questions)):
            if self.manifest.spelling(name, there) is None:
                raise MissingFile(f"{self.folder / name}: not found; it must be in the same folder as sanity_check.py")
        selection = select_in(self.folder, self.manifest)
        for note in selection.notes:
            if note.startswith("left out") and ".py" in note:
                print(f"note: {note}; the grader will not have it either", file=sys.stderr)
        files = (*self.manifest.given, *selection.files)
        code = SubmissionModules(self.folder, self.manifest.modules, selection.helpers)
        try:
            with redirect_stdout(sys.stderr):  # what the submission prints is not part of our answer
                run = CachedRun(LocalRun(code, files, self.known_errors))
                return [(question, self._judge(question, run)) for question in questions]
        finally:
            code.forget()

    def _judge(self, question: Question, run: Run) -> list[Verdict]:
        checks = [check for check in self.checks if check.question == question.id]
        verdicts = judge_recorded(checks, run, self.recordings)
        return verdicts if self.seed is None else [self._drawn(verdict, run, self.seed) for verdict in verdicts]

    def _drawn(self, verdict: Verdict, run: Run, seed: int) -> Verdict:
        """Judge a property that holds on the fixed cases on drawn ones, too."""
        if verdict.outcome is not Outcome.PASSED or not verdict.is_property:
            return verdict
        from sanity.core.shrink import shrink

        check = next(check for check in self.checks if check.name == verdict.check)
        smaller = partial(shrink, run=run, expect=self.recordings.expect)
        drawn: list[Case] = check.cases.drawn_cases(seed, DRAWN)
        return judge(check, drawn, run, self.recordings.expect, smaller)


def judge_recorded(checks: Sequence[Check], run: Run, recordings: Recordings) -> list[Verdict]:
    """Return the verdicts of a question's checks on their fixed cases."""
    verdicts = [judge(check, fixed_cases(check.cases), run, recordings.expect) for check in checks]
    return named(checks, verdicts, run, recordings)


def check_folder(folder: Path, questions: Sequence[str] = (), seed: int | None = None) -> list[QuestionVerdicts]:
    """Check the submission in an assignment's folder, in this process, as `python sanity_check.py` does.

    Args:
        folder: holds assignment.toml, the files that the handout gives, and the student's.
        questions: such as ["1d"]; all if empty.
        seed: also try the properties on cases drawn from it.

    Returns:
        Each question with its verdicts.

    Raises UserError, one line, for a folder, question or file that is not there.
    """
    manifest = read_manifest(folder)
    return Runner(manifest, folder, seed).run(manifest.select_questions(questions))
