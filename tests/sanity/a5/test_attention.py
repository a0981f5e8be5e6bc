"""Questions 4g and 4h: the reference is what torch has, checks have no false alarms, and judging is fair."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from graders.course.assignment import load_assignment
from graders.course.planted import load_bugs, load_variants
from graders.course.planted.process_run import ProcessRun, run_in_process
from sanity.a5.rotary import TURNED
from sanity.a5.self_attention import judge_influence
from sanity.core.assignment_package import load_checks
from sanity.core.errors import CheckFailed
from sanity.core.judge import CachedRun, attempt
from sanity.core.recordings import fixed_cases, load, recording_path

COURSE = load_assignment("a5")
RECORDED = load(recording_path("a5"))


def solution(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"a5_{name}", COURSE.solutions / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def config(**changes: Any) -> Any:
    usual = {"n_embd": 12, "n_head": 3, "block_size": 9, "attn_pdrop": 0.0, "resid_pdrop": 0.0, "rope": False}
    return SimpleNamespace(**{**usual, **changes})


@contextmanager
def running(files: dict[str, str]) -> Iterator[CachedRun]:
    with run_in_process(COURSE, files) as child:
        run: ProcessRun = child
        yield CachedRun(run)


def failing(question: str, run: CachedRun) -> set[str]:
    return {
        check.name
        for check in load_checks("a5")
        if check.question == question and check.weight
        if any(attempt(check, run, RECORDED.expect, case) for case in fixed_cases(check.cases))
    }


@pytest.mark.slow
def test_the_reference_is_torchs_attention() -> None:
    import torch

    layer, theirs = (
        solution("attention").CausalSelfAttention(config()).eval(),
        torch.nn.MultiheadAttention(12, 3, batch_first=True),
    )
    with torch.no_grad():
        parts = (layer.query, layer.key, layer.value)
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        theirs.out_proj.load_state_dict(layer.proj.state_dict())
        x = torch.randn(2, 7, 12)
        want, _ = theirs(x, x, x, attn_mask=torch.ones(7, 7, dtype=torch.bool).triu(1))
    torch.testing.assert_close(layer(x), want)


@pytest.mark.slow
@pytest.mark.parametrize("rope", [False, True])
def test_gradients_of_the_reference_are_slopes(rope: bool) -> None:
    import torch

    layer = solution("attention").CausalSelfAttention(config(rope=rope)).double()
    x = torch.randn(2, 4, 12, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, x)


@pytest.mark.slow
def test_turning_is_multiplication_of_complex_numbers() -> None:
    import torch

    module, x = solution("attention"), torch.randn(2, 3, 5, 8)
    z = torch.view_as_complex(x.reshape(2, 3, 5, 4, 2))
    theta = torch.tensor([10000.0 ** (-2 * (i - 1) / 8) for i in (1, 2, 3, 4)])
    turned = z * torch.exp(1j * torch.arange(5)[:, None] * theta)
    got = module.apply_rotary_emb(x, module.precompute_rotary_emb(8, 11))
    torch.testing.assert_close(got, torch.view_as_real(turned).reshape(x.shape))


def test_no_case_has_as_many_heads_as_positions() -> None:
    cases = [*fixed_cases(TURNED), *TURNED.drawn_cases(3, 20)]
    assert all(case.x.shape[1] != case.x.shape[2] < len(case.cache) for case in cases)


@pytest.mark.parametrize(
    ("depends", "said"),
    [
        (np.ones((4, 4)), ""),
        (np.tril(np.ones((4, 4)), 1), "the mask is off by one: each position sees the one after it"),
        (np.tril(np.ones((4, 4)), -1), "the mask is off by one: it hides a position from itself"),
        (np.eye(4), ""),
        (np.full((4, 4), np.nan), ""),
    ],
)
def test_what_a_mask_does_is_named(depends: Any, said: str) -> None:
    with pytest.raises(CheckFailed) as raised:
        judge_influence(depends)
    assert raised.value.diagnosis == said


def test_a_right_mask_passes() -> None:
    judge_influence(np.tril(np.ones((4, 4))))


@pytest.mark.parametrize(
    ("bug", "question", "failed"),
    [
        ("rotary-i-from-one", "4h", {"computes_the_angles_of_positions", "turns_queries_and_keys"}),
        ("rotary-turns-values", "4h", {"turns_queries_and_keys"}),
        ("rotary-turns-values", "4g", set()),
        ("causal-weights-never-dropped", "4g", {"causal_attention_drops_out_in_training_only"}),
        (
            "causal-values-detached",
            "4g",
            {"gradients_reach_causal_attention", "causal_attention_sees_no_later_position"},
        ),
    ],
)
def test_a_mistake_costs_what_it_is(bug: str, question: str, failed: set[str]) -> None:
    files = {one.id: one.files for one in load_bugs(COURSE)}[bug]
    with running(files) as run:
        assert failing(question, run) == failed


def test_a_file_that_names_a_gpu_passes_without_one() -> None:
    [files] = [one.files for one in load_variants(COURSE) if one.id == "heads-by-einsum"]
    assert 'to("cuda")' in files["attention.py"]
    with running(files) as run:
        assert failing("4h", run) == set()
