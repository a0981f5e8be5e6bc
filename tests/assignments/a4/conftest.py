"""For the tests of what assignment 4 gives: the handout's modules with the reference's answers in them."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from graders.course.assignment import handout_folder, load_assignment
from sanity.core.submission_modules import SubmissionModules


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training writes runs/ into the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def a4_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout with the reference's answers laid over: what a student has in the end."""
    path = tmp_path_factory.mktemp("a4") / "a4"
    shutil.copytree(handout_folder("a4"), path, ignore=shutil.ignore_patterns("__pycache__"))
    for answer in load_assignment("a4").solutions.rglob("*.py"):  # the staff's modules too
        shutil.copy(answer, path)
    return path.resolve()


@pytest.fixture(scope="module")
def a4(a4_folder: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Import a module from there by name: a4("nmt.recipe"). Other assignments' utils or run don't come in between."""
    code = SubmissionModules(a4_folder, [(path.relative_to(a4_folder).as_posix(),) for path in a4_folder.rglob("*.py")])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # models this small are slower with more
    yield importlib.import_module
    torch.set_num_threads(threads)
    code.forget()


@pytest.fixture(scope="module")
def tiny_model(a4: Callable[[str], ModuleType]) -> Any:
    """A reference model over four words, untrained."""
    vocab = a4("vocab")
    entry = vocab.VocabEntry.from_corpus([["a", "b", "c", "d"]], size=10, freq_cutoff=1)
    torch.manual_seed(0)
    return a4("nmt_model").NMT(4, 3, vocab.Vocab(entry, entry), dropout_rate=0.9)
