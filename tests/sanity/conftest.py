"""A student's folder to spoil. Pytest also puts the folder of a conftest on the path: tests here import `drawn`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import reference_files


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """A folder with the handout of assignment 4 and the reference's answers in it."""
    shutil.copytree(handout_folder("a4"), tmp_path / "a4", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in reference_files(load_assignment("a4")).items():
        (tmp_path / "a4" / name).write_text(text)
    return tmp_path / "a4"
