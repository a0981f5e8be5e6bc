"""Where the course lies: assignments/ and solutions/ are data, found by path and never imported."""

from __future__ import annotations

import os
from pathlib import Path


class CourseError(ValueError):
    """There is no such assignment; the message is one line."""


def course_root() -> Path:
    """Return the folder that holds assignments/: a clone's root, or a wheel's data."""
    package = Path(__file__).resolve().parents[1]
    return package / "data" if (package / "data").is_dir() else package.parent


def assignment_names() -> list[str]:
    """Return the names of all assignments, sorted."""
    return sorted(manifest.parent.name for manifest in (course_root() / "assignments").glob("*/assignment.toml"))


def handout_folder(assignment: str) -> Path:
    """Return the folder that students of this assignment receive; raise CourseError for an unknown name."""
    if assignment not in assignment_names():
        raise CourseError(f"no assignment {assignment!r}: choose from {', '.join(assignment_names())}")
    return course_root() / "assignments" / assignment


def solution_folder(assignment: str) -> Path:
    """Return the folder of this assignment's reference submission; raise CourseError if it is not here."""
    name = handout_folder(assignment).name
    folder = Path(os.environ.get("TRIVIUM_SOLUTIONS") or course_root() / "solutions") / name
    if not folder.is_dir():
        said = f"{folder}: the reference of {name} is not here"
        raise CourseError(f"{said}; work in a clone of the course, or set TRIVIUM_SOLUTIONS to the folder with {name}/")
    return folder
