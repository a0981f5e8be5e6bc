"""Running an assignment's checks on the files in a folder, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from sanity.core.assignment_package import accept_legacy, checks_of, libraries_of, load_known_errors, require_libraries
from sanity.core.assignment_toml import read_manifest
from sanity.core.calling import LocalRun
from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.errors import UserError
from sanity.core.feedback import AT_HOME, Level, told
from sanity.core.judge import CachedRun, judge
from sanity.core.libraries import is_installed
from sanity.core.manifest import Manifest, Question
from sanity.core.probe import Run
from sanity.core.recordings import Recordings, fixed_cases, load, named, recording_path
from sanity.core.selection import files_in, select_in
from sanity.core.submission_modules import SubmissionModules, module_name
from sanity.core.verdict import Outcome, Verdict
from sanity.gradients.diagnoses import blame
from sanity.gradients.snippet import assign
from sanity.student.imports import all_imports
from sanity.student.limit import LimitedRun, import_library

QuestionVerdicts = tuple[Question, list[Verdict]]

DRAWN = 10
"""Cases drawn for each property with --seed."""
UNSTEADY = (
    "the same call gives another answer when it is repeated: is something random, or does a call change what the next "
    "one uses?"
)
MAX_INPUTS = 110
"""Characters of a case's inputs that are shown as Python: about a line."""
MAX_NUMBERS = 10
"""Of arrays that fit into them."""
INNER = ("seed", "form")
"""Values of cases that are no inputs."""


class MissingFile(UserError):
    """A file that a question needs is not in the student's folder."""


class Runner:
    """Checks the files in a folder, as often as asked. What takes long is done once: imports, recordings, cases."""

    def __init__(
        self,
        manifest: Manifest,
        folder: Path,
        seed: int | None = None,
        limited: bool = True,
        guard: Callable[[LimitedRun], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Load what is the same for every run.

        Args:
            manifest: the assignment.
            folder: where the files are.
            seed: of more cases for the properties; None for none.
            limited: whether each question has the time that it has at the grader, or as much as it takes.
            guard: a context around the calls of the submission.
        """
        self.manifest, self.folder, self.seed = manifest, folder.resolve(), seed
        self.limits = manifest.limits if limited else None
        self.guard = guard
        self.checks = checks_of(manifest)
        self.recordings = load(recording_path(manifest.name))
        if manifest.legacy:
            accept_legacy(manifest.name)
        self.known_errors = load_known_errors(manifest.name)

    def run(self, questions: Sequence[Question]) -> list[QuestionVerdicts]:
        """Return the verdicts on some questions; raise MissingFile or MissingLibrary if what they need is not there."""
        return list(self.verdicts(questions))

    def verdicts(self, questions: Sequence[Question]) -> Iterator[QuestionVerdicts]:
        """Yield the verdicts on each question as soon as they are there; raise as `run` does.

        Also raises Interrupted, on Ctrl-C, with the place where the submission was stopped.
        """
        require_libraries(self.manifest.name, questions)
        with self._opened(questions) as run, self.guard(run):
            for question in questions:
                self._import_libraries(question)
                with redirect_stdout(sys.stderr):  # what the submission prints is not part of our answer
                    verdicts = self._judge(question, run)
                level = self.manifest.dial(datetime.now(UTC), AT_HOME).level(question.id)
                yield question, [self._told(verdict, level) for verdict in verdicts]

    def _import_libraries(self, question: Question) -> None:
        """Import the libraries of the assignment that a question's file imports: that takes none of its time.

        A notebook imports what it uses when it uses it.
        """
        file = self.folder / question.file
        heavy = [library for library in libraries_of(self.manifest.name) if library not in sys.modules]
        if heavy and file.suffix == ".py":
            used = all_imports(file)
            for library in heavy:
                if library in used and is_installed(library):
                    import_library(library)

    @contextmanager
    def _opened(self, questions: Sequence[Question]) -> Iterator[LimitedRun]:
        """Import the files from the folder as they are now, until the block ends."""
        there = files_in(self.folder)
        for name in (*self.manifest.given, *(question.file for question in questions)):
            if self.manifest.spelling(name, there) is None:
                raise MissingFile(f"{self.folder / name}: not found; it must be in the same folder as sanity_check.py")
        selection = select_in(self.folder, self.manifest)
        for note in selection.notes:
            if note.startswith("left out") and ".py" in note:
                print(f"note: {note}; the grader will not have it either", file=sys.stderr)
        files = (*self.manifest.given, *selection.files)
        seconds = self.limits.statement_seconds if self.limits else None
        notebooks = [module_name(question.file) for question in questions if question.file.endswith(".ipynb")]
        code = SubmissionModules(self.folder, self.manifest.modules, selection.helpers, seconds, notebooks)
        try:
            yield self._limited(LocalRun(code, files, self.known_errors))
        finally:
            code.forget()

    def _limited(self, run: LocalRun) -> LimitedRun:
        return LimitedRun(run, self.limits.seconds if self.limits else None, lift="--no-limit lets it go on here")

    def _judge(self, question: Question, run: LimitedRun) -> list[Verdict]:
        checks = [check for check in self.checks if check.question == question.id]
        run.begin(question)
        cached = CachedRun(run)
        verdicts = judge_recorded(checks, cached, self.recordings)
        verdicts = [self._steady(check, verdict, run) for check, verdict in zip(checks, verdicts, strict=True)]
        if self.seed is None:
            return verdicts
        run.begin(question, each_call=True)
        return [self._drawn(verdict, cached, self.seed) for verdict in verdicts]

    def _told(self, verdict: Verdict, level: Level) -> Verdict:
        """Return what the assignment tells a student of a verdict."""
        return told(verdict, level, hidden=False)

    def _steady(self, check: Check, verdict: Verdict, run: LimitedRun) -> Verdict:
        """Say of a wrong answer of unknown cause if the next call gives another one."""
        if verdict.outcome is not Outcome.FAILED or verdict.diagnosis or verdict.hint or check.is_property:
            return verdict
        again = judge(check, map(with_inputs, fixed_cases(check.cases)), CachedRun(run), self.recordings.expect)
        if again.outcome is Outcome.FAILED and again.case == verdict.case and again.detail != verdict.detail:
            return replace(verdict, hint=UNSTEADY)
        return verdict

    def _drawn(self, verdict: Verdict, run: Run, seed: int) -> Verdict:
        """Judge a property that holds on the fixed cases on drawn ones, too."""
        if verdict.outcome is not Outcome.PASSED or not verdict.is_property:
            return verdict
        from sanity.core.shrink import shrink

        check = next(check for check in self.checks if check.name == verdict.check)

        def smaller(check: Check, case: Case) -> Case:
            return with_inputs(shrink(check, case, run, self.recordings.expect))

        drawn = map(with_inputs, check.cases.drawn_cases(seed, DRAWN))
        return judge(check, drawn, run, self.recordings.expect, smaller)


def with_inputs(case: Case) -> Case:
    """Return a case whose words end with its values as Python, if those are few.

    >>> with_inputs(Case("2 words", {"seed": 3, "words": ["a", "b"], "window": 1})).words
    "2 words: words = ['a', 'b']; window = 1"
    """
    arrays = [value for value in case.values.values() if isinstance(value, np.ndarray)]
    if sum(array.size for array in arrays) > MAX_NUMBERS or any(isinstance(v, Mapping) for v in case.values.values()):
        return case  # spelling thousands of numbers takes as long as the checks do
    spelt = [" ".join(assign(name, value).split()) for name, value in case.values.items() if name not in INNER]
    python = "; ".join(spelt)
    return replace(case, words=f"{case.words}: {python}") if len(python) <= MAX_INPUTS else case


def judge_recorded(checks: Sequence[Check], run: Run, recordings: Recordings) -> list[Verdict]:
    """Return the verdicts of a question's checks on their fixed cases."""
    verdicts = [judge(check, map(with_inputs, fixed_cases(check.cases)), run, recordings.expect) for check in checks]
    return named(checks, _without_false_blame(checks, verdicts), run, recordings)


def _without_false_blame(checks: Sequence[Check], verdicts: list[Verdict]) -> list[Verdict]:
    """Say where the slope of a wrong value is not the gradient that it is the value which is wrong.

    What the property guesses of the gradients is false if they agree with the reference's.
    """
    compared = [
        (check.gradients, verdict.outcome is Outcome.PASSED)
        for check, verdict in zip(checks, verdicts, strict=True)
        if not check.is_property and check.weight
    ]
    values, gradients = ([passed for about, passed in compared if about == kind] for kind in (False, True))
    said = blame(all(values), all(gradients)) if values and gradients else ""
    if not said or not all(gradients):
        return verdicts
    return [
        replace(verdict, diagnosis="", hint=said)
        if check.is_property and check.gradients and verdict.outcome is Outcome.FAILED
        else verdict
        for check, verdict in zip(checks, verdicts, strict=True)
    ]


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
