"""For the tests of what assignment 3 gives: the handout's modules with the reference's answers in them."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from graders.course.assignment import handout_folder, load_assignment
from sanity.core.submission_modules import SubmissionModules


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training writes runs/ into the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def a3_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout with the reference's answers laid over: what a student has in the end."""
    path = tmp_path_factory.mktemp("a3") / "a3"
    shutil.copytree(handout_folder("a3"), path, ignore=shutil.ignore_patterns("__pycache__"))
    for name, content in load_assignment("a3").reference.items():
        (path / name).write_bytes(content)
    return path.resolve()


@pytest.fixture(scope="module")
def a3(a3_folder: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Import a module from there by name, such as a3("parsing.recipe"); those of other folders are not in the way."""
    code = SubmissionModules(a3_folder, [(path.relative_to(a3_folder).as_posix(),) for path in a3_folder.rglob("*.py")])
    yield importlib.import_module
    code.forget()
