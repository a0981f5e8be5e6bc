"""An assignment's digest changes with whatever decides its marks, and with nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import graders.course.assignment
import sanity
from graders.course.assignment import course_root, load_assignment

FOLDERS = ("sanity", "graders", "assignments", "solutions")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the course."""
    copy = tmp_path_factory.mktemp("course")
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for folder in FOLDERS:
        shutil.copytree(course_root() / folder, copy / folder, ignore=ignored)
    return copy


@pytest.fixture
def course(copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sanity, "__file__", str(copy / "sanity" / "__init__.py"))
    monkeypatch.setattr(graders.course.assignment, "__file__", str(copy / "graders" / "course" / "assignment.py"))
    monkeypatch.setattr(
        "graders.course.assignment.recording_path", lambda name: copy / "sanity" / "recorded" / f"{name}.npz"
    )
    monkeypatch.delenv("TRIVIUM_SOLUTIONS", raising=False)
    return copy


def digests() -> dict[str, str]:
    return {name: load_assignment(name).digest for name in ("a1", "a2", "a4")}


def changed(path: Path) -> set[str]:
    """Return the assignments whose digest changes with a file; leave it as it was."""
    before, content = digests(), path.read_bytes()
    path.write_bytes(content + b"\n")
    after = digests()
    path.write_bytes(content)
    assert digests() == before
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    "file",
    [
        "sanity/a2/softmax.py",
        "sanity/a2/softmax.py",
        "sanity/recorded/a2.npz",
        "assignments/a2/word2vec.py",
        "assignments/a2/utils/data.py",
        "solutions/a2/word2vec.py",
    ],
)
def test_what_decides_the_marks_of_one_assignment_is_in_its_digest_only(course: Path, file: str) -> None:
    assert changed(course / file) == {"a2"}


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("points = 2\n", "points = 3\n", True),
        ("seconds = 10", "seconds = 11", True),
        ("[limits]", '[feedback]\nlevel = "sentence"\n[limits]', False),
        ("[[question]]", '[[question]]\nfeedback = {level = "diagnosis"}', False),
        ("[limits]", "# generous\n[limits]", False),
    ],
)
def test_assignment_toml_is_in_it_but_not_what_students_are_told(
    course: Path, old: str, new: str, changes: bool
) -> None:
    path, before = course / "assignments" / "a2" / "assignment.toml", digests()
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    after = digests()
    path.write_text(text)
    assert {name for name in before if before[name] != after[name]} == ({"a2"} if changes else set())


@pytest.mark.parametrize(
    "file",
    [
        "sanity/core/judge.py",
        "sanity/gradients/slope.py",
        "graders/grading/submission.py",
        "graders/records/scoring.py",
        "graders/sandbox/inside/worker.py",
        "graders/intake/sources.py",
    ],
)
def test_what_decides_all_marks_is_in_every_digest(course: Path, file: str) -> None:
    assert changed(course / file) == {"a1", "a2", "a4"}


@pytest.mark.parametrize(
    "file",
    [
        "graders/exports/report/index.py",
        "graders/exports/report/index.html.jinja",
        "graders/cli/grade.py",
        "graders/engine/local.py",
        "graders/training/loop.py",
        "sanity/student/console.py",
    ],
)
def test_what_decides_no_mark_is_in_none(course: Path, file: str) -> None:
    assert changed(course / file) == set()


def test_the_solutions_may_lie_elsewhere(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests()
    for name in before:
        shutil.copytree(course / "solutions" / name, tmp_path / name)
    monkeypatch.setenv("TRIVIUM_SOLUTIONS", str(tmp_path))
    assert digests() == before
    with (tmp_path / "a4" / "utils.py").open("a") as file:
        file.write("# changed\n")
    assert {name for name, digest in digests().items() if digest != before[name]} == {"a4"}
