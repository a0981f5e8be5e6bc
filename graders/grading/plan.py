"""The exam of a class: which checks, on which cases, with which right answers. The same for every submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from graders.course.assignment import handout_folder, solution_folder
from sanity.core import recordings as recorded
from sanity.core.case import Case, Cases
from sanity.core.check import Check, load_checks
from sanity.core.manifest import Manifest, Question, read_manifest


@dataclass(frozen=True)
class Plan:
    """What every submission of a class is asked."""

    manifest: Manifest
    questions: tuple[Question, ...]
    checks: Mapping[str, tuple[Check, ...]]
    """By question."""
    cases: Mapping[Cases, tuple[Case, ...]]
    """Drawn from a seed that no submission sees."""
    seed: int
    recordings: recorded.Recordings
    """Of the mistakes that have a diagnosis."""


def make_plan(assignment: str, questions: list[str], seed: int) -> Plan:
    """Draw the cases of an exam; raise CourseError or ManifestError for names that there are not."""
    manifest = read_manifest(handout_folder(assignment))
    chosen = manifest.choose(questions)
    checks = {q.id: tuple(c for c in load_checks(assignment) if c.question == q.id) for q in chosen}
    families = {check.cases: None for group in checks.values() for check in group}
    cases = {family: (*family.corner_cases(seed), *family.drawn_cases(seed, family.drawn)) for family in families}
    return Plan(manifest, chosen, checks, cases, seed, recorded.load(recorded.recording_path(assignment)))


def python_files(folder: Path) -> dict[str, bytes]:
    """Return the Python files in a folder by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}


def given_files(manifest: Manifest) -> dict[str, bytes]:
    """Return the handout's files that no submission can replace."""
    return {name: (handout_folder(manifest.name) / name).read_bytes() for name in manifest.given}


def exam_digest(manifest: Manifest) -> str:
    """Return a hash over all that decides a mark besides the submission: checks, graders, handout and reference."""
    digest = sha256()
    packages = [Path(__file__).parents[1], Path(recorded.__file__).parents[1]]
    for folder in (*packages, handout_folder(manifest.name), solution_folder(manifest.name)):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".toml", ".npz"):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
