"""Assignment 2: its cases and bounds are what they should be, and some mistakes are named."""

from __future__ import annotations

import math
import shutil
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import load_bugs, reference_files
from graders.course.planted.process_run import run_in_process
from sanity.a2.counts import COUNTS
from sanity.a2.hierarchical import LEAVES
from sanity.a2.huffman import huffman_codes
from sanity.a2.negatives import DRAWN_PAIRS, drawn
from sanity.a2.noise_draws import DRAWN, FALSE_ALARMS, deviation
from sanity.a2.softmax import PAIRS, naive_softmax
from sanity.core.assignment_package import load_checks
from sanity.core.calling import LocalRun
from sanity.core.compare import number
from sanity.core.errors import CheckFailed
from sanity.core.judge import attempt
from sanity.core.recordings import fixed_cases, load, recording_path
from sanity.core.submission_modules import SubmissionModules

CHECKS = {check.name: check for check in load_checks("a2")}
BUGS = {bug.id: bug for bug in load_bugs(load_assignment("a2"))}
RECORDED = load(recording_path("a2"))


def problem(bug: str, check: str) -> CheckFailed:
    """Return how a bug fails a check, on its last fixed case."""
    with run_in_process(load_assignment("a2"), BUGS[bug].files) as run:
        found = attempt(CHECKS[check], run, RECORDED.expect, fixed_cases(CHECKS[check].cases)[-1])
    assert isinstance(found, CheckFailed)
    return found


def test_a_matrix_for_a_vector_is_a_shape_error_with_a_diagnosis() -> None:
    row = problem("softmax-center-row", "naive_softmax_gradCenterVec")
    column = problem("softmax-center-column", "naive_softmax_gradCenterVec")
    assert row.message == "gradCenterVec has shape (1, 5), expected (D=5)"
    assert column.message == "gradCenterVec has shape (5, 1), expected (D=5)"
    assert row.diagnosis.startswith("gradCenterVec has an axis of size one too many")
    assert column.diagnosis.startswith("gradCenterVec has an axis of size one too many")


def test_a_sample_that_is_overwritten_is_named() -> None:
    found = problem("negative-buffered", "repeats_count")
    assert found.message == "gradOutsideVecs does not count a repeated sample each time"
    assert found.diagnosis == "a repeated sample is left out or overwritten, not added"


def test_a_shifted_sampler_is_named() -> None:
    assert problem("sample-off-by-one", "draws_by_probability").diagnosis == "the index of the word drawn is off by one"


@pytest.mark.parametrize("loss", [2.5, np.float64(2.5), np.array(2.5), np.array([2.5])])
def test_a_loss_may_be_a_float_or_an_array_of_one(loss: object) -> None:
    plain = np.asarray(loss) if isinstance(loss, np.generic) else loss
    assert number({"loss": plain}, "loss") == 2.5
    assert number({"loss": plain}, "loss").shape == ()


@pytest.mark.parametrize(("loss", "shape"), [(np.ones((1, 1)), "(1, 1)"), (np.ones(3), "(3,)")])
def test_a_loss_of_another_shape_is_an_error(loss: object, shape: str) -> None:
    with pytest.raises(CheckFailed) as error:
        number({"loss": loss}, "loss")
    assert error.value.message == f"loss has shape {shape}, expected a number"


def test_the_statistical_bound_is_hoeffdings() -> None:
    words, bound = 7, deviation(7)
    assert math.isclose(words * 2 * math.exp(-2 * DRAWN * bound**2), FALSE_ALARMS)


@given(st.integers(0, 2**31 - 1), st.integers(2, 9), st.integers(0, 1))
def test_noise_cases_are_distributions(seed: int, V: int, flat: int) -> None:
    case = COUNTS.case(seed=seed, V=V, flat=flat)
    assert math.isclose(case.probabilities.sum(), 1)
    assert case.probabilities.max() < 0.95
    assert (case.counts > 0).all()


@given(st.integers(0, 2**31 - 1), st.integers(3, 8), st.integers(1, 6), st.integers(0, 1))
def test_a_stream_holds_a_word_that_may_be_drawn(seed: int, V: int, K: int, repeats: int) -> None:
    case = DRAWN_PAIRS.case(seed=seed, V=V, K=K, repeats=repeats)
    assert len(drawn(case)) == K
    assert case.outsideWordIdx not in drawn(case)


@given(st.integers(0, 2**31 - 1), st.integers(3, 8))
def test_leaf_cases_are_binary_trees(seed: int, V: int) -> None:
    case = LEAVES.case(seed=seed, V=V)
    codes = ["".join(map(str, code)) for code in case.codes]
    assert sum(2.0 ** -len(code) for code in codes) == 1
    assert not any(other.startswith(code) for code, other in permutations(codes, 2))
    assert {int(node) for path in case.paths for node in path} == set(range(V - 1))


def test_few_keeps_the_family() -> None:
    assert PAIRS.few().case(V=5, seed=3).digest == PAIRS.case(V=5, seed=3).digest


@given(st.lists(st.integers(1, 100), min_size=2, max_size=7))
def test_the_references_codes_are_optimal(counts: list[int]) -> None:
    """The length of a corpus in the best code is the sum over all joins of the two smallest counts."""
    case = COUNTS.case().having(counts=np.array(counts))
    with run_in_process(load_assignment("a2"), reference_files(load_assignment("a2"))) as run:
        codes = run(huffman_codes, case)["codes"]
    heap, least = sorted(counts), 0
    while len(heap) > 1:
        least += heap[0] + heap[1]
        heap = sorted([heap[0] + heap[1], *heap[2:]])
    assert sum(len(code) * count for code, count in zip(codes, counts, strict=True)) == least


def test_arguments_of_a_case_survive_a_submission_that_changes_them(tmp_path: Path) -> None:
    modules = load_assignment("a2").manifest.modules
    shutil.copytree(handout_folder("a2"), tmp_path, dirs_exist_ok=True)
    for name, text in BUGS["softmax-in-place"].files.items():
        (tmp_path / name).write_text(text)
    case = PAIRS.case(V=4, D=3)
    before = case.outsideVectors.copy()
    code = SubmissionModules(tmp_path, modules)
    try:
        LocalRun(code, ())(naive_softmax, case)
    finally:
        code.forget()
    assert np.array_equal(case.outsideVectors, before)
