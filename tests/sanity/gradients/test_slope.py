"""Gradients of many weights: right ones pass, and one wrong entry is enough to fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from sanity.core.errors import CheckFailed
from sanity.gradients.slope import same_gradients, same_slope

SEEDS = st.integers(0, 2**32 - 1)


def polynomial(weights: Any) -> tuple[Any, Any]:
    """A loss that is cubic in each weight, and its gradients by hand."""
    w, c = weights["w"], weights["c"]
    loss = (w**3).sum() / 3 + (w[:, 0] * c).sum() + (c**2).sum()
    gradient = w**2
    gradient[:, 0] += c
    return loss, {"w": gradient, "c": w[:, 0] + 2 * c}


def polynomial_weights(rng: np.random.Generator) -> dict[str, Any]:
    return {"w": rng.uniform(-1, 1, (3, 2)), "c": rng.uniform(-1, 1, 3)}


def network(weights: Any) -> tuple[Any, Any]:
    """A loss through two layers of tanh, and its gradients by torch."""
    w = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    loss = torch.tanh(torch.tanh(w["first"] @ w["x"]) @ w["second"]).sum()
    loss.backward()
    return loss.item(), {name: w[name].grad.numpy() for name in ("first", "second")}


def network_weights(rng: np.random.Generator) -> dict[str, Any]:
    return {name: 0.7 * rng.normal(size=(3, 3)) for name in ("first", "second", "x")}


FUNCTIONS = pytest.mark.parametrize(
    ("function", "make"), [(polynomial, polynomial_weights), (network, network_weights)], ids=["polynomial", "network"]
)


@FUNCTIONS
@given(seed=SEEDS)
def test_right_gradients_are_the_slope(function, make, seed):
    same_slope(function, make(np.random.default_rng(seed)), seed)


@FUNCTIONS
@given(seed=SEEDS, off=st.sampled_from([-5.0, 5.0]), data=st.data())
def test_one_wrong_entry_is_seen_and_its_weight_named(function, make, seed, off, data):
    def wrong(weights: Any) -> tuple[Any, Any]:
        loss, gradients = function(weights)
        gradients[name][index] += off
        return loss, gradients

    weights = make(np.random.default_rng(seed))
    gradients = function(weights)[1]
    name = data.draw(st.sampled_from(list(gradients)))
    index = data.draw(st.tuples(*(st.integers(0, size - 1) for size in weights[name].shape)))
    directions = np.random.default_rng(seed)  # those that same_slope draws
    along = {name: directions.standard_normal(weights[name].shape) for name in gradients}
    assume(abs(along[name][index]) > 0.05)  # else the loss hardly changes with this entry
    with pytest.raises(CheckFailed, match=f"^the gradients are not the slope of the outputs: see that of {name}$"):
        same_slope(wrong, weights, seed)


@pytest.mark.parametrize("cut", ["the values", "the gradients"])
def test_a_cut_graph_is_seen(cut):
    def half_detached(weights: Any) -> tuple[Any, Any]:
        w = torch.tensor(weights["w"], requires_grad=True)
        whole, part = (w * w).sum(), (w * w.detach()).sum()
        loss, learnt = (part, whole + w.sum()) if cut == "the values" else (whole, part)
        (gradient,) = torch.autograd.grad(learnt, w)
        return loss.item(), {"w": gradient.numpy()}

    with pytest.raises(CheckFailed) as failed:
        same_slope(half_detached, {"w": np.arange(1.0, 5)}, 1)
    assert "detach()" in failed.value.diagnosis
    assert failed.value.detail.startswith("along a random direction the loss changes by ")


def test_the_padding_row_is_left_where_it_is():
    def padded(weights: Any) -> tuple[Any, Any]:
        loss = float((weights["w"] ** 2).sum() + 3 * weights["w"][0].sum())  # reads the padding, which never learns
        return loss, {"w": np.concatenate((np.zeros((1, 2)), 2 * weights["w"][1:]))}

    same_slope(padded, {"w": np.array([[0, 0], [1.0, 2], [3, 4]])}, 1)


@pytest.mark.parametrize("broken", ["loss", "gradient"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_said_to_be(broken, value):
    answer = (value, {"w": np.ones(2)}) if broken == "loss" else (1.0, {"w": np.array([1, value])})
    with pytest.raises(CheckFailed, match=r"^the outputs or their gradients are not finite$"):
        same_slope(lambda weights: answer, {"w": np.ones(2)}, 1)


WANT = {"layer.weight": np.ones((2, 3)), "conv.bias": np.array([1.0, 2]), "unused": np.zeros(2)}


def failure(got: Any, **options: Any) -> CheckFailed:
    with pytest.raises(CheckFailed) as failed:
        same_gradients(got, WANT, **options)
    return failed.value


def test_equal_gradients_pass():
    same_gradients(WANT, WANT)
    same_gradients({**WANT, "own": np.ones(1)}, WANT)


def test_optional_weights_may_be_missing_but_not_wrong():
    same_gradients({k: v for k, v in WANT.items() if k != "conv.bias"}, WANT, optional=("conv.bias",))
    assert failure({**WANT, "conv.bias": np.ones(2)}, optional=("conv.bias",)).output == "the gradient of conv.bias"


@pytest.mark.parametrize(
    ("got", "message"),
    [
        (None, "no gradients came back"),
        ({k: v for k, v in WANT.items() if k != "layer.weight"}, "the model has no layer.weight"),
        ({**WANT, "layer.weight": np.zeros((2, 3))}, "no gradient reaches layer.weight"),
        ({**WANT, "layer.weight": np.ones((3, 2))}, "the gradient of layer.weight has shape (3, 2), expected (2, 3)"),
        ({**WANT, "conv.bias": np.array([1.0, 3])},
         "the gradient of conv.bias has the right shape (2,) but 1 of 2 values are wrong, the first at [1]"),
        ({**WANT, "conv.bias": None}, "the gradient of conv.bias is None, expected an array: did you forget `return`?"),
    ],
)  # fmt: skip
def test_messages(got, message):
    assert failure(got).message == message
