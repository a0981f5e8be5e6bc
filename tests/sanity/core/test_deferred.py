"""Imports that wait until their name is used, in the files of which no other module imports anything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sanity.core.submission_modules import SubmissionModules

Open = Callable[[str], Any]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A notebook saved as Python, beside libraries that leave a mark in `sys.loaded` when they are imported."""
    site, folder, codes = tmp_path / "site", tmp_path / "work", []
    site.mkdir()
    folder.mkdir()
    (site / "heavy").mkdir()
    for name, more in ("__init__", ""), ("one", "x = 1\n"), ("two", "x = 2\n"):
        (site / "heavy" / f"{name}.py").write_text(f"import sys\nsys.loaded.append({name!r})\n{more}")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(sys, "loaded", [], raising=False)

    def opened(text: str) -> Any:
        (folder / "mine.py").write_text(text)
        codes.append(SubmissionModules(folder, [("mine.py",)], deferring=["mine"]))
        return codes[-1].mine

    yield opened
    for code in codes:
        code.forget()
    for name in [name for name in sys.modules if name.startswith("heavy")]:
        del sys.modules[name]


def test_what_is_not_used_is_not_imported(opened: Open) -> None:
    mine = opened("import heavy.one\nfrom heavy.two import x as two\ndef f(): return 3\ndef g(): return two\n")
    assert (mine.f(), sys.loaded) == (3, [])  # type: ignore[attr-defined]
    assert (mine.g(), sys.loaded) == (2, ["__init__", "two"])  # type: ignore[attr-defined]


def test_a_name_of_several_imports_has_them_all(opened: Open) -> None:
    mine = opened("import heavy.one\nimport heavy.two\ndef f(): return heavy.one.x + heavy.two.x\n")
    assert mine.f() == 3


def test_what_runs_at_the_top_finds_its_names(opened: Open) -> None:
    mine = opened("import heavy.one as h\ny = h.x\nclass A:\n    z = h.x\nw = [h.x for _ in range(2)]\n")
    assert (mine.y, mine.A.z, mine.w) == (1, 1, [1, 1])


@pytest.mark.parametrize(
    ("text", "last"), [("x = 5\nfrom heavy.one import x\n", 1), ("from heavy.one import x\nx = 5\n", 5)]
)
def test_later_definitions_count(text: str, last: int, opened: Open) -> None:
    assert opened(f"{text}def f(): return x\n").f() == last


def test_an_import_that_fails_fails_where_it_is_used(opened: Open) -> None:
    mine = opened("import heavy.three as h\nfrom heavy.one import y\ndef f(): return 1\ndef g(): return h.x\n")
    assert mine.f() == 1
    with pytest.raises(ModuleNotFoundError, match=r"heavy\.three"):
        mine.g()


def test_other_names_are_as_ever(opened: Open) -> None:
    mine = opened("def f(): return nowhere\ndef g(): return len('ab') + sum([1])\n")
    with pytest.raises(NameError, match="name 'nowhere' is not defined"):
        mine.f()
    assert mine.g() == 3
