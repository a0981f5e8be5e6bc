"""The examples in docstrings are run, and must give what they show: in every module of our packages that has some.

Only those modules are imported, so one with an example must be importable without side effects.
"""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from sanity.core.submission_modules import module_name

ROOT = Path(__file__).parents[1]
PACKAGES = ("sanity", "graders")

FILES = sorted(path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
MODULES = [module_name(str(path)) for path in FILES if ">>> " in (ROOT / path).read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_show(name: str) -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [found for found in finder.find(import_module(name), name) if found.examples]
    assert examples, f"{name} has >>> in it, but no example in a docstring"
    for example in examples:
        report: list[str] = []
        assert doctest.DocTestRunner().run(example, out=report.append).failed == 0, "".join(report)


def test_there_are_examples() -> None:
    assert len(MODULES) >= 8
