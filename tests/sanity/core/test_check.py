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
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sanity
from graders.course.assignment import assignment_names, load_assignment
from sanity.core.assignment_package import (
    ChecksError,
    MissingLibrary,
    checks_of,
    libraries_of,
    load_checks,
    load_probes,
    require_libraries,
)
from sanity.core.case import Case
from sanity.core.check import Check, Checks
from sanity.core.errors import CheckFailed
from sanity.core.forms import names_in, unpack
from sanity.core.judge import attempt
from sanity.core.probe import Probe, probe
from sanity.core.recordings import Recordings, fixed_cases, load, recording_path
from sanity.core.values import Unsupported
from tests.support.drawn import SIZES, plain_values

ASSIGNMENTS = assignment_names()
CHECKS = [pytest.param(name, one, id=f"{name}-{one.name}") for name in ASSIGNMENTS for one in load_checks(name)]


def test_a_function_that_expects_is_a_reference_check():
    check = Checks("1a")

    @check(SIZES, weight=2, outputs=("size",))
    def counts(run: Any, expect: Any, case: Case) -> None:
        """It counts
        to ten.
        """
        assert (run, expect, case.n) == ("run", "expect", 1)

    counts("run", "expect", SIZES.case())  # type: ignore[arg-type]
    assert (counts.question, counts.name, counts.weight, counts.outputs) == ("1a", "counts", 2, ("size",))
    assert not counts.is_property
    assert counts.sentence == "It counts\nto ten."
    assert check.all == [counts]


def test_a_function_that_does_not_is_a_property():
    @Checks("1a")(SIZES)
    def holds(run: Any, case: Case) -> None:
        """It holds."""
        assert (run, case.n) == ("run", 1)

    holds("run", "expect", SIZES.case())  # type: ignore[arg-type]
    assert (holds.is_property, holds.weight, holds.outputs) == (True, 1, ())


def two(name: str = "two") -> Probe:
    """A probe with an array and a number."""

    def function(code: Any, case: Case) -> Any: ...

    function.__name__ = name
    return probe("loss, gradients[0]: n m|n", of="two()")(function)


def test_a_probe_has_a_form_and_axes():
    made = two()
    assert (made.name, made.what, made.form) == ("two", "two()", ("loss", "gradients[0]"))
    assert made.axes == {"gradients[0]": "n m|n"}
    assert made.spell is None
    made.script(lambda case: f"two({case.n})")
    assert made.spell is not None and made.spell(SIZES.case(n=3)) == "two(3)"


RIGHT = {"loss": 2.0, "gradients[0]": np.array([[1.0, 2.0], [3.0, 4.0]])}


@pytest.mark.parametrize(
    ("output", "wrong", "said"),
    [
        ("loss", 3.0, "loss is wrong"),
        ("loss", np.zeros(2), "loss has shape (2,), expected a number"),
        ("gradients[0]", RIGHT["gradients[0]"].T, "gradients[0] has the right shape (n=2, m=2) but 2 of 4 values are"),
        ("gradients[0]", np.zeros(2), "gradients[0] has shape (2,), expected (n=2, m=2)"),
    ],
)
def test_compares_names_the_output_and_its_axes(output, wrong, said):
    check = Checks("1a")
    check.compares(two(), SIZES, output, weight=3, says="It is right.")
    [one] = check.all
    assert (one.sentence, one.weight, one.outputs, one.is_property) == ("It is right.", 3, (output,), False)
    assert one.name == {"loss": "two_loss", "gradients[0]": "two_gradients_0"}[output]
    one(lambda probe, case: RIGHT, lambda probe, case: RIGHT, SIZES.case())
    with pytest.raises(CheckFailed) as failed:
        one(lambda probe, case: {**RIGHT, output: wrong}, lambda probe, case: RIGHT, SIZES.case())
    assert failed.value.message.startswith(said)


def test_a_fitted_case_is_what_both_sides_get():
    check, seen = Checks("1a"), []
    check.compares(two(), SIZES, "loss", says="It is.", fit=lambda run, case: case.having(n=7))

    def run(probe: Probe, case: Case) -> Any:
        seen.append(case.n)
        return RIGHT

    check.all[0](run, run, SIZES.case())
    assert seen == [7, 7]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_probe_takes_the_code_and_a_case(assignment):
    probes = load_probes(assignment)
    assert probes
    for name, one in probes.items():
        assert list(inspect.signature(one.function).parameters) == ["code", "case"], name
        assert one.axes.keys() <= set(names_in(one.form)), name


@pytest.mark.parametrize(("assignment", "one"), CHECKS)
def test_every_check_is_a_sentence_with_a_weight(assignment: str, one: Check):
    assert one.sentence.endswith(".") and "\n" not in one.sentence and len(one.sentence) < 120
    assert one.weight > 0 or one.is_property
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
from sanity.core.check import Checks
from sanity.core.probe import probe

check = Checks("1a")
SIZES = Cases(lambda seed, n: {"n": n}, {"n": (1, 3)}, "{n} words")


@probe("size", of="size()")
def size(code, case):
    return code.student.size(case.n)


@check(SIZES)
def holds(run, case):
    \"\"\"It holds.\"\"\"


check.compares(size, SIZES, "size", says="It is right.")
"""


@pytest.fixture
def package(monkeypatch, tmp_path):
    """Make a package sanity.a0 of these files."""
    monkeypatch.setattr(sanity, "__path__", [*sanity.__path__, str(tmp_path)])
    monkeypatch.setattr("sanity.core.assignment_package.PACKAGE", tmp_path)

    def make(files: dict[str, str]) -> None:
        for name, text in {"__init__.py": "", **files}.items():
            path = tmp_path / "a0" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    yield make
    for name in [name for name in sys.modules if name.startswith("sanity.a0")]:
        del sys.modules[name]


def test_modules_are_found_without_a_list(package):
    package({"means.py": GOOD, "shared.py": "ONE = 1\n"})
    assert [one.name for one in load_checks("a0")] == ["holds", "size"]
    assert list(load_probes("a0")) == ["size"]


def slipped(before: str, after: str) -> dict[str, str]:
    assert before in GOOD
    return {"means.py": GOOD.replace(before, after)}


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"means.py": "\nimport sanity.a0.caces"}, "means.py:2: this import fails: there is no module sanity.a0.caces"),
        ({"means.py": "import nunpy as np"}, "means.py:1: this import fails: there is no module nunpy"),
        (
            {"means.py": "from sanity.a0.cases import SIZE", "cases.py": "SIZES = 1"},
            "means.py:1: this import fails: cannot import name 'SIZE' from 'sanity.a0.cases'",
        ),
        (
            {"means.py": "from sanity.a0 import cases", "cases.py": "def f(:"},
            "cases.py:1: not valid Python: invalid syntax",
        ),
        (
            slipped("@check(SIZES)", "@check(SIZES, wieght=2)"),
            "means.py:15: there is no option 'wieght': choose from cases, weight, outputs, gradients",
        ),
        (
            slipped('"size", says=', '"size", syas='),
            "means.py:20: there is no option 'syas': choose from probe, cases, output, says, weight, "
            "gradients, fit, name",
        ),
        (slipped("of=", "off="), "means.py:10: there is no option 'off': choose from returns, of, needs, otherwise"),
        (
            slipped('"{n} words")', '"{n} words", corner=())'),
            "means.py:7: there is no option 'corner': choose from make, ranges, words, corners, drawn",
        ),
        (
            slipped("@check(SIZES)", "@check(SIZES, weight=0)"),
            "means.py:15: holds: weight=0: expected a number above 0, or @check.hint for a point of style",
        ),
        (slipped('SIZES, "size"', 'SIZES, "sizes"'), "means.py:20: size has no output 'sizes': choose from size"),
        (slipped("check.compares(size,", "check.compares(sice,"), "means.py:20: NameError: name 'sice' is not defined"),
        (
            slipped("holds(run, case)", "holds(code)"),
            "means.py:15: holds(): expected the arguments run, case or run, expect, case",
        ),
        (
            slipped('    """It holds."""', "    return"),
            "means.py:15: holds has no docstring, or nothing in says=: students read that sentence",
        ),
        (
            {"means.py": GOOD + 'check = Checks("1b")\n'},
            'means.py:21: this file has Checks("1a") already: one question, one file',
        ),
    ],
)
def test_a_slip_is_one_line_with_its_place(package, tmp_path, files, line):
    package(files)
    with pytest.raises(ChecksError) as raised:
        load_checks("a0")
    assert str(raised.value) == f"{tmp_path.name}/a0/{line}"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (GOOD.replace("1a", "1b"), "sanity/a0: 2 checks are called holds; each needs a name of its own"),
        (
            GOOD.replace("1a", "1b").replace("holds", "more").replace('"size", says', '"size", name="m", says'),
            "sanity/a0: 2 probes are called size; each needs a name of its own",
        ),
        (GOOD, "FOLDER/a0/more.py:6: FOLDER/a0/means.py:6 checks question 1a already"),
    ],
)
def test_names_are_unique(package, tmp_path, more, line):
    package({"means.py": GOOD, "more.py": more})
    with pytest.raises(ChecksError) as raised:
        load_checks("a0")
    assert str(raised.value) == line.replace("FOLDER", tmp_path.name)


def test_a_package_that_is_not_there_is_one_line():
    with pytest.raises(ChecksError) as raised:
        load_checks("a0")
    assert str(raised.value) == "sanity/a0: not found; expected a package with the checks of a0"


def test_an_unknown_question_and_one_without_checks_are_one_line(package, tmp_path):
    manifest = msgspec.structs.replace(load_assignment("a4").manifest, name="a0")
    package({"means.py": GOOD})
    with pytest.raises(ChecksError) as raised:
        checks_of(manifest)
    assert str(raised.value) == 'sanity/a0: no module checks question 1b, with Checks("1b")'
    package({"nines.py": GOOD.replace("1a", "9z")})
    with pytest.raises(ChecksError) as raised:
        checks_of(manifest)
    place = f"{tmp_path.name}/a0/nines.py:6"
    assert str(raised.value) == f"{place}: a0 has no question '9z': choose from 1a, 1b, 1c, 1d, 1e, 1f, 2b, 2c, 2d"


def test_libraries_are_those_of_the_questions_probes(package):
    questions = load_assignment("a4").manifest.questions
    package(
        {"means.py": GOOD, "model.py": GOOD.replace("1a", "1b").replace('of="size()"', 'of="size()", needs=("torhc",)')}
    )
    assert [libraries_of("a0", "1a"), libraries_of("a0", "1b"), libraries_of("a0")] == [[], ["torhc"], ["torhc"]]
    require_libraries("a0", questions[:1])
    with pytest.raises(MissingLibrary) as raised:
        require_libraries("a0", questions[:2])
    assert str(raised.value) == "question 1b needs torhc, which is not installed: pip install torhc"


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
