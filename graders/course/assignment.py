"""Assignment: its manifest, handout and reference. assignments/ and solutions/ are data, never imported."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec

import sanity
from graders.course.versions import library_versions
from sanity.core.assignment_toml import read_manifest
from sanity.core.errors import UserError
from sanity.core.file_names import is_junk
from sanity.core.manifest import ALWAYS_GIVEN, Manifest
from sanity.core.recordings import recording_path

DECIDES_MARKS = ("course/assignment.py", "grading", "intake", "records/scoring.py", "sandbox")
"""The parts of graders/ that marks depend on; printing, exports and scheduling are none of them."""


class CourseError(UserError):
    """An unknown assignment, or one without its reference on this machine."""


@dataclass(frozen=True)
class Assignment:
    """An assignment with its reference. `load_assignment` makes it once; functions receive it as an argument."""

    manifest: Manifest
    folder: Path
    """The handout folder, which students receive."""

    @property
    def name(self) -> str:
        """The assignment's name, such as a4."""
        return self.manifest.name

    @property
    def solutions(self) -> Path:
        """The folder of the reference submission; raise CourseError if it is not here."""
        folder = Path(os.environ.get("TRIVIUM_SOLUTIONS") or course_root() / "solutions") / self.name
        if not folder.is_dir():
            advice = f"work in a clone of the course, or set TRIVIUM_SOLUTIONS to the folder with {self.name}/"
            raise CourseError(f"{folder}: the reference of {self.name} is not here; {advice}")
        return folder

    @cached_property
    def given(self) -> dict[str, bytes]:
        """The modules of the handout that no submission can replace, contents by name."""
        for name in self.manifest.given:
            if not (self.folder / name).is_file():
                raise CourseError(f"{self.folder / 'assignment.toml'}: given: {name} is not in the folder")
        return {name: (self.folder / name).read_bytes() for name in self.manifest.given}

    @cached_property
    def reference(self) -> dict[str, bytes]:
        """The reference submission: the submitted files and its additional modules, contents by name."""
        return _python_files(self.solutions)

    @property
    def staff(self) -> dict[str, bytes]:
        """Modules in solutions/aN/staff/, such as a faster model that computes the same."""
        return _python_files(self.solutions / "staff")

    def handout_files(self) -> list[str]:
        """Return the files that students receive, as paths in the handout: only those that assignment.toml names."""
        declared = (*ALWAYS_GIVEN, *self.manifest.submit, *self.manifest.given, *self.manifest.handout)
        found = {pattern: [path for path in self.folder.glob(pattern) if path.is_file()] for pattern in declared}
        if absent := [pattern for pattern, paths in found.items() if not paths]:
            raise CourseError(f"{self.folder}: there is no {absent[0]}, which assignment.toml declares for the handout")
        names = {path.relative_to(self.folder).as_posix() for paths in found.values() for path in paths}
        return sorted(name for name in names & (tracked_files(self.folder) or names) if not is_junk(name))

    @cached_property
    def digest(self) -> str:
        """Hash of what marks depend on besides the submission: checks, graders, handout and reference."""
        digest = sha256()
        for folder in self._decisive():
            for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
                if path.suffix in (".py", ".toml", ".npz"):
                    content = self._rules if path == self.folder / "assignment.toml" else path.read_bytes()
                    digest.update(f"{folder.name}/{path.name}".encode() + b"\0" + content)
        return digest.hexdigest()[:16]

    @property
    def _rules(self) -> bytes:
        """What assignment.toml says, without what students are told: that is for exports, and grades nothing again."""
        questions = tuple(msgspec.structs.replace(question, feedback=None) for question in self.manifest.questions)
        return msgspec.json.encode(msgspec.structs.replace(self.manifest, questions=questions, feedback=None))

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of Python and of the libraries that marks depend on: those that checks, handout or reference use."""
        checks = (path.read_bytes() for path in self._checks.glob("*.py"))
        return library_versions((*checks, *self.given.values(), *self.reference.values()))

    @property
    def _checks(self) -> Path:
        return Path(sanity.__file__).parent / self.name

    def _decisive(self) -> Iterator[Path]:
        yield from (self._checks.with_name(name) for name in ("core", "gradients", self.name))
        yield from (Path(__file__).parents[1] / name for name in DECIDES_MARKS)
        yield from (recording_path(self.name), self.folder, self.solutions)


def load_assignment(name: str) -> Assignment:
    """Return an assignment by name; raise CourseError if there is none, ManifestError if its manifest is invalid."""
    folder = handout_folder(name)
    return Assignment(read_manifest(folder), folder)


def course_root() -> Path:
    """Return the folder that holds assignments/: a clone's root, or a wheel's data."""
    package = Path(__file__).resolve().parents[1]
    return package / "data" if (package / "data").is_dir() else package.parent


def assignment_names() -> list[str]:
    """Return the names of all assignments, sorted."""
    return sorted(manifest.parent.name for manifest in (course_root() / "assignments").glob("*/assignment.toml"))


def handout_folder(name: str) -> Path:
    """Return an assignment's handout folder; raise CourseError for an unknown name."""
    if name not in assignment_names():
        raise CourseError(f"no assignment {name!r}: choose from {', '.join(assignment_names())}")
    return course_root() / "assignments" / name


def tracked_files(folder: Path) -> set[str]:
    """Return the files below folder that git tracks, relative to it; none if folder is not in a clone."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=folder, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return set()
    return {name for name in listed.stdout.decode(errors="replace").split("\0") if name}


def _python_files(folder: Path) -> dict[str, bytes]:
    """Return the Python files in a folder by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}
