"""Checks and probes: how they are made, and what must be true of an assignment's."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sanity
from graders.course.assignment import assignment_names, load_assignment
from sanity.core.assignment_package import ChecksError, checks_of, load_checks, load_probes
from sanity.core.case import Case
from sanity.core.check import Check, Probe, check, probe
from sanity.core.forms import unpack
from sanity.core.judge import attempt
from sanity.core.recordings import Recordings, fixed_cases, load, recording_path
from sanity.core.values import Unsupported
from tests.support.drawn import SIZES, plain_values

ASSIGNMENTS = assignment_names()
CHECKS = [pytest.param(name, one, id=f"{name}-{one.name}") for name in ASSIGNMENTS for one in load_checks(name)]


def test_a_function_that_expects_is_a_reference_check():
    @check("1a", SIZES, weight=2, outputs=("size",))
    def counts(run: Any, expect: Any, case: Case) -> None:
        """It counts
        to ten.
        """
        assert (run, expect, case.n) == ("run", "expect", 1)

    counts("run", "expect", SIZES.case())  # type: ignore[arg-type]
    assert (counts.question, counts.name, counts.weight, counts.outputs) == ("1a", "counts", 2, ("size",))
    assert not counts.is_property
    assert counts.sentence == "It counts\nto ten."


def test_a_function_that_does_not_is_a_law():
    @check("1a", SIZES)
    def holds(run: Any, case: Case) -> None:
        """It holds."""
        assert (run, case.n) == ("run", 1)

    holds("run", "expect", SIZES.case())  # type: ignore[arg-type]
    assert (holds.is_property, holds.weight, holds.outputs) == (True, 1, ())


def test_a_probe_is_a_name_and_a_form():
    assert probe("encode", "encode()", "hiddens, (h, c)") == Probe("encode", "encode()", ("hiddens", ("h", "c")))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_probe_has_its_function(assignment):
    asked = __import__(f"sanity.{assignment}.asked", fromlist=["asked"])
    probes = load_probes(assignment)
    described = [value for value in vars(asked).values() if isinstance(value, Probe)]
    assert described
    assert {name for name, count in Counter(one.name for one in described).items() if count > 1} == set()
    for one in described:
        assert list(inspect.signature(getattr(probes, one.name)).parameters) == ["code", "case"], one.name


@pytest.mark.parametrize(("assignment", "one"), CHECKS)
def test_every_check_is_a_sentence_with_a_weight(assignment: str, one: Check):
    assert one.sentence.endswith(".") and "\n" not in one.sentence and len(one.sentence) < 120
    assert one.weight > 0
    assert list(inspect.signature(one.function).parameters) == (
        ["run", "case"] if one.is_property else ["run", "expect", "case"]
    )


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_question_is_checked_against_the_reference(assignment):
    manifest, checks = load_assignment(assignment).manifest, load_checks(assignment)
    assert Counter(one.name for one in checks).most_common(1)[0][1] == 1
    assert len({(one.question, one.sentence) for one in checks}) == len(checks)
    for question in manifest.questions:
        own = [one for one in checks if one.question == question.id]
        assert any(not one.is_property for one in own), question.id
        assert any(one.outputs for one in own), question.id
    order = [question.id for question in manifest.questions]
    assert [one.question for one in checks] == sorted((one.question for one in checks), key=order.index)


GOOD = """
from sanity.core.case import Cases
from sanity.core.check import check

SIZES = Cases(lambda seed, n: {"n": n}, {"n": (1, 3)}, "{n} words")


@check("1a", SIZES)
def holds(run, case):
    \"\"\"It holds.\"\"\"
"""


@pytest.fixture
def package(monkeypatch, tmp_path):
    """Make a package sanity.a0 of these files."""
    monkeypatch.setattr(sanity, "__path__", [*sanity.__path__, str(tmp_path)])
    monkeypatch.setattr("sanity.core.assignment_package.PACKAGE", tmp_path)

    def make(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = tmp_path / "a0" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    yield make
    for name in [name for name in sys.modules if name.startswith("sanity.a0")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (
            {},
            "sanity/a0/__init__.py: not found; expected CHECKS in it, the modules with the checks of a0",
        ),
        (
            {"__init__.py": "CHECK = ()"},
            'sanity/a0/__init__.py: CHECKS: expected a tuple of modules, such as ("encode", "decode"); there is none',
        ),
        (
            {"__init__.py": 'CHECKS = ("means")'},
            'sanity/a0/__init__.py: CHECKS: expected a tuple of modules, such as ("encode", "decode"); found \'means\'',
        ),
        (
            {"__init__.py": 'CHECKS = ("maens",)', "means.py": GOOD, "cases.py": ""},
            "sanity/a0/__init__.py: CHECKS names 'maens', which is not there: choose from cases, means",
        ),
        (
            {"__init__.py": 'CHECKS = ("means.py",)', "means.py": GOOD},
            "sanity/a0/__init__.py: CHECKS names 'means.py', which is not there: choose from means",
        ),
        (
            {"__init__.py": 'CHECKS = ("means",)', "means.py": "\nimport sanity.a0.caces"},
            "FOLDER/a0/means.py:2: this import fails: there is no module sanity.a0.caces",
        ),
        (
            {"__init__.py": 'CHECKS = ("means",)', "means.py": "import nunpy as np"},
            "FOLDER/a0/means.py:1: this import fails: there is no module nunpy",
        ),
        (
            {
                "__init__.py": 'CHECKS = ("means",)',
                "means.py": "from sanity.a0.cases import SIZE",
                "cases.py": GOOD,
            },
            "FOLDER/a0/means.py:1: this import fails: cannot import name 'SIZE' from 'sanity.a0.cases'",
        ),
        (
            {
                "__init__.py": 'CHECKS = ("means",)',
                "means.py": "from sanity.a0 import cases",
                "cases.py": "def f(:",
            },
            "FOLDER/a0/cases.py:1: not valid Python: invalid syntax",
        ),
    ],
)
def test_checks_that_cannot_be_loaded_are_one_line(package, tmp_path, files, line):
    package(files)
    with pytest.raises(ChecksError) as raised:
        load_checks("a0")
    assert str(raised.value) == line.replace("FOLDER", tmp_path.name)


def test_a_check_of_an_unknown_question_is_one_line(package, tmp_path):
    package({"__init__.py": 'CHECKS = ("means",)', "means.py": GOOD.replace("1a", "9z")})
    manifest = msgspec.structs.replace(load_assignment("a4").manifest, name="a0")
    with pytest.raises(ChecksError) as raised:
        checks_of(manifest)
    assert str(raised.value) == (
        f"{tmp_path.name}/a0/means.py:8: holds() checks question '9z', which a0 does not have: "
        "choose from 1a, 1b, 1c, 1d, 1e, 1f"
    )


def test_a_library_that_probes_lack_is_not_their_mistake_but_a_module_of_ours_is(package, tmp_path):
    package({"__init__.py": "", "probes.py": "import torhc"})
    with pytest.raises(ModuleNotFoundError):
        load_probes("a0")
    package({"probes.py": "import sanity.a0.caces"})
    with pytest.raises(ChecksError) as raised:
        load_probes("a0")
    assert str(raised.value) == f"{tmp_path.name}/a0/probes.py:1: this import fails: there is no module sanity.a0.caces"


def test_checks_are_there_without_torch_and_hypothesis():
    script = "import sys; from sanity.core.assignment_package import load_checks; load_checks(sys.argv[1]); "
    script += "print(*sys.modules)"
    for assignment in ASSIGNMENTS:
        done = subprocess.run([sys.executable, "-c", script, assignment], capture_output=True, text=True, check=True)
        loaded = {name.partition(".")[0] for name in done.stdout.split()}
        assert "sanity" in loaded and not loaded & {"torch", "hypothesis", "graders"}


@pytest.mark.parametrize("path", sorted(Path(sanity.__file__).parent.rglob("*.py")), ids=lambda path: path.stem)
def test_what_students_have_never_imports_the_grader(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.partition(".")[0] for name in names} & {"graders", "solutions", "assignments"}


@cache
def recorded(assignment: str) -> Recordings:
    return load(recording_path(assignment))


@cache
def replies(form: Any) -> st.SearchStrategy[Any]:
    """Answers of a form, with anything plain in the places of its parts, and sometimes answers of no form at all."""
    anything = plain_values() | st.just(Unsupported("generator"))
    if isinstance(form, str):
        return anything
    return st.one_of(st.tuples(*map(replies, form)).map(list), st.tuples(*map(replies, form)).map(list), anything)


@pytest.mark.parametrize(("assignment", "one"), [param for param in CHECKS if not param.values[1].is_property])
@settings(max_examples=10)
@given(data=st.data())
def test_nonsense_never_passes(assignment, one, data):
    def run(probe: Probe, case: Case) -> Any:
        return unpack(data.draw(replies(probe.form)), probe.form, probe.what)

    assert any(attempt(one, run, recorded(assignment).expect, case) for case in fixed_cases(one.cases))
