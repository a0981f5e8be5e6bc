"""Assignment 3: its cases are what they should be, the reference is what torch has, and judging is fair."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import load_bugs, load_variants, reference_files
from graders.course.planted.process_run import ProcessRun, run_in_process
from sanity import check_folder
from sanity.a3.dropout import DRAWS, FALSE_ALARMS, deviation
from sanity.a3.model import learning_rates
from sanity.a3.oracle import SENTENCE
from sanity.a3.trees import CROSSING, TREES, heads_of
from sanity.core.assignment_package import ChecksError, checks_of, load_checks
from sanity.core.check import Check
from sanity.core.errors import CheckFailed
from sanity.core.judge import CachedRun, attempt
from sanity.core.recordings import fixed_cases, load, recording_path
from sanity.core.selection import select_in
from sanity.core.verdict import Outcome

COURSE = load_assignment("a3")
RECORDED = load(recording_path("a3"))
BUGS = {bug.id: bug.files for bug in load_bugs(COURSE)}
VARIANTS = {variant.id: variant.files for variant in load_variants(COURSE)}
SEEDS = st.integers(0, 2**31)


def solution(name: str) -> ModuleType:
    """Import a file of the reference that needs nothing beside it."""
    spec = importlib.util.spec_from_file_location(f"a3_{name}", COURSE.solutions / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def running(files: dict[str, str]) -> Iterator[CachedRun]:
    with run_in_process(COURSE, files) as child:
        run: ProcessRun = child
        yield CachedRun(run)


def failing(checks: list[Check], run: CachedRun) -> set[str]:
    return {
        check.name
        for check in checks
        if any(attempt(check, run, RECORDED.expect, case) for case in fixed_cases(check.cases))
    }


@given(SEEDS, st.integers(1, 12))
def test_a_tree_that_is_drawn_is_one_that_the_reference_finds(seed: int, n: int) -> None:
    heads = TREES.case(seed=seed, n=n).heads
    transitions = solution("oracle").transitions_of(heads)
    assert heads_of(transitions, n) == heads
    assert {name: transitions.count(name) for name in ("S", "LA", "RA")} == solution("oracle").transition_counts(heads)


@given(SEEDS, st.integers(4, 12))
def test_arcs_that_cross_are_never_made(seed: int, n: int) -> None:
    with pytest.raises(ValueError):
        solution("oracle").transitions_of(CROSSING.case(seed=seed, n=n).heads)


@pytest.mark.parametrize(
    ("transitions", "said"),
    [
        (["S", "RA", "RA"], "RA is taken although the stack is too short"),
        (["S", "LA"], "LA is taken although the stack is too short"),
        (["S", "S", "S"], "S is taken although the buffer is empty"),
        (["S", "S", "RA"], "the parse is not finished after the last transition"),
        (["S", "shift"], "there is a transition that is not S, LA or RA"),
    ],
)
def test_transitions_that_parse_nothing_are_refused(transitions: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        heads_of(transitions, 2)


def test_the_table_is_of_the_sentence_of_the_handout() -> None:
    assert solution("oracle").SENTENCE == SENTENCE
    assert "figures/tree.svg" in (COURSE.folder / "README.md").read_text()


def test_a_right_dropout_hardly_ever_fails() -> None:
    bound = 2 * 20 * np.exp(-2 * DRAWS * deviation(20) ** 2)  # Hoeffding, for twenty numbers
    assert bound == pytest.approx(FALSE_ALARMS)


@pytest.mark.slow
def test_adam_is_that_of_torch() -> None:
    import torch

    rng, module = np.random.default_rng(3), solution("optimization")
    x, state = rng.standard_normal((3, 4)), (np.zeros((3, 4)), np.zeros((3, 4)), 0)
    theirs = torch.nn.Parameter(torch.tensor(x))
    optimizer = torch.optim.Adam([theirs], lr=0.03)
    for _ in range(200):
        gradient = rng.standard_normal((3, 4))
        x, state = module.adam_step(x, gradient, state, lr=0.03)
        theirs.grad = torch.tensor(gradient)
        optimizer.step()
    np.testing.assert_allclose(x, theirs.detach().numpy(), rtol=1e-10)


def test_minibatches_are_not_blamed_for_a_wrong_partial_parse() -> None:
    own = [check for check in load_checks("a3") if check.question == "2d"]
    for bug in ("arcs-exchanged", "stack-empty", "left-arc-removes-head", "shift-from-the-end"):
        with running(BUGS[bug]) as run:
            assert failing(own, run) == set(), bug


def test_a_wrong_lookup_costs_no_other_check_of_the_network() -> None:
    own = [check for check in load_checks("a3") if check.question == "2e"]
    with running(BUGS["lookup-averaged"]) as run:
        assert failing(own, run) == {"lookup_joined", "takes_a_minibatch_of_one"}


def test_what_is_not_handed_in_harms_nothing_else(tmp_path: Path) -> None:
    folder = shutil.copytree(handout_folder("a3"), tmp_path / "a3")
    shutil.copy(COURSE.solutions / "parser_transitions.py", folder)
    for name in ("optimization.py", "oracle.py", "attachment.py", "parser_model.py"):
        (folder / name).unlink()
    for question, verdicts in check_folder(folder, ["2c", "2d"]):
        assert {verdict.outcome for verdict in verdicts} == {Outcome.PASSED}, question.id


def test_a_course_may_forbid_layers() -> None:
    manifest = msgspec.structs.replace(COURSE.manifest, rules=("own-layers",))
    name = "makes_its_own_layers"
    assert name not in {check.name for check in checks_of(COURSE.manifest)}
    [rule] = [check for check in checks_of(manifest) if check.name == name]
    with running(VARIANTS["linear-layers"]) as run:
        found = attempt(rule, run, RECORDED.expect, rule.cases.case())
    assert isinstance(found, CheckFailed)
    assert found.message == "the model has a layer of type nn.Linear"
    with running(reference_files(COURSE)) as run:
        assert attempt(rule, run, RECORDED.expect, rule.cases.case()) is None


def test_a_rule_that_no_check_enforces_is_one_line() -> None:
    with pytest.raises(ChecksError) as raised:
        checks_of(msgspec.structs.replace(COURSE.manifest, rules=("own-layer",)))
    assert str(raised.value) == "assignments/a3/assignment.toml: rules: no check of a3 enforces 'own-layer'"


PRINTED = {
    "part_c": ["SHIFT", "LEFT-ARC", "RIGHT-ARC", "parse"],
    "part_d": ["minibatch_parse"],
}


def command(folder: Path, *arguments: str) -> Any:
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the handout, and the reference in it."""
    copy = shutil.copytree(handout_folder("a3"), tmp_path / "a3")
    for name, text in reference_files(COURSE).items():
        (copy / name).write_text(text)
    return copy


@pytest.mark.parametrize("part", PRINTED)
def test_the_commands_of_the_course_print_its_lines(part: str, folder: Path) -> None:
    done = command(folder, "parser_transitions.py", part)
    assert done.stdout.splitlines() == [f"{name} test passed!" for name in PRINTED[part]]


@pytest.mark.parametrize(
    ("bug", "part", "said"),
    [
        (
            "left-arc-reversed",
            "part_c",
            "LEFT-ARC test failed: after S, S, LA the dependencies are [('time', 'flies')], expected [('flies', 'tim",
        ),
        ("batch-size-ignored", "part_d", ""),
        ("order-of-finishing", "part_d", "minibatch_parse test failed: got "),
    ],
)
def test_a_mistake_is_one_line(bug: str, part: str, said: str, folder: Path) -> None:
    (folder / "parser_transitions.py").write_text(BUGS[bug]["parser_transitions.py"])
    done = command(folder, "parser_transitions.py", part)
    assert done.stderr.startswith(said) and done.stderr.count("\n") == (1 if said else 0)
    assert done.returncode == (1 if said else 0)


def test_an_unknown_part_is_one_line(folder: Path) -> None:
    done = command(folder, "parser_transitions.py", "part_x")
    assert (done.returncode, done.stderr) == (1, "usage: python parser_transitions.py part_c | part_d\n")


TRAIN = """
import argparse
import no_such_library
from torch import nn, optim
from tqdm import tqdm

argparse.ArgumentParser().add_argument("-d")
raise SystemExit("nothing at the top runs")

def train(parser, train_data, dev_data, output_path, batch_size=1024, n_epochs=10, lr=0.0005):
    best_dev_UAS = 0
    optimizer = {}
    loss_func = nn.CrossEntropyLoss()
    for epoch in range(n_epochs):
        dev_UAS = train_for_epoch(parser, train_data, dev_data, optimizer, loss_func, batch_size)

def train_for_epoch(parser, train_data, dev_data, optimizer, loss_func, batch_size):
    raise AssertionError("this would train")
"""
GIVEN_RUN = (COURSE.folder / "run.py").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run_py", "told"),
    [
        (TRAIN.replace("{}", "optim.Adam(parser.model.parameters(), lr=lr)"), False),
        (TRAIN.replace("{}", "optim.SGD([{'params': parser.model.parameters(), 'lr': lr}])"), False),
        (TRAIN.replace("{}", "optim.Adagrad(parser.model.parameters(), lr)"), False),
        (TRAIN.replace("{}", "optim.Adam(parser.model.parameters())"), True),
        (TRAIN.replace("{}", "optim.AdamW(parser.model.parameters(), lr=0.0005)"), True),
        (TRAIN.replace("{}", "no_such_library.Adam(parser.model.parameters())"), None),
        ("def train(:\n", None),
        (GIVEN_RUN, None),
        ("", None),
    ],
)
def test_a_run_of_ones_own_is_told_if_its_optimiser_gets_no_learning_rate(run_py: str, told: bool | None) -> None:
    files = reference_files(COURSE) | ({"run.py": run_py} if run_py else {})
    [hint] = [check for check in load_checks("a3") if check.name == "trains_at_the_rate_given"]
    with running(files) as run:
        found = attempt(hint, run, RECORDED.expect, hint.cases.case())
        rates = run(learning_rates, hint.cases.case())["rates"]
    assert (found is not None) == bool(told)
    assert bool(rates) == (told is not None)
    assert not told or str(found) == "in run.py the optimiser of train() does not get the learning rate"


def test_a_run_of_ones_own_is_taken_along(tmp_path: Path) -> None:
    for name, text in {**reference_files(COURSE), "run.py": TRAIN, "parsing/decoding.py": ""}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    selection = select_in(tmp_path, COURSE.manifest)
    assert selection.helpers == ("run.py",)
    assert "ignored: parsing/decoding.py is given" in selection.notes


@pytest.mark.slow
def test_the_models_commands_print_the_lines_of_the_course(folder: Path) -> None:
    lines = ["Embedding_lookup sanity check passes!", "Forward sanity check passes!"]
    assert command(folder, "parser_model.py", "-e", "-f").stdout.splitlines() == lines
    (folder / "parser_model.py").write_text(BUGS["lookup-averaged"]["parser_model.py"])
    done = command(folder, "parser_model.py", "-e")
    assert done.returncode == 1 and done.stderr.startswith("Embedding_lookup sanity check failed: got ")
