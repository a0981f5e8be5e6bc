"""Right gradients of random smooth functions pass, and every mistake that is planted into one is found and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sanity.core.errors import CheckFailed
from sanity.gradients import (
    numeric_gradient,
    numeric_slopes,
    same_gradient,
    same_gradients,
    same_slope,
    true_gradients,
)
from sanity.gradients.compare import MAX_ENTRIES
from sanity.gradients.diagnoses import blame

COMPLEX_STEP = 1e-30
"""The imaginary part takes no difference of nearly equal numbers, so this step can be as small as we like."""

seeds = st.integers(0, 2**31 - 1)
sizes = st.integers(2, 5)


class Smooth:
    """A random function of a (V, D) matrix: tanh, log-sum-exp and products of all entries, for numpy and torch."""

    def __init__(self, seed: int, V: int, D: int) -> None:
        rng = np.random.default_rng(seed)
        self.x = rng.normal(size=(V, D))
        self.mix, self.out = rng.normal(size=(D, 3)), rng.normal(size=(V, 3))
        self.scale = 10.0 ** rng.uniform(-1, 2)

    def __call__(self, x: Any) -> Any:
        return self.scale * ((np.tanh(x @ self.mix) * self.out).sum() + np.log(np.exp(x).sum()) + (x * x * x).sum())

    def in_torch(self, x: Any) -> Any:
        import torch

        mix, out = torch.tensor(self.mix), torch.tensor(self.out)
        return self.scale * ((torch.tanh(x @ mix) * out).sum() + torch.logsumexp(x.flatten(), 0) + (x**3).sum())

    @property
    def right(self) -> Any:
        """The gradient to rounding: this function is analytic, so the imaginary part of a step is its slope."""
        slopes = np.empty(self.x.shape)
        for index in np.ndindex(self.x.shape):
            moved = self.x.astype(np.complex128)
            moved[index] += 1j * COMPLEX_STEP
            slopes[index] = self(moved).imag / COMPLEX_STEP
        return slopes


smooth = st.builds(Smooth, seeds, sizes, sizes)


def problem(*args: Any, **kwargs: Any) -> CheckFailed:
    with pytest.raises(CheckFailed) as caught:
        same_gradient(*args, **kwargs)
    return caught.value


@settings(deadline=None)  # the first call imports torch
@given(smooth)
def test_complex_steps_agree_with_torch_to_rounding(f: Smooth) -> None:
    import torch

    x = torch.tensor(f.x, requires_grad=True)
    (gradient,) = torch.autograd.grad(f.in_torch(x), x)
    np.testing.assert_allclose(f.right, gradient.numpy(), rtol=1e-12, atol=1e-12 * f.scale)


@given(smooth)
def test_central_differences_agree_with_both_well_within_tolerance(f: Smooth) -> None:
    size = max(1.0, abs(float(f(f.x))))
    numeric = numeric_gradient(f, f.x)
    np.testing.assert_allclose(numeric, f.right, rtol=1e-7, atol=1e-8 * size)
    same_gradient("x", f.right, numeric, "V D", size=size)


@given(smooth, seeds)
def test_slopes_along_directions_are_products_with_the_gradient(f: Smooth, seed: int) -> None:
    directions = np.random.default_rng(seed).normal(size=(4, *f.x.shape))
    expected = (f.right * directions).sum(axis=(1, 2))
    np.testing.assert_allclose(numeric_slopes(f, f.x, directions), expected, rtol=1e-6, atol=1e-6 * f.scale)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e3, 1e8])
def test_the_step_follows_the_scale_of_x(scale: float) -> None:
    x = scale * np.array([1.0, -2.0])
    right = np.cos(x / scale) / scale if scale > 1 else np.cos(x)
    slope = numeric_gradient(lambda x: np.sin(x / max(scale, 1.0)).sum(), x)
    np.testing.assert_allclose(slope, right, rtol=1e-8)


def test_numeric_gradient_neither_changes_x_nor_lets_f_do_so() -> None:
    x = np.array([1.0, 2.0])

    def f(x: Any) -> float:
        x *= 2
        return float(x.sum())

    np.testing.assert_allclose(numeric_gradient(f, x), [2, 2])
    assert x.tolist() == [1, 2]


def test_a_number_has_a_gradient_too() -> None:
    assert numeric_gradient(lambda x: x**2, 3) == pytest.approx(6)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6), st.floats(0.01, 100))
def test_entries_at_a_kink_are_left_out_and_only_those(x: list[float], slope: float) -> None:
    gradient = numeric_gradient(lambda x: slope * np.abs(x).sum(), x)
    for entry, measured in zip(x, gradient, strict=True):
        if entry == 0:
            assert np.isnan(measured)
        elif abs(entry) > 1e-4:
            assert measured == pytest.approx(slope * np.sign(entry), rel=1e-6)
        else:  # within a step of the kink: seen, or measured on the right side of it
            assert np.isnan(measured) or abs(measured) == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize(
    "f", [lambda x: (x**2).sum(), lambda x: np.cosh(30 * x).sum(), lambda x: 1e6 * (x**2).sum(), lambda x: (x**4).sum()]
)
def test_a_smooth_minimum_is_no_kink(f: Callable[[Any], Any]) -> None:
    np.testing.assert_allclose(numeric_gradient(f, np.zeros(3)), 0, atol=1e-6)


def test_a_jump_and_what_is_not_finite_are_left_out() -> None:
    assert np.isnan(numeric_gradient(lambda x: np.floor(x).sum(), [1.0, 1.5])).tolist() == [True, False]
    assert np.isnan(numeric_gradient(lambda x: np.where(x > 0, x, np.inf).sum(), [0.0])).all()


@pytest.mark.parametrize("measure", [numeric_gradient, lambda f, x: numeric_slopes(f, x, [x])])
def test_a_function_must_return_one_number(measure: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"^f returned float64 of shape \(3,\), expected one real number$"):
        measure(lambda x: 2 * x, np.ones(3))


# Mistakes, each planted into random right gradients.


@given(smooth)
def test_the_wrong_sign_is_named(f: Smooth) -> None:
    assert problem("x", -f.right, numeric_gradient(f, f.x), "V D").diagnosis == "the gradient of x has the wrong sign"


@given(smooth, st.integers(2, 20))
def test_a_missing_factor_is_named(f: Smooth, factor: int) -> None:
    numeric = numeric_gradient(f, f.x)
    small, large = problem("x", f.right / factor, numeric, "V D"), problem("x", f.right * factor, numeric, "V D")
    assert small.diagnosis == f"the gradient of x is {factor} times too small: is a factor of {factor} missing?"
    assert large.diagnosis == f"the gradient of x is {factor} times too large: is something added or multiplied twice?"
    odd = problem("x", f.right * (factor + 0.3), numeric, "V D")
    assert odd.diagnosis == "the gradient of x is off by a constant factor: is a factor missing?"
    both = problem("x", -f.right * factor, numeric, "V D")
    assert both.diagnosis.startswith(f"the gradient of x is {factor} times too large and has the wrong sign")


@given(smooth)
def test_a_transposed_gradient_is_named(f: Smooth) -> None:
    assert problem("x", f.right.T, numeric_gradient(f, f.x), "V D").diagnosis == "the gradient of x is transposed"


@given(seeds, sizes)
def test_the_gradient_of_another_argument_is_named(seed: int, size: int) -> None:
    f, other = Smooth(seed, size, size), Smooth(seed + 1, size, size)
    found = problem("x", other.right, numeric_gradient(f, f.x), "V D", others={"y": numeric_gradient(other, other.x)})
    assert found.diagnosis == "the gradient of x is that of y"


@given(smooth)
def test_zeros_are_named(f: Smooth) -> None:
    found = problem("x", np.zeros(f.x.shape), numeric_gradient(f, f.x), "V D")
    assert found.diagnosis == "the gradient of x is zero everywhere: was it computed, and returned in this place?"


@given(seeds, st.integers(3, 6), st.integers(1, 4), st.integers(2, 6))
def test_a_missing_sum_over_repeated_rows_is_named(seed: int, V: int, D: int, draws: int) -> None:
    rng = np.random.default_rng(seed)
    indices = [1, 1, *map(int, rng.integers(V, size=draws))]
    parts = rng.normal(size=(len(indices), D))
    right, once = np.zeros((V, D)), np.zeros((V, D))
    np.add.at(right, indices, parts)
    once[indices] += parts  # numpy adds one of them
    words = [f"w{i}" for i in range(V)]
    # Repeats that are all but zero cannot be told.
    assume(np.abs(right - once).max() > 1e-3)
    found = problem("U", once, right, "word D", words=words, rows=indices)
    first = int(np.flatnonzero(np.abs(right - once).max(axis=1) > 1e-4)[0])
    assert "repeated rows must be added each time, but `grad[rows] += …` adds them once: see " in found.diagnosis
    assert f'row {first} ("w{first}")' in found.diagnosis


def test_a_repeat_that_is_not_added_is_told_from_a_missing_factor() -> None:
    right = np.array([[0.0, 0.0], [2.0, -4.0], [0.0, 0.0]])
    found = problem("U", right / 2, right, "word D", rows=[1, 1])
    assert found.diagnosis == "repeated rows must be added each time, but `grad[rows] += …` adds them once: see row 1"
    assert problem("U", right / 2, right, "word D", rows=[1, 0]).diagnosis.startswith(
        "the gradient of U is 2 times too small"
    )


@given(smooth, st.data())
def test_a_row_of_the_wrong_sign_is_named_with_its_word(f: Smooth, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(f.x) - 1))
    claimed = f.right.copy()
    claimed[row] *= -1
    found = problem("x", claimed, numeric_gradient(f, f.x), "word D", words=["cat", "dog", "cow", "emu", "fox"])
    word = ["cat", "dog", "cow", "emu", "fox"][row]
    assert found.diagnosis == f'only row {row} ("{word}") of the gradient of x has the wrong sign'
    assert f'in row {row} ("{word}")' in found.message


@given(smooth, st.data())
def test_a_row_left_out_is_named(f: Smooth, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(f.x) - 1))
    claimed = f.right.copy()
    claimed[row] = 0
    assert (
        problem("x", claimed, numeric_gradient(f, f.x), "word D").diagnosis
        == f"nothing was added to row {row} of the gradient of x"
    )


@given(smooth, st.data())
def test_one_wrong_entry_is_named_by_its_place(f: Smooth, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, f.x.shape[0] - 1))
    column = data.draw(st.integers(0, f.x.shape[1] - 1))
    claimed = f.right.copy()
    claimed[row, column] += 0.1 * f.scale
    found = problem("x", claimed, numeric_gradient(f, f.x), "word D")
    place = f"[word={row}, D={column}]"
    assert found.message == f"the gradient of x is wrong in 1 of {f.x.size} entries, the first at {place}"
    assert found.detail.startswith("got ")


@pytest.mark.parametrize(
    ("values", "gradients", "said"),
    [
        (True, False, "the values are right: the mistake is in the gradients"),
        (False, True, "the gradients are right: the mistake is in the values whose slope they should be"),
        (True, True, ""),
        (False, False, ""),
    ],
)
def test_the_wrong_side_is_named(values: bool, gradients: bool, said: str) -> None:
    assert blame(values, gradients) == said


# What is left out, and answers of other kinds.


def test_kinks_are_left_out_and_said_so() -> None:
    right = np.array([1.0, np.nan, 2.0])
    same_gradient("x", np.array([1.0, 77.0, 2.0]), right, "D")
    found = problem("x", np.array([1.0, 77.0, 3.0]), right, "D")
    assert found.message == (
        "the gradient of x is wrong in 1 of 3 entries, the first at [D=2]; 1 left out, at kinks of the loss"
    )


@pytest.mark.parametrize(
    ("claimed", "message"),
    [
        (None, "the gradient of x is None, expected an array: did you forget `return`?"),
        (np.zeros((3, 1)), "the gradient of x has shape (3, 1), expected (D=3)"),
        (np.array([1, np.nan, 2]), "the gradient of x is not finite, first at [D=1]"),
        (np.array([1, 2, 3]), "the gradient of x holds int64, expected floating-point numbers"),
    ],
)
def test_what_is_no_gradient_is_refused(claimed: Any, message: str) -> None:
    assert problem("x", claimed, np.ones(3), "D").message == message


def test_a_gradient_of_kinks_alone_is_refused() -> None:
    found = problem("x", np.ones(2), np.full(2, np.nan), "D")
    assert found.message == "the gradient of x cannot be measured: the loss has a kink or jump in every entry"


# Properties: a loss and its gradients, without a reference.


def bilinear(at: Any) -> Any:
    """A loss of two arguments, with its true gradients."""
    x, U = at["x"], at["U"]
    scores = U @ x
    weights = np.exp(scores) / np.exp(scores).sum()
    return np.log(np.exp(scores).sum()), {"x": U.T @ weights, "U": np.outer(weights, x)}


def at_random(seed: int, V: int, D: int) -> Any:
    rng = np.random.default_rng(seed)
    return {"x": rng.normal(size=D), "U": rng.normal(size=(V, D))}


AXES = {"x": "D", "U": "word D"}


@given(seeds, sizes, sizes)
def test_true_gradients_pass_whatever_the_loss_comes_in(seed: int, V: int, D: int) -> None:
    at = at_random(seed, V, D)
    true_gradients(bilinear, at, AXES)
    true_gradients(lambda at: (np.array([bilinear(at)[0]]), bilinear(at)[1]), at, AXES)


@given(seeds, sizes, sizes, st.sampled_from(["x", "U"]))
def test_false_gradients_fail(seed: int, V: int, D: int, name: str) -> None:
    def wrong(at: Any) -> Any:
        loss, gradients = bilinear(at)
        return loss, {**gradients, name: -gradients[name]}

    with pytest.raises(CheckFailed, match=rf"^the gradient of {name} is wrong in \d+ of \d+ entries"):
        true_gradients(wrong, at_random(seed, V, D), AXES)


def test_large_arguments_are_measured_along_directions() -> None:
    at = at_random(0, MAX_ENTRIES, 3)
    calls = 0

    def counted(at: Any) -> Any:
        nonlocal calls
        calls += 1
        return bilinear(at)

    true_gradients(counted, at, AXES)
    assert calls < 50

    def wrong(at: Any) -> Any:
        loss, gradients = bilinear(at)
        gradients["U"][7] *= 3
        return loss, gradients

    message = "^the gradient of U is not the slope of the loss along random directions$"
    with pytest.raises(CheckFailed, match=message):
        true_gradients(wrong, at, AXES)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (np.zeros(3), r"the loss is an array of shape \(3,\), expected one number"),
        (float("nan"), "the loss is not finite"),
        (None, "the loss is None, expected an array: did you forget `return`?"),
    ],
)
def test_a_loss_that_is_no_number_fails(loss: Any, message: str) -> None:
    with pytest.raises(CheckFailed, match="^" + message.replace("?", r"\?") + "$"):
        true_gradients(lambda at: (loss, bilinear(at)[1]), at_random(0, 2, 2), AXES)


def test_a_loss_in_float32_is_too_coarse_to_be_measured() -> None:
    true_gradients(lambda at: (np.asarray(bilinear(at)[0], np.float32), {}), at_random(0, 2, 2), AXES)


# The gradients of a model's many weights.


@given(seeds, sizes, sizes)
def test_same_slope_accepts_true_gradients(seed: int, V: int, D: int) -> None:
    same_slope(bilinear, at_random(seed, V, D), seed)


@pytest.mark.parametrize("name", ["x", "U"])
def test_same_slope_names_the_weight_that_is_cut_off(name: str) -> None:
    def cut(at: Any) -> Any:
        loss, gradients = bilinear(at)
        return loss, {**gradients, name: np.zeros_like(gradients[name])}

    with pytest.raises(CheckFailed) as caught:
        same_slope(cut, at_random(3, 4, 3), seed=1)
    assert caught.value.message == f"the gradients are not the slope of the outputs: see that of {name}"
    assert caught.value.diagnosis.startswith(f"no gradient reaches {name}: the graph is cut by detach()")


def test_same_slope_leaves_rows_of_padding_alone() -> None:
    at = at_random(5, 4, 3)
    at["U"][2] = 0

    def padded(at: Any) -> Any:
        loss, gradients = bilinear(at)
        gradients["U"][2] = 0
        return loss, gradients

    same_slope(padded, at, seed=1)


def test_same_gradients_names_the_weight() -> None:
    right = {"a": np.ones(2), "b": np.ones((2, 3))}
    same_gradients({"a": np.ones(2)}, right, optional=("b",))
    for got, message in (
        (None, "no gradients came back"),
        ({"a": np.ones(2)}, "the model has no b"),
        ({"a": np.ones(2), "b": np.zeros((2, 3))}, "no gradient reaches b"),
    ):
        with pytest.raises(CheckFailed, match=f"^{message}$"):
            same_gradients(got, right)
    with pytest.raises(CheckFailed, match=r"^the gradient of b has the right shape"):
        same_gradients({"a": np.ones(2), "b": 2 * np.ones((2, 3))}, right)
