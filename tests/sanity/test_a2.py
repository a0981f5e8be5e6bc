"""Assignment 2: the checks tell planted bugs from correct variants, and for each law some bug breaks it."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.bugs import Bug, Files, Variant, load_bugs, load_variants, reference_files
from graders.course import handout_folder
from sanity.a2.asked import DRAWN, FALSE_ALARMS, NAIVE, number
from sanity.a2.cases import COUNTS, DRAWN_PAIRS, LEAVES, PAIRS, few
from sanity.a2.negatives import drawn
from sanity.a2.sampling import deviation
from sanity.asking import Here
from sanity.case import Case
from sanity.check import Answers, Check, Run, load_checks, load_probes
from sanity.code import Code
from sanity.errors import CheckFailed
from sanity.judge import Remembering, attempt
from sanity.manifest import read_manifest
from sanity.recorded import fixed_cases

MANIFEST = read_manifest(handout_folder("a2"))
CHECKS = {check.name: check for check in load_checks("a2")}
BUGS = {bug.id: bug for bug in load_bugs("a2")}
VARIANTS = load_variants("a2")

BREAKS = {
    "overflows_nowhere": "sigmoid-overflows",
    "mirrors": "sigmoid-tanh",
    "leaves_x_alone": "sigmoid-in-place",
    "softmax_gradients_are_slopes": "softmax-loss-in-bits",
    "softmax_ignores_a_shift": "softmax-center-not-subtracted",
    "softmax_knows_no_names": "softmax-first-word",
    "softmax_rows_cancel": "softmax-outside-one-row",
    "softmax_takes_keywords": "softmax-other-names",
    "softmax_leaves_its_arguments": "softmax-in-place",
    "softmax_loss_is_positive": "softmax-loss-positive-log",
    "sampling_gradients_are_slopes": "negative-derivative",
    "repeats_count": "negative-buffered",
    "touches_few_rows": "negative-starts-as-vectors",
    "sampling_leaves_its_arguments": "negative-in-place",
    "window_gradients_are_slopes": "window-center-everywhere",
    "windows_add_up": "window-last-only",
    "only_the_center_moves": "window-center-at-outside",
    "hands_on_the_dataset": "window-no-dataset",
    "takes_the_softmax_by_default": "window-negative-by-default",
    "window_leaves_its_arguments": "window-in-place",
    "calls_once_an_iteration": "sgd-asks-twice",
    "rests_at_the_bottom": "sgd-decays",
    "a_step_downhill_lowers_the_loss": "sgd-uphill",
    "batch_gradients_are_slopes": "batch-gradient-sign",
    "pairs_are_independent": "batch-shared-negatives",
    "keeps_the_stated_words": "keep-root-only",
    "keeps_rare_words_surely": "keep-not-capped",
    "keeps_by_the_ratio": "keep-threshold-fixed",
    "noise_sums_to_one": "noise-power-after",
    "noise_is_flatter_than_counts": "noise-default-power",
    "table_rounds": "table-last-gets-the-rest",
    "draws_by_probability": "sample-off-by-one",
    "draws_from_the_generator": "sample-global",
    "no_code_begins_another": "huffman-backwards",
    "codes_fill_the_tree": "huffman-fixed-width",
    "frequent_words_are_near": "huffman-most-frequent-first",
    "path_gradients_are_slopes": "leaf-center-sign",
    "leaves_sum_to_one": "leaf-no-signs",
    "only_the_path_moves": "leaf-gradient-by-depth",
    "entropy_is_bounded": "entropy-mean",
    "entropy_changes_units": "entropy-base-ignored",
    "entropies_add_up": "entropy-normalised",
    "cross_entropy_changes_units": "cross-always-bits",
    "truth_predicts_best": "cross-negative",
    "surprise_may_be_infinite": "cross-smoothed",
    "scores_may_be_shifted": "log-softmax-not-shifted-back",
    "probabilities_sum_to_one": "log-softmax-axis",
    "classifies_alike": "logistic-second-only",
    "left_product_is_measured": "left-transposed",
    "right_product_is_measured": "right-not-transposed",
    "identity_is_measured": "identity-ones",
    "elementwise_is_measured": "elementwise-everywhere",
    "left_matrix_is_measured": "left-matrix-inner",
    "right_matrix_is_measured": "right-matrix-transposed",
    "logits_are_measured": "logits-hard-target",
}
"""For each law, a planted bug that breaks it."""


@contextmanager
def asking(files: Files) -> Iterator[Run]:
    """Run a submission of ours in this process: there is no torch to load, and a second process would cost more."""
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        texts = {given: (handout_folder("a2") / given).read_text() for given in MANIFEST.given} | files
        for path, text in texts.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text)
        code = Code(folder, MANIFEST.modules)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of numpy: bugs divide by zero
                yield Remembering(Here(load_probes("a2"), code, MANIFEST.modules))
        finally:
            code.forget()


class Remembered:
    """The reference's answers, kept for when another submission's modules are loaded."""

    def __init__(self, extra: int = 0) -> None:
        self.answers: dict[tuple[str, str], Answers] = {}
        with asking(reference_files("a2")) as run:
            for check in CHECKS.values():
                if not check.law:
                    for case in cases_of(check, extra):
                        check(run, self.noting(run), case)

    def noting(self, run: Run) -> Run:
        def note(probe, case):  # type: ignore[no-untyped-def]
            self.answers[probe.name, case.digest] = run(probe, case)
            return self.answers[probe.name, case.digest]

        return note

    def __call__(self, probe, case):  # type: ignore[no-untyped-def]
        return self.answers[probe.name, case.digest]


@cache  # what Hypothesis draws from a seed hangs on the modules that are loaded, too
def cases_of(check: Check, extra: int) -> list[Case]:
    seeds = range(extra)
    drawn_cases = [case for seed in seeds for case in check.cases.drawn_cases(seed, check.cases.drawn)]
    return [*fixed_cases(check.cases), *(c for s in seeds for c in check.cases.corner_cases(s)), *drawn_cases]


@pytest.fixture(scope="module")
def expect() -> Remembered:
    return Remembered(extra=1)


@pytest.fixture(scope="module")
def expect_50() -> Remembered:
    return Remembered(extra=50)


def failing(check: Check, run: Run, expect: Run) -> bool:
    return any(attempt(check, run, expect, case) for case in fixed_cases(check.cases))


def needs(question: str) -> set[str]:
    return {question, *MANIFEST.question(question).needs}


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_bug_fails_its_question_and_no_unrelated_one(bug: Bug, expect: Remembered) -> None:
    with asking(bug.files) as run:
        assert any(failing(check, run, expect) for check in CHECKS.values() if check.question == bug.question)
        unrelated = [check for check in CHECKS.values() if bug.question not in needs(check.question)]
        assert [check.name for check in unrelated if failing(check, run, expect)] == []


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_a_correct_variant_passes_every_check(variant: Variant, expect: Remembered) -> None:
    if variant.id == "scipy":
        pytest.importorskip("scipy")
    with asking(variant.files) as run:
        for check in CHECKS.values():
            for case in cases_of(check, 1):
                assert attempt(check, run, expect, case) is None, (check.name, case.words)


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_no_check_is_flaky(variant: Variant, expect_50: Remembered) -> None:
    with asking(variant.files) as run:
        for check in CHECKS.values():
            for case in cases_of(check, 50):
                assert attempt(check, run, expect_50, case) is None, (check.name, case.words)


def test_every_law_has_a_bug_that_breaks_it() -> None:
    assert {name for name, check in CHECKS.items() if check.law} == BREAKS.keys()


@pytest.mark.parametrize(("law", "bug"), BREAKS.items(), ids=BREAKS)
def test_a_law_can_fail(law: str, bug: str, expect: Remembered) -> None:
    assert CHECKS[law].question == BUGS[bug].question
    with asking(BUGS[bug].files) as run:
        assert failing(CHECKS[law], run, expect)


def test_there_are_enough_bugs_and_variants() -> None:
    assert len(BUGS) >= 40
    assert len(VARIANTS) >= 14
    assert {bug.question for bug in BUGS.values()} == {question.id for question in MANIFEST.questions}
    for bug in BUGS.values():
        assert not re.search(r"\n|\.$|np\.(?!random)|=", bug.says)
        assert len(bug.says) < 120


def test_every_question_has_a_differential_check() -> None:
    assert {c.question for c in CHECKS.values() if not c.law} == {question.id for question in MANIFEST.questions}


def problem(bug: str, check: str, expect: Remembered) -> CheckFailed:
    """Return how a bug fails a check, on its last fixed case."""
    with asking(BUGS[bug].files) as run:
        found = attempt(CHECKS[check], run, expect, fixed_cases(CHECKS[check].cases)[-1])
    assert isinstance(found, CheckFailed)
    return found


def test_a_matrix_for_a_vector_is_a_shape_error_with_a_hint(expect: Remembered) -> None:
    row = problem("softmax-center-row", "softmax_center_gradient", expect)
    column = problem("softmax-center-column", "softmax_center_gradient", expect)
    assert row.message == "gradCenterVec has shape (1, 5), expected (D=5)"
    assert column.message == "gradCenterVec has shape (5, 1), expected (D=5)"
    assert row.slip.startswith("there is an axis of size one too many")
    assert column.slip.startswith("there is an axis of size one too many")


def test_a_sample_that_is_overwritten_is_named(expect: Remembered) -> None:
    found = problem("negative-buffered", "repeats_count", expect)
    assert found.message == "gradOutsideVecs does not count a repeated sample each time"
    assert found.slip == "a repeated sample is left out or overwritten, not added"


def test_a_shifted_sampler_is_named(expect: Remembered) -> None:
    assert problem("sample-off-by-one", "draws_by_probability", expect).slip == "the index is off by one"


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
    assert few(PAIRS).case(V=5, seed=3).digest == PAIRS.case(V=5, seed=3).digest


@given(st.lists(st.integers(1, 100), min_size=2, max_size=7))
def test_the_references_codes_are_optimal(counts: list[int]) -> None:
    """The length of a corpus in the best code is the sum over all joins of the two smallest counts."""
    case = COUNTS.case().having(counts=np.array(counts))
    with asking(reference_files("a2")) as run:
        codes = run(CHECKS["codes_are_shortest"].function.__globals__["HUFFMAN"], case)["codes"]
    heap, least = sorted(counts), 0
    while len(heap) > 1:
        least += heap[0] + heap[1]
        heap = sorted([heap[0] + heap[1], *heap[2:]])
    assert sum(len(code) * count for code, count in zip(codes, counts, strict=True)) == least


def test_arguments_of_a_case_survive_a_submission_that_changes_them() -> None:
    case = PAIRS.case(V=4, D=3)
    before = case.outsideVectors.copy()
    with asking(BUGS["softmax-in-place"].files) as run:
        run(NAIVE, case)
    assert np.array_equal(case.outsideVectors, before)
