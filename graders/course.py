"""Where the course lies: assignments/ and solutions/ are data, found by path and never imported."""

from __future__ import annotations

from pathlib import Path


class CourseError(ValueError):
    """There is no such assignment; the message is one line."""


def course_root() -> Path:
    """Return the folder that holds assignments/ and solutions/: a clone's root, or the wheel's data."""
    package = Path(__file__).resolve().parent
    return package / "course" if (package / "course").is_dir() else package.parent


def assignment_names() -> list[str]:
    """Return the names of all assignments, sorted."""
    return sorted(manifest.parent.name for manifest in (course_root() / "assignments").glob("*/assignment.toml"))


def handout_folder(assignment: str) -> Path:
    """Return the folder that students of this assignment receive; raise CourseError for an unknown name."""
    if assignment not in assignment_names():
        raise CourseError(f"no assignment {assignment!r}: choose from {', '.join(assignment_names())}")
    return course_root() / "assignments" / assignment


def solution_folder(assignment: str) -> Path:
    """Return the folder of this assignment's reference submission."""
    return course_root() / "solutions" / handout_folder(assignment).name
