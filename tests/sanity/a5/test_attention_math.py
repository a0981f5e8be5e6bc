"""Assignment 5, part 1: the reference is what torch and theory have, chance is bounded, and judging is fair."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sanity.a5.soft_and_hard
from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import load_bugs, reference_files
from graders.course.planted.process_run import run_in_process
from graders.grading.submission import scored
from sanity import check_folder
from sanity.a5.masks import MASKED
from sanity.a5.right_softmax import softmax_stands_in, stand_in
from sanity.a5.scaling import deviation as scaling_deviation
from sanity.a5.scores import HEADS
from sanity.a5.soft_and_hard import DRAWN, FALSE_ALARMS, deviation, repeats_error, sampling_error
from sanity.core.assignment_package import load_checks
from sanity.core.judge import CachedRun, judge
from sanity.core.recordings import fixed_cases, load, recording_path
from sanity.core.verdict import Outcome

COURSE = load_assignment("a5")
REFERENCE = reference_files(COURSE)
BUGS = {bug.id: bug.files for bug in load_bugs(COURSE)}
PART = ("1a", "1b", "1c", "1d", "1e")
FILE = "attention_math.py"
SEEDS = st.integers(0, 2**31)


@pytest.fixture(scope="module")
def heads() -> ModuleType:
    """The reference."""
    spec = importlib.util.spec_from_file_location("a5_attention_math", COURSE.solutions / FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def running(files: dict[str, str]) -> Iterator[CachedRun]:
    with run_in_process(COURSE, files) as child:
        yield CachedRun(child)


def points(files: dict[str, str]) -> dict[str, float]:
    """Return the points of each question of this part."""
    known, earned = load(recording_path("a5")), {}
    with running(files) as run:
        for question in PART:
            own = [check for check in load_checks("a5") if check.question == question]
            verdicts = [judge(check, fixed_cases(check.cases), run, known.expect) for check in own]
            earned[question] = scored(COURSE.manifest.question(question), verdicts).points
    return earned


FULL = {question: COURSE.manifest.question(question).points for question in PART}


@given(SEEDS, st.integers(2, 3), st.integers(4, 4), st.integers(5, 6), st.integers(0, 2))
def test_each_query_may_look_somewhere_and_not_everywhere(seed: int, b: int, m: int, n: int, kind: int) -> None:
    case = MASKED.case(seed=seed, b=b, m=m, n=n, kind=kind)
    mask = np.broadcast_to(case.mask, case.scores.shape)
    assert mask.any(axis=-1).all() and not mask.all(axis=-1).any()
    assert case.lengths.max() == n and len(set(case.lengths)) == b


@given(SEEDS)
def test_sizes_of_heads_differ(seed: int) -> None:
    for case in [HEADS.case(seed=seed), *HEADS.corner_cases(seed), *HEADS.drawn_cases(seed, 3)]:
        sizes = [*case.s.shape, case.h.shape[1], case.h.shape[2], len(case.v)]
        assert len(set(sizes)) == len(sizes)


def test_a_right_sampler_hardly_ever_fails() -> None:
    assert 2 * 6 * np.exp(-2 * DRAWN * deviation(6) ** 2) == pytest.approx(FALSE_ALARMS)  # Hoeffding, for six numbers
    variance, most = 0.7, 3.0
    error = sampling_error(variance, most, 6)
    exponent = DRAWN * error**2 / (2 * variance + 2 * most * error / 3)  # Bernstein
    assert 2 * 6 * np.exp(-exponent) == pytest.approx(FALSE_ALARMS)


def test_false_alarms_are_as_rare_as_stated(heads: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    rate, repeats, rng = 0.1, 300, np.random.default_rng(5)
    monkeypatch.setattr(sanity.a5.soft_and_hard, "FALSE_ALARMS", rate)
    scores, losses, baseline = rng.standard_normal(4), rng.uniform(-1, 3, 4), 0.8
    p, gradient = stand_in(scores), heads.expected_loss_gradient(scores, losses)
    often, far, repeated = 0, 0, 0
    error = sampling_error(p @ (losses - baseline) ** 2, 2 * np.abs(losses - baseline).max(), 4)
    for _ in range(repeats):
        positions = heads.hard_attention(scores, losses[:, None], DRAWN, rng)[1]
        estimate = heads.score_function_gradient(scores, positions, losses[positions], baseline)
        often += (np.abs(np.bincount(positions, minlength=4) / DRAWN - p) > deviation(4)).any()
        far += (np.abs(estimate - gradient) > error).any()
        share = np.bincount(positions, minlength=4) / DRAWN
        repeated += abs(np.mean(positions[1:] == positions[:-1]) - share @ share) > repeats_error(4)
    assert max(often, far, repeated) <= rate * repeats


def test_the_variance_of_scores_is_as_near_to_theory_as_stated(heads: ModuleType) -> None:
    rng, sizes = np.random.default_rng(6), [16, 64]
    allowed = [scaling_deviation(d, 400, 30, 2) for d in sizes]
    assert max(allowed) < 0.5  # of d: far below what another power of d does
    for _ in range(20):
        keys = [rng.standard_normal((400, 30, d)) for d in sizes]
        queries = [rng.standard_normal((400, d)) for d in sizes]
        found = heads.scaling_curves(queries, keys, True)[0]
        assert (np.abs(found - 1) < np.array(allowed) / 2).all()


def test_a_baseline_makes_the_estimate_less_noisy(heads: ModuleType) -> None:
    rng = np.random.default_rng(7)
    scores, losses = rng.standard_normal(5), 10 + rng.standard_normal(5)
    p = stand_in(scores)
    noise = [
        sum(p[i] * heads.score_function_gradient(scores, np.array([i]), losses[[i]], baseline) ** 2 for i in range(5))
        for baseline in (0.0, p @ losses)
    ]
    assert (noise[1] < noise[0] / 20).all()


@pytest.mark.slow
def test_the_reference_is_that_of_torch(heads: ModuleType) -> None:
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    rng = np.random.default_rng(3)
    s, h = rng.standard_normal((2, 4, 6)), rng.standard_normal((2, 5, 6))
    values, mask = rng.standard_normal((2, 5, 3)), heads.padding_mask(np.array([3, 5]), 5)
    theirs = scaled_dot_product_attention(*map(torch.tensor, (s, h, values)), attn_mask=torch.tensor(mask))
    ours = heads.attend(heads.scaled_dot_scores(s, h), values, mask)[0]
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-10)
    causal = scaled_dot_product_attention(*map(torch.tensor, (h, h, values)), is_causal=True)
    ours = heads.attend(heads.scaled_dot_scores(h, h), values, heads.causal_mask(5))[0]
    np.testing.assert_allclose(ours, causal.numpy(), rtol=1e-10)

    x, losses = torch.tensor(rng.standard_normal(5), requires_grad=True), torch.tensor(rng.standard_normal(5))
    jacobian = torch.autograd.functional.jacobian(lambda x: torch.softmax(x, 0), x)
    np.testing.assert_allclose(heads.softmax_jacobian(x.detach().numpy()), jacobian.numpy(), rtol=1e-10)
    norm = heads.jacobian_norm(torch.softmax(x, 0).detach().numpy())
    assert norm == pytest.approx(float(torch.linalg.matrix_norm(jacobian)))
    (torch.softmax(x, 0) @ losses).backward()
    ours = heads.expected_loss_gradient(x.detach().numpy(), losses.numpy())
    np.testing.assert_allclose(ours, x.grad.numpy(), rtol=1e-9)
    bahdanau = [torch.nn.Linear(6, 7, bias=False, dtype=torch.float64) for _ in range(2)]
    v = torch.nn.Linear(7, 1, bias=False, dtype=torch.float64)
    by_key, by_query = (layer(torch.tensor(one)) for layer, one in zip(bahdanau, (h, s), strict=True))
    theirs = v(torch.tanh(by_key.unsqueeze(1) + by_query.unsqueeze(2))).squeeze(-1)
    weights = [layer.weight.detach().numpy() for layer in (*bahdanau, v)]
    np.testing.assert_allclose(heads.additive_scores(s, h, *weights[:2], weights[2][0]), theirs.detach().numpy())


def test_what_is_not_there_or_wrong_is_replaced_for_a_while() -> None:
    x = np.array([[1.0, 2.0], [800.0, 0.0]])
    for wrong in (
        lambda x: x,
        lambda x, axis: 1 / 0,
        lambda x, axis=-1: np.exp(x) / np.exp(x).sum(axis, keepdims=True),
    ):
        module = SimpleNamespace(softmax=wrong)
        with softmax_stands_in(module):
            np.testing.assert_allclose(module.softmax(x).sum(axis=-1), 1)
        assert module.softmax is wrong
    without = SimpleNamespace()
    with softmax_stands_in(without):
        assert without.softmax(x).shape == (2, 2)
    assert not vars(without)
    right = SimpleNamespace(softmax=lambda x, axis=-1: stand_in(x, axis))
    own = right.softmax
    with softmax_stands_in(right):
        assert right.softmax is own


@pytest.mark.parametrize("bug", ["softmax-overflows", "softmax-not-divided", "softmax-first-axis-by-default", ""])
def test_a_wrong_softmax_costs_no_other_question(bug: str) -> None:
    unwritten = REFERENCE[FILE].replace(
        "    exponentials = np.exp(x -", "    raise NotImplementedError\n    np.exp(x -"
    )
    found = points(BUGS[bug] if bug else {**REFERENCE, FILE: unwritten})
    assert {question for question in PART if found[question] < FULL[question]} == {"1a"}


@pytest.mark.parametrize(
    ("bug", "question", "least", "most"),
    [
        ("softmax-overflows", "1a", 2.5, 3.5),
        ("entropy-in-bits", "1b", 3, 4),
        ("scaled-not", "1c", 2, 3),
        ("causal-one-ahead", "1d", 4, 4.5),
        ("masked-row-nan", "1d", 4.5, 4.5),
        ("hard-even", "1e", 5, 5.5),
        ("score-negative", "1e", 3, 4),
    ],
)
def test_a_mistake_costs_what_it_is_worth(bug: str, question: str, least: float, most: float) -> None:
    found = points(BUGS[bug])
    assert least <= found[question] <= most
    assert {other: found[other] for other in PART if other != question} == {q: FULL[q] for q in PART if q != question}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The handout with the reference's answers to this part."""
    path = shutil.copytree(handout_folder("a5"), tmp_path / "a5")
    shutil.copy(COURSE.solutions / FILE, path)
    return path


def test_the_file_may_be_handed_in_alone(folder: Path) -> None:
    for other in COURSE.manifest.submit:
        if other != FILE:
            (folder / other).unlink()
    for question, verdicts in check_folder(folder, PART):
        assert {verdict.outcome for verdict in verdicts} == {Outcome.PASSED}, question.id


def test_no_torch_is_needed(folder: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from pathlib import Path; from sanity.student.cli import main; "
        f"sys.exit(main({list(PART)}, Path('.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def plotted(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "plot_scaling.py", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.slow
def test_a_student_sees_the_own_curves(folder: Path) -> None:
    done = plotted(folder, "--draws", "20")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.split()[0].isdecimal()]
    assert [row[0] for row in rows] == [str(2**power) for power in range(11)]
    assert float(rows[-1][1]) > 500 and 0.5 < float(rows[-1][2]) < 2
    assert (folder / "scaling.png").read_bytes().startswith(b"\x89PNG")


def test_curves_that_are_not_written_are_one_line(folder: Path) -> None:
    shutil.copy(handout_folder("a5") / FILE, folder)
    done = plotted(folder)
    assert (done.returncode, done.stderr) == (2, "plot_scaling.py: 1b: not implemented yet\n")
