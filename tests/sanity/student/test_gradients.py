"""`python sanity_check.py gradients`: what it prints, its exit status, and that its scripts run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import load_bugs
from sanity.core.case import Case
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.gradients.search import search
from sanity.gradients.snippet import assign, literal, simplest
from sanity.student import gradients as properties
from sanity.student.cli import main
from tests.support.drawn import alike, make_check

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(properties, "DRAWN", 4)


def plant(folder: Path, id: str) -> None:
    """Put a planted bug's files in the place of the reference's."""
    for name, text in next(bug for bug in load_bugs(load_assignment("a4")) if bug.id == id).files.items():
        (folder / name).write_text(text, encoding="utf-8")


def test_the_reference_has_all_properties(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gradients"], reference) == 0
    assert (
        capsys.readouterr().out
        == "".join(
            f"Running the gradient properties of Question {id}: {name}\n"
            f"true of 4 cases: The gradients of {name.lower()}() are its slope, measured with small steps.\n"
            f"All gradient properties hold for Question {id}: {name}!\n\n"
            for id, name in (("1d", "Encode"), ("1e", "Decode"), ("1f", "Step"))
        )
        + "3 of 3 questions pass\n"
    )


@pytest.mark.parametrize(
    ("bug", "question", "wrong"),
    [
        ("first-state-detached", "1d", "h_projection.weight"),
        ("state-detached", "1e", "model_embeddings.target.weight"),
        ("scores-detached", "1f", "decoder.weight_ih"),
    ],
)
def test_a_property_that_fails_comes_with_a_script_that_shows_it(
    bug: str, question: str, wrong: str, reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(reference, bug)
    assert main(["gradients", question, "--seed", "5"], reference) == 1
    block, _, script = capsys.readouterr().out.partition("# Save this in the folder with your files, as try.py")
    assert f"again   python sanity_check.py gradients {question} --seed 5\n" in block
    assert "the gradients are not the slope of the outputs: see that of " in block
    assert "e = 2, h = 2" in block, "the counterexample was not made smaller"
    (reference / "try.py").write_text("#" + script, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "try.py"],
        cwd=reference,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    counts = dict(line.split(": ") for line in ran.stdout.splitlines() if line.endswith("entries are wrong"))
    assert not counts[wrong].startswith("0 of")


def test_the_same_seed_gives_the_same_counterexample(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plant(reference, "scores-detached")
    said = []
    for _ in range(2):
        assert main(["gradients", "1f", "--seed", "3"], reference) == 1
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_a_reader_that_leaves_early_sees_no_traceback(reference: Path) -> None:
    plant(reference, "scores-detached")
    command = [sys.executable, "sanity_check.py", "gradients", "1f"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=reference, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout and child.stderr
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 1


def test_json_holds_what_was_tried_and_the_script(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plant(reference, "scores-detached")
    assert main(["gradients", "1e", "1f", "--seed", "3", "--json"], reference) == 1
    decode, step = json.loads(capsys.readouterr().out)
    assert [check["outcome"] for check in decode["checks"]] == ["passed"]
    (finding,) = step["checks"]
    assert (finding["outcome"], finding["cases"], finding["seed"]) == ("failed", 4, 3)
    compile(finding["snippet"], "snippet", "exec")


def test_what_is_not_written_yet_has_no_property(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(handout_folder("a4"), tmp_path / "a4")
    assert main(["gradients", "1f"], tmp_path / "a4") == 1
    assert capsys.readouterr().out == (
        "Running the gradient properties of Question 1f: Step\n"
        "Question 1f: Step waits for question 1b, which is not implemented yet.\n\n"
    )


def test_list_names_the_properties_and_runs_nothing(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (reference / "nmt_model.py").write_text("raise SystemExit", encoding="utf-8")
    assert main(["gradients", "--list"], reference) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "1d  Encode"
    assert second == "      The gradients of encode() are its slope, measured with small steps."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["1a"], "question 1a has no gradient properties: choose from 1d, 1e, 1f"),
        (["9z"], "a4 has no question '9z': choose from 1a, 1b, 1c, 1d, 1e, 1f, 2b, 2c, 2d"),
    ],
)
def test_questions_without_properties_are_refused(
    arguments: list[str], message: str, reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gradients", *arguments], reference) == 2
    assert capsys.readouterr().err == f"sanity_check.py: {message}\n"


def test_a_missing_file_is_named(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (reference / "nmt_model.py").unlink()
    assert main(["gradients", "1f"], reference) == 2
    assert "nmt_model.py: not found; it must be in the same folder as sanity_check.py" in capsys.readouterr().err


def test_a_terminal_sees_a_bar_that_goes_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with properties.progress("1d a_property", 2) as tick:
        for _ in range(3):
            tick()
    *shown, cleared, end = capsys.readouterr().err.split("\r")
    assert [line.rstrip() for line in shown] == [
        "",
        "1d a_property            0/2",
        "1d a_property █████      1/2",
        "1d a_property ██████████ 2/2",
        "1d a_property, making the counterexample smaller ██████████ 2/2",
    ]
    assert (cleared.strip(), end) == ("", "")


def test_no_bar_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with properties.progress("1d a_property", 2) as tick:
        tick()
    assert capsys.readouterr().err == ""


def test_the_example_in_the_documentation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs/student/gradients.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(example, {})
    shown = np.array(capsys.readouterr().out.strip(" []\n").split(), dtype=float)
    np.testing.assert_allclose(shown, np.exp([0.5, -1]) / np.exp([0.5, -1]).sum(), rtol=1e-7)


# Looking for counterexamples.


def fails_from(low: int, error: Exception) -> Any:
    """A property that fails on cases of n ≥ low."""

    def a_property(run: Any, case: Case) -> None:
        """A sentence."""
        if case.n >= low:
            raise error

    return make_check(a_property)


def nothing() -> None:
    """Count no steps."""


def test_search_ends_with_the_smallest_case_that_breaks_a_property() -> None:
    broken = search(fails_from(3, CheckFailed("wrong")), None, 0, 30, nothing)  # type: ignore[arg-type]
    assert broken[-1][0].n == 3
    assert str(broken[-1][1]) == "wrong"


def test_search_finds_nothing_where_a_property_holds_and_draws_as_many_as_asked() -> None:
    drawn = []
    check = make_check(lambda run, case: drawn.append(case.n))
    ticks = []
    assert search(check, None, 0, 20, lambda: ticks.append(1)) == []  # type: ignore[arg-type]
    assert len(drawn) == len(ticks) == 20


def test_search_keeps_to_one_kind_of_problem() -> None:
    def a_property(run: Any, case: Case) -> None:
        raise CheckFailed("large") if case.n > 4 else CouldNotRun("small")

    broken = search(make_check(a_property), None, 1, 30, nothing)  # type: ignore[arg-type]
    assert len({type(problem) for _, problem in broken}) == 1


def test_search_survives_a_property_that_changes_its_mind() -> None:
    calls = []

    def a_property(run: Any, case: Case) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise CheckFailed("once")

    assert len(search(make_check(a_property), None, 1, 30, nothing)) == 1  # type: ignore[arg-type]


# Counterexamples as scripts.


@given(st.floats(-10, 10))
def test_cases_are_rounded_only_as_far_as_they_fail(x: float) -> None:
    case = Case("a case", {"x": np.array([x]), "n": 3, "inner": {"y": [np.array([x])]}})
    found = simplest(case, lambda other: abs(other.x[0] - x) < 0.01)
    assert abs(found.x[0] - x) < 0.01
    assert found.x[0] in {x, *(np.round(x, digits) for digits in (1, 2, 4))}
    assert found.n == 3
    assert found.inner["y"][0] == found.x
    exact = simplest(case, lambda other: False)
    assert exact is case


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
    | hnp.arrays(
        st.sampled_from(["?", "i8", "f4", "f8"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False},
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(values)
def test_a_value_is_spelt_as_itself(value: Any) -> None:
    assert alike(eval(literal(value), {"np": np}), value)
    spelt: dict[str, Any] = {"np": np}
    exec(assign("value", value), spelt)
    assert alike(spelt["value"], value)


def test_rows_stand_below_each_other() -> None:
    assert assign("x", np.array([[1.0, 2.5], [-1.0, 0.0]]), "torch.tensor") == (
        "x = torch.tensor(np.array([[ 1. ,  2.5],\n"
        "                           [-1. ,  0. ]]))\n"
    )  # fmt: skip
