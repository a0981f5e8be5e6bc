"""Masking, transfer and exposure bias: the reference is what torch has, and statistical checks raise no false alarm."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from graders.course.assignment import load_assignment
from sanity.a5.beside.transfer import Parrot, parts, state
from sanity.a5.exposure import COPIES
from sanity.a5.masking import FALSE_ALARMS, LOGITS, TOKENS, counts_of, deviation, require_share
from sanity.a5.transfer import LAYERS, NORMED, TRAINED
from sanity.core.errors import CheckFailed

COURSE = load_assignment("a5")


def solution(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"a5_{name}", COURSE.solutions / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pretraining = solution("pretraining")


def test_the_loss_is_that_of_torch() -> None:
    case = LOGITS.case(seed=3)
    logits, labels = torch.tensor(case.logits), torch.tensor(case.labels)
    right = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
    assert torch.allclose(pretraining.masked_loss(logits, labels), right)
    logits.requires_grad_(True)
    assert torch.autograd.gradcheck(lambda values: pretraining.masked_loss(values, labels), (logits,))


def test_shares_are_bounded_as_hoeffding_says() -> None:
    """The bound is 2 exp(-2 n d^2): for a fair coin it is at least what the binomial distribution has."""
    n = 400
    d = deviation(n)
    assert 2 * np.exp(-2 * n * d**2) == pytest.approx(FALSE_ALARMS)
    rng = np.random.default_rng(0)
    shares = rng.binomial(n, 0.5, 10**6) / n
    assert np.abs(shares - 0.5).max() < d
    with pytest.raises(CheckFailed):
        require_share(int((0.5 + d) * n) + 2, n, 0.5, "")


def test_the_reference_is_far_from_every_bound() -> None:
    """In 20 draws no share comes nearer than two thirds of the way: a false alarm at 1e-9 is beyond reach."""
    for seed in range(20):
        case = TOKENS.case(seed=seed, S=3)
        generator = torch.Generator().manual_seed(seed)
        answer = pretraining.mask_tokens(torch.tensor(case.tokens), case.V, case.mask, case.special, generator, case.p)
        found = counts_of(case, *(part.numpy() for part in answer))
        ordinary = case.V - len(case.special)
        for count, n, p in (
            (found["chosen"], found["ordinary"], case.p),
            (found["masks"], found["labelled"], 0.8),
            (found["others"], found["labelled"], 0.1 * (1 - 1 / ordinary)),
            *zip(found["both chosen"], found["neighbours"], [case.p**2] * 2, strict=True),
        ):
            assert abs(count / n - p) < 2 / 3 * deviation(n)


def test_a_wrong_share_is_beyond_the_bounds() -> None:
    """The mistakes that are nearest to right: tokens that stay are not labelled; none stay; none are drawn."""
    case = TOKENS.case(seed=2, S=3)
    n = int(0.75 * case.tokens.size)
    assert 0.1 * case.p > deviation(n)
    assert deviation(int(0.9 * case.p * n)) < 0.08


@pytest.mark.parametrize("cases", [TRAINED, NORMED])
def test_both_stages_are_those_of_an_optimiser(cases: object) -> None:
    case = cases.case(seed=5, head_steps=3, all_steps=2)  # type: ignore[attr-defined]
    inputs, targets = torch.tensor(case.inputs), torch.tensor(case.targets)
    body, head = parts(case)
    losses = pretraining.fine_tune(body, head, inputs, targets, 3, 2, case.lr)
    other_body, other_head = parts(case)
    others = []
    for steps, frozen in ((3, True), (2, False)):
        other_body.train(not frozen)
        learnt = other_head.parameters() if frozen else [*other_body.parameters(), *other_head.parameters()]
        optimizer = torch.optim.SGD(learnt, case.lr)
        for _ in range(steps):
            optimizer.zero_grad()
            loss = cross_entropy(other_head(other_body(inputs)), targets)
            loss.backward()
            optimizer.step()
            others.append(loss.item())
    assert losses == pytest.approx(others, rel=1e-12)
    for one, other in ((body, other_body), (head, other_head)):
        for name, value in state(one).items():
            assert torch.allclose(value, state(other)[name], rtol=1e-10)


def test_layers_are_mixed_with_weights_that_sum_to_one() -> None:
    case = LAYERS.case(seed=1)
    layers, scores = torch.tensor(case.layers), torch.tensor(case.scores)
    same = layers[:1].expand_as(layers)
    assert torch.allclose(pretraining.mix_layers(same, scores, torch.tensor(2.0)), 2 * layers[0])
    arguments = [value.double().requires_grad_(True) for value in (layers[:, :1, :2, :3], scores, torch.tensor(1.5))]
    assert torch.autograd.gradcheck(pretraining.mix_layers, arguments)


def test_the_cases_tell_forced_from_free() -> None:
    for seed in range(10):
        case = COPIES.case(seed=seed, B=11, P=3, A=6)
        forced, free = pretraining.exposure_errors(Parrot(case), torch.tensor(case.prompts), torch.tensor(case.answers))
        assert forced[0] == free[0]
        assert (free != forced).any() and free.mean() > forced.mean()
        assert 0 < forced.mean() < 0.5


def test_the_model_of_the_cases_is_causal() -> None:
    case = COPIES.case(seed=4, B=9, P=3, A=5)
    tokens = torch.tensor(np.column_stack([case.prompts, case.answers]))
    model = Parrot(case)
    for T in range(1, tokens.size(1)):
        assert torch.equal(model(tokens)[:, :T], model(tokens[:, :T]))
