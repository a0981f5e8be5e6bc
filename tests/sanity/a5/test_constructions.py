"""Assignment 5, part 2: bounds are what theory says, chance raises no alarm, and judging is fair."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import reference_files
from sanity import check_folder
from sanity.a5 import outer_products, permutations, queries, subspace, two_heads
from sanity.a5.heads import orthonormal, softmax_rows
from sanity.core.assignment_package import load_checks
from sanity.core.calling import answers_of
from sanity.core.case import Case
from sanity.core.errors import CheckFailed
from sanity.core.judge import attempt
from sanity.core.probe import Answers, Probe
from sanity.core.recordings import fixed_cases, load, recording_path
from sanity.core.values import plain
from sanity.core.verdict import Outcome

COURSE = load_assignment("a5")
RECORDED = load(recording_path("a5"))
QUESTIONS = ["2a", "2b", "2c", "2d", "2e"]
SEEDS = st.integers(0, 2**31)


def solution() -> ModuleType:
    spec = importlib.util.spec_from_file_location("a5_constructions", COURSE.solutions / "constructions.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = solution()


class Here:
    """A Run of the reference in this process, with some answers replaced."""

    def __init__(self, **other: Any) -> None:
        self.code = SimpleNamespace(constructions=SimpleNamespace(**{**vars(REFERENCE), **other}))

    def __call__(self, probe: Probe, case: Case) -> Answers:
        return answers_of(probe, plain(probe.function(self.code, case)), {}, [])


def failing(question: str, **other: Any) -> set[str]:
    """The checks of a question that an answer in the reference's place does not pass, on the recorded cases."""
    run = Here(**other)
    own = [check for check in load_checks("a5") if check.question == question]
    return {c.name for c in own if any(attempt(c, run, RECORDED.expect, case) for case in fixed_cases(c.cases))}


@given(SEEDS, st.integers(3, 6), st.integers(1, 3), st.integers(0, 1))
def test_the_bounds_of_one_query_follow_from_t(seed: int, n: int, more: int, unit: int) -> None:
    case = (queries.UNIT if unit else queries.ANY).case(seed=seed, n=n, more=more, unit=unit)
    one = queries.weights_of(Here()(queries.copying_query, case), case)[case.a]
    assert 1 - one == pytest.approx((n - 1) / (np.exp(case.t) + n - 1), rel=1e-6)
    assert 1 - one <= (n - 1) * np.exp(-case.t)
    both = queries.weights_of(Here()(queries.averaging_query, case), case)[[case.a, case.b]]
    assert (np.abs(both - 0.5) <= (n - 2) * np.exp(-case.t) / 4 + 1e-15).all()


@given(SEEDS, st.integers(3, 6), st.floats(0, 0.98))
def test_a_query_whose_score_is_less_than_t_above_the_others_fails(seed: int, n: int, part: float) -> None:
    case = queries.ANY.case(seed=seed, n=n)

    def copying_query(keys: Any, a: int, t: float) -> Any:
        return part * REFERENCE.copying_query(keys, a, t)

    check = queries.copies_whatever_the_lengths
    assert isinstance(attempt(check, Here(copying_query=copying_query), Here(), case), CheckFailed)


@given(SEEDS, st.integers(3, 6), st.floats(1, 1e6))
def test_a_query_that_is_more_than_enough_passes(seed: int, n: int, factor: float) -> None:
    case = queries.ANY.case(seed=seed, n=n)

    def longer(name: str) -> Any:
        return lambda *arguments: factor * getattr(REFERENCE, name)(*arguments)

    run = Here(copying_query=longer("copying_query"), averaging_query=longer("averaging_query"))
    for check in (queries.copies_whatever_the_lengths, queries.averages_whatever_the_lengths):
        assert attempt(check, run, Here(), case) is None


@given(SEEDS, st.integers(3, 6), st.integers(1, 3))
def test_two_heads_keep_to_their_bound_however_long_the_key_is(seed: int, n: int, more: int) -> None:
    case = two_heads.MEANS.case(seed=seed, n=n, more=more)
    found = two_heads.weights_by_length(Here()(two_heads.two_queries, case), case)
    assert np.abs(found - 0.5).max() <= 0.5 * (n - 1) * np.exp(-case.beta / 2)
    one = np.tile(REFERENCE.single_query(case.means, case.a, case.b, case.beta), (2, 1))
    swinging = two_heads.weights_by_length({"queries": one}, case)[:, 0]
    assert swinging[0] < 0.05 and swinging[-1] > 0.95


def test_one_query_that_has_no_part_of_the_long_key_is_steady_too() -> None:
    """Any construction passes: this is one head twice, and right."""

    def two_queries(means: Any, a: int, b: int, beta: float) -> Any:
        away = means[a] + means[b] - means.sum(axis=0)
        return beta * np.stack([away, away])

    assert failing("2c", two_queries=two_queries) == set()


@given(SEEDS, st.integers(0, 4))
def test_the_bound_of_the_design_follows_from_t(seed: int, more: int) -> None:
    case = outer_products.VECTORS.case(seed=seed, more=more)
    K, Q, V = outer_products.matrices(Here()(outer_products.key_query_value, case), case)
    c_1, c_2, _ = outer_products.outputs(K, Q, V, case)
    values = outer_products.words_of(case) @ V.T
    furthest = max(np.linalg.norm(x - y) for x in values for y in values)
    assert furthest == pytest.approx(np.sqrt(2) * case.beta)
    for off in (c_1 - (case.u_b - case.u_c), c_2 - case.u_b):
        assert np.linalg.norm(off) <= 2 * furthest * np.exp(-case.t) < 4 * case.beta * np.exp(-case.t)


@given(st.floats(0.05, 3))
def test_the_distance_with_the_identity_is_measured(beta: float) -> None:
    a, b, c, d = beta * orthonormal(np.random.default_rng(0), 4, 7)
    words = np.stack([d + b, a, c + b])
    measured = np.linalg.norm((softmax_rows(words @ words.T) @ words)[1] - b) / beta
    assert REFERENCE.identity_distance(beta) == pytest.approx(measured)
    assert 2 / 3 < measured < np.sqrt(2)


def test_scaling_the_identity_does_not_help() -> None:
    """The handout asks: whatever the weight α on the word itself, from 1/3 on, c_2 is at least 2/3 away."""
    weight = np.linspace(1 / 3, 1, 1000)
    assert np.sqrt(2 * weight**2 + (1 - weight) ** 2 / 2).min() == pytest.approx(2 / 3)


def test_chance_exceeds_the_bounds_of_the_draws_as_seldom_as_stated() -> None:
    special = pytest.importorskip("scipy.special")
    for count in (two_heads.DRAWS, *two_heads.sizes_of(two_heads.DRAWN.case())):
        off, square = two_heads.allowed_mean(count), two_heads.allowed_square(count)
        alarms = 2 * special.ndtr(-off * np.sqrt(count))
        alarms += special.gammaincc(count / 2, count * (1 + square) / 2)  # the tails of chi-squared
        alarms += special.gammainc(count / 2, count * (1 - square) / 2)
        assert 0 < alarms * len(two_heads.STATED) <= two_heads.FALSE_ALARMS


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(3, 6), st.integers(1, 3))
def test_what_the_draws_are_judged_by_is_standard_normal(seed: int, n: int, more: int) -> None:
    """In 30 cases of 5 means and 5 variances none is nearly as far off as the bound allows."""
    case = two_heads.DRAWN.case(seed=seed, n=n, more=more)
    moments = np.asarray(Here()(two_heads.sample_keys, case)["moments"])
    for count, (mean, square) in zip(two_heads.sizes_of(case), moments, strict=True):
        assert abs(mean) < 0.9 * two_heads.allowed_mean(count)
        assert abs(square - 1) < 0.9 * two_heads.allowed_square(count)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(3, 6), st.sampled_from([1 / 4, 1 / 3, 3 / 4, 1.0]))
def test_another_variance_of_the_length_is_always_seen(seed: int, n: int, variance: float) -> None:
    def sample_keys(means: Any, a: int, alpha: float, draws: int, rng: np.random.Generator) -> Any:
        keys = means + np.sqrt(alpha) * rng.standard_normal((draws, *means.shape))
        keys[:, a] += np.sqrt(variance) * rng.standard_normal((draws, 1)) * means[a]
        return keys

    case = two_heads.DRAWN.case(seed=seed, n=n)
    found = attempt(two_heads.draws_keys_as_stated, Here(sample_keys=sample_keys), Here(), case)
    assert isinstance(found, CheckFailed)
    assert found.message == "the variance is wrong of key a along its mean, with variance α + ½"


def test_one_head_swings_as_the_handout_says_and_two_miss_in_a_tenth_of_the_draws() -> None:
    """σ(β ε / √2) for one head; for two ½ σ(β (1 + ε / √2) - log 5), since the five others have the score 0."""
    nodes = np.linspace(-9, 9, 200_001)
    density = np.exp(-(nodes**2) / 2)
    density /= density.sum()
    theory = {
        "single_query": 1 / (1 + np.exp(-30 * nodes / np.sqrt(2))),
        "two_queries": 0.5 / (1 + 5 * np.exp(-30 * (1 + nodes / np.sqrt(2)))),
    }
    stated = {"single_query": (0.5, 0.481, 0.0076), "two_queries": (0.454, 0.137, 0.892)}
    means, draws = np.eye(6), 20_000
    keys = REFERENCE.sample_keys(means, 0, 1e-6, draws, np.random.default_rng(0))
    for name, weights in theory.items():
        mean = density @ weights
        spread = np.sqrt(density @ (weights - mean) ** 2)
        near = density @ (np.abs(weights - 0.5) < 0.05)
        assert (mean, spread, near) == pytest.approx(stated[name], abs=6e-4)
        queries_ = np.atleast_2d(getattr(REFERENCE, name)(means, 0, 1, 30.0))
        found = REFERENCE.weight_over_draws(keys, queries_, 0)
        # Hoeffding: each is off by more than this in one of 1e9 runs, but for what α adds.
        bound = np.sqrt(np.log(2e9) / (2 * draws)) + 0.001
        assert abs(found.mean() - mean) < bound
        assert abs((found**2).mean() - density @ weights**2) < bound
        assert abs((np.abs(found - 0.5) < 0.05).mean() - near) < bound


@given(SEEDS, st.integers(2, 4), st.integers(2, 4), st.integers(0, 2), st.integers(0, 2))
def test_bases_are_what_their_kind_says(seed: int, m: int, p: int, more: int, kind: int) -> None:
    case = (subspace.PLAIN, subspace.LONG, subspace.ANY)[kind].case(seed=seed, m=m, p=p, more=more, kind=kind)
    assert np.abs(case.A @ case.B.T).max() < 1e-12
    for basis in (case.A, case.B):
        gram = basis @ basis.T
        assert np.linalg.cond(basis) < 200
        assert np.allclose(gram, np.diag(np.diag(gram))) == (kind < subspace.SKEW)
        assert np.allclose(np.diag(gram), 1) == (kind == subspace.ORTHONORMAL)


def test_a_matrix_is_free_where_neither_subspace_is() -> None:
    def projection(A: Any, B: Any) -> Any:
        M = REFERENCE.projection(A, B)
        rest = np.eye(A.shape[1]) - M - REFERENCE.projection(B, A)
        return M + 3 * rest @ np.random.default_rng(0).standard_normal(rest.shape) @ rest

    assert failing("2b", projection=projection) == set()


def test_all_rows_of_a_long_table_are_distinct() -> None:
    """44 positions are nearly seven turns of the first two columns: the nearest two of the positions that are drawn."""
    table = REFERENCE.position_table(60, 2)
    apart = np.abs(table[:, None] - table[None]).max(axis=-1) + np.eye(60)
    assert apart.min() > 0.01
    assert abs(44 - 7 * 2 * np.pi) == pytest.approx(0.0177, abs=1e-4)


@given(SEEDS, st.integers(3, 7))
def test_every_word_changes_place_and_the_way_back_is_another(seed: int, n: int) -> None:
    P = permutations.WORDS.case(seed=seed, n=n).P
    assert np.array_equal(P @ P.T, np.eye(n))
    assert not np.diag(P).any()
    assert not np.array_equal(P, P.T)


@pytest.mark.slow
def test_the_layer_is_that_of_torch() -> None:
    import torch

    rng = np.random.default_rng(0)
    X, W_Q, W_K, W_V, W = (rng.standard_normal(shape) for shape in ((5, 4), (4, 3), (4, 3), (4, 6), (6, 2)))
    query, key, value = (torch.tensor(X @ weights)[None] for weights in (W_Q, W_K, W_V))
    head = torch.nn.functional.scaled_dot_product_attention(query, key, value, scale=1.0)[0]
    want = (torch.relu(head) @ torch.tensor(W)).numpy()
    np.testing.assert_allclose(REFERENCE.attention_layer(X, W_Q, W_K, W_V, W), want, rtol=1e-10)


@pytest.mark.parametrize(
    ("question", "name", "answer", "failed"),
    [
        ("2a", "copying_query", lambda keys, a, t: t * keys[a], {"copies_whatever_the_lengths"}),
        ("2b", "projection", lambda A, B: A.T @ A, {"projects_by_orthogonal_bases", "projects_by_any_bases"}),
        ("2c", "single_query", lambda means, a, b, beta: means[a] + means[b], {"one_head_averages_the_means"}),
        ("2e", "position_table", lambda n, d: np.zeros((n, d)), {"position_table_table", "no_two_positions_are_alike"}),
    ],
)
def test_a_mistake_costs_only_the_checks_that_it_concerns(
    question: str, name: str, answer: Any, failed: set[str]
) -> None:
    assert failing(question, **{name: answer}) == failed


@pytest.mark.parametrize("answer", [None, "q", [], np.zeros((2, 2)), np.full(3, np.nan), np.full(3, np.inf), 1j])
def test_answers_of_another_kind_are_one_line(answer: Any) -> None:
    names = ["copying_query", "projection", "single_query", "two_queries", "attention_layer", "position_table"]
    run = Here(**dict.fromkeys(names, lambda *arguments: answer))
    for check in load_checks("a5"):
        if check.question in QUESTIONS:
            found = attempt(check, run, RECORDED.expect, check.cases.case())
            assert found is None or (isinstance(found, CheckFailed) and "\n" not in found.message), check.name


def test_this_part_can_be_handed_in_alone(tmp_path: Path) -> None:
    folder = shutil.copytree(handout_folder("a5"), tmp_path / "a5")
    for name in COURSE.manifest.submit:
        (folder / name).unlink()
    (folder / "constructions.py").write_text(reference_files(COURSE)["constructions.py"])
    for question, verdicts in check_folder(folder, QUESTIONS):
        assert {verdict.outcome for verdict in verdicts} == {Outcome.PASSED}, question.id
