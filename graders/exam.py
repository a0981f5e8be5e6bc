"""The exam of a class: which checks, on which cases, with which right answers. The same for every submission."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from graders.course import handout_folder, solution_folder
from graders.sandbox import Isolation, SandboxError, Zygote
from graders.session import Calls, Session
from sanity import recorded
from sanity.case import Case, Cases
from sanity.check import Answers, Check, Probe, load_checks
from sanity.code import module_name
from sanity.errors import CheckFailed, CouldNotRun
from sanity.judge import Remembering
from sanity.manifest import Manifest, Question, read_manifest

PATIENCE = 3600.0
"""Seconds for the reference to answer, and for its worker to compute for a class; it needs a few."""


@dataclass(frozen=True)
class Exam:
    """What every submission of a class is asked."""

    manifest: Manifest
    questions: tuple[Question, ...]
    checks: Mapping[str, tuple[Check, ...]]
    """By question."""
    cases: Mapping[Cases, tuple[Case, ...]]
    """Drawn from a seed that no submission sees."""
    seed: int
    recordings: recorded.Recordings
    """Of the slips that have a name."""


def set_exam(assignment: str, questions: list[str], seed: int) -> Exam:
    """Draw the cases of an exam; raise CourseError or ManifestError for names that there are not."""
    manifest = read_manifest(handout_folder(assignment))
    chosen = manifest.choose(questions)
    checks = {q.id: tuple(c for c in load_checks(assignment) if c.question == q.id) for q in chosen}
    families = {check.cases: None for group in checks.values() for check in group}
    cases = {family: (*family.corner_cases(seed), *family.drawn_cases(seed, family.drawn)) for family in families}
    return Exam(manifest, chosen, checks, cases, seed, recorded.load(recorded.recording_path(assignment)))


class Reference:
    """The reference, live, in a worker of its own: `ask` for any case, `expect` for those of the exam, remembered.

    Both raise SandboxError if it does not answer, so that its failure is never taken for a submission's.
    """

    def __init__(self, exam: Exam, isolation: Isolation) -> None:
        self._files = {**given_files(exam.manifest), **python_files(solution_folder(exam.manifest.name))}
        self._module = module_name(exam.manifest.submit[-1])
        self._new_zygote = partial(Zygote, exam.manifest, isolation)
        self._open()
        self._lock = threading.Lock()
        self._remembered = Remembering(self._ask)
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


def python_files(folder: Path) -> dict[str, bytes]:
    """Return the Python files in a folder by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}


def given_files(manifest: Manifest) -> dict[str, bytes]:
    """Return the handout's files that no submission can replace."""
    return {name: (handout_folder(manifest.name) / name).read_bytes() for name in manifest.given}


def exam_digest(manifest: Manifest) -> str:
    """Return a hash over all that decides a mark besides the submission: checks, graders, handout and reference."""
    digest = sha256()
    packages = [Path(__file__).parent, Path(recorded.__file__).parent]
    for folder in (*packages, handout_folder(manifest.name), solution_folder(manifest.name)):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".toml", ".npz"):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
