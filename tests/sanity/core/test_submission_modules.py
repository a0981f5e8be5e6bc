"""The modules of a submission: imported by path, one at a time, and forgotten again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sanity.core.submission_modules import SubmissionModules, module_name


@contextmanager
def opened(folder: Path, *files: str) -> Iterator[SubmissionModules]:
    code = SubmissionModules(folder, [(file,) for file in files])
    try:
        yield code
    finally:
        code.forget()


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


@pytest.mark.parametrize(
    ("file", "name"),
    [("utils.py", "utils"), ("utils/__init__.py", "utils"), ("utils/utils.py", "utils.utils")],
)
def test_files_are_modules(file, name):
    assert module_name(file) == name


def test_a_broken_file_breaks_no_other(tmp_path):
    write(tmp_path, good="answer = 1", broken="answer = (")
    with opened(tmp_path, "good.py", "broken.py") as code:
        assert code.good.answer == 1
        with pytest.raises(SyntaxError):
            _ = code.broken


@pytest.fixture
def without_colorsys(monkeypatch):
    """colorsys as if nothing had imported it yet: matplotlib may have."""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)


def test_a_submissions_file_comes_before_what_is_installed(tmp_path, without_colorsys):
    write(tmp_path, colorsys="answer = 1", student="import colorsys\nanswer = colorsys.answer + 1")
    with opened(tmp_path, "colorsys.py", "student.py") as code:
        assert code.student.answer == 2
    import colorsys

    assert not hasattr(colorsys, "answer")


def test_other_files_of_the_folder_are_found_but_shadow_nothing(tmp_path, without_colorsys):
    write(tmp_path, helper_of_mine="answer = 1", colorsys="raise AssertionError")
    write(tmp_path, student="import colorsys, helper_of_mine\nanswer = helper_of_mine.answer")
    with opened(tmp_path, "student.py") as code:
        assert code.student.answer == 1


def test_packages_are_found(tmp_path):
    write(tmp_path / "tools", __init__="", more="answer = 1")
    with opened(tmp_path, "tools/__init__.py", "tools/more.py") as code:
        from tools.more import answer  # type: ignore[import-not-found]

        assert answer == 1 and code.tools.more.answer == 1


def test_the_next_import_reads_the_files_anew(tmp_path):
    for answer in ("1", "22", "333"):
        write(tmp_path, student=f"import helper_of_mine\nanswer = {answer}", helper_of_mine=f"answer = {answer}")
        with opened(tmp_path, "student.py") as code:
            assert code.student.answer == code.student.helper_of_mine.answer == int(answer)


def test_nothing_of_it_stays_behind(tmp_path):
    write(tmp_path, student="import helper_of_mine", helper_of_mine="")
    before = list(sys.path), list(sys.meta_path), set(sys.modules)
    with opened(tmp_path, "student.py") as code:
        _ = code.student
        assert {"student", "helper_of_mine"} <= set(sys.modules)
    assert (sys.path, sys.meta_path, set(sys.modules)) == (*before[:2], before[2])


def test_what_is_installed_inside_the_folder_or_lies_beside_it_stays(tmp_path, monkeypatch):
    installed, beside = tmp_path / "a4/.venv/lib/site-packages", tmp_path / "a4-old"
    write(installed, torch_of_sorts="")
    write(beside, module_beside="")
    write(tmp_path / "a4", student="import torch_of_sorts, module_beside")
    monkeypatch.syspath_prepend(installed)
    monkeypatch.syspath_prepend(beside)
    with opened(tmp_path / "a4", "student.py") as code:
        _ = code.student
    cache = {name for name in ("torch_of_sorts", "module_beside", "student") if sys.modules.pop(name, None)}
    assert cache == {"torch_of_sorts", "module_beside"}
