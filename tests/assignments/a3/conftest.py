"""For the tests of what assignment 3 gives: the handout's modules with the reference's answers in them."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from graders.course.assignment import handout_folder, load_assignment
from sanity.core.submission_modules import SubmissionModules


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training writes runs/ into the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout with the reference's answers laid over: what a student has in the end."""
    path = tmp_path_factory.mktemp("a3") / "a3"
    shutil.copytree(handout_folder("a3"), path, ignore=shutil.ignore_patterns("__pycache__", "data", "trained", "runs"))
    for name, content in load_assignment("a3").reference.items():
        (path / name).write_bytes(content)
    return path.resolve()


@pytest.fixture(scope="module")
def a3(folder: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Import a module from there by name: a3("parsing.recipe"). Other assignments' utils or run don't come between."""
    code = SubmissionModules(folder, [(path.relative_to(folder).as_posix(),) for path in folder.rglob("*.py")])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # models this small are slower with more
    yield importlib.import_module
    torch.set_num_threads(threads)
    code.forget()
