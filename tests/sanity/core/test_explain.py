"""Naming the slip: each is made of a right array here, and must be recognised; chance must not look like one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sanity.core.explain import explain
from tests.support.drawn import arrays

SEEDS = st.integers(0, 2**32 - 1)


def swapped(a):
    """Row 1 and row 2 in each other's place."""
    return a[[0, 2, 1, *range(3, len(a))]]


def masked(a):
    """Scores with minus infinity on the padding: 3, 2 and 1 words of 4."""
    return np.where(np.arange(4) < [[3], [2], [1]], a, -np.inf)


def padded(a):
    """States with zeros on the padding."""
    return np.where(np.isinf(masked(a[..., 0]))[..., None], 0, a)


# The axes, the shape, what makes the right array of random numbers, the slip, and its sentence.
SLIPS = [
    ("b h", (3, 4), None, lambda a: a * (1 + 2e-4), "it is almost right: is it rounded, or in lower precision?"),
    ("b h", (3, 4), None, np.transpose, "the axes are in the order (h, b), not (b, h)"),
    ("b s h", (2, 3, 4), None, lambda a: a.transpose(1, 0, 2), "the axes are in the order (s, b, h), not (b, s, h)"),
    ("b s h", (2, 3, 4), None, lambda a: a.transpose(2, 0, 1), "the axes are in the order (h, b, s), not (b, s, h)"),
    ("b h", (1, 4), None, np.squeeze, "the axis b of size one was squeezed away; name the axis that squeeze() removes"),
    ("b s h", (1, 4, 1), None, np.squeeze,
     "the axis b, h of size one was squeezed away; name the axis that squeeze() removes"),
    ("b s", (2, 3), None, lambda a: a[..., None],
     "there is an axis of size one too many: squeeze it away, by its number"),
    ("t b h", (3, 2, 4), None, lambda a: a.reshape(6, 4), "t and b are joined into one axis"),
    ("t b h", (3, 2, 4), None, lambda a: a[0], "it is only the first of t"),
    ("t b h", (3, 2, 4), None, lambda a: a[-1], "it is only the last of t"),
    ("t b h", (3, 2, 4), None, lambda a: a[1:], "one too few along t"),
    ("t b h", (3, 2, 4), None, lambda a: a[:, :, [0, 1, 2, 3, 3]], "one too many along h"),
    ("b h", (3, 4), None, np.zeros_like, "it is zero everywhere"),
    ("b s", (3, 4), masked, lambda a: np.where(np.isinf(a), 1, a),
     "the padding is not masked: it should be minus infinity there"),
    ("b s", (3, 4), masked, lambda a: np.where(np.isinf(a), 1, -np.inf),
     "the mask is upside down: words are masked and padding is not"),
    ("b s", (3, 4), masked, lambda a: np.where(np.isinf(a), np.inf, a), "only the padding is wrong"),
    ("b s h", (3, 4, 2), padded, lambda a: np.where(a == 0, 1, a), "only what should be zero is wrong"),
    ("b h", (3, 4), None, np.negative, "the sign is flipped"),
    ("b 2h", (3, 4), None, lambda a: np.roll(a, 2, 1), "the two halves of 2h are swapped"),
    ("b e+h", (3, 5), None, lambda a: np.roll(a, 2, 1), "the parts of e+h are joined in another order"),
    ("s h", (3, 4), None, lambda a: a[::-1], "s runs backwards"),
    ("b s", (2, 5), None, lambda a: np.roll(a, 1, 1), "it is off by one along s"),
    ("b s", (2, 5), None, lambda a: np.roll(a, -1, 1), "it is off by one along s"),
    ("tgt_len-1 b", (4, 3), None, lambda a: np.concatenate((a[:1], a[1:] + 1)),
     "it goes wrong at tgt_len-1=1 and stays wrong: is everything carried from step to step?"),
    ("tgt_len b", (4, 3), None, lambda a: np.concatenate((a[:2], a[2:] + 1)),
     "it goes wrong at tgt_len=2 and stays wrong: is everything carried from step to step?"),
    ("b h", (3, 4), None, lambda a: np.broadcast_to(a[1], a.shape), "it is the same for every b"),
    ("b h", (3, 4), np.tanh, np.arctanh, "tanh is missing"),
    ("b h", (3, 4), np.tanh, np.tanh, "tanh was taken twice"),
    ("b h", (3, 4), None, lambda a: a / 2, "it is off by a constant factor"),
    ("b h", (3, 4), None, lambda a: a + 0.5, "it is off by a constant"),
    ("b h", (4, 5), None, lambda a: a.T.reshape(a.shape),
     "the right numbers in the wrong places: a view or reshape where a permute or transpose was needed"),
    ("b h", (4, 5), None, swapped,
     "the right numbers in the wrong places: a view or reshape where a permute or transpose was needed"),
]  # fmt: skip


@pytest.mark.parametrize(("axes", "shape", "right", "slip", "sentence"), SLIPS, ids=[slip[-1] for slip in SLIPS])
@given(seed=SEEDS)
def test_the_slip_is_named(axes, shape, right, slip, sentence, seed):
    want = np.random.default_rng(seed).normal(size=shape)
    want = right(want) if right else want
    assert explain(slip(want), want, axes, {}) == sentence


@given(SEEDS)
def test_an_answer_in_another_ones_place_is_named(seed):
    want, other = np.random.default_rng(seed).normal(size=(2, 3, 4))
    assert explain(other, want, "b h", {"c_0": other}) == "this is what c_0 should be"
    assert explain(other[0], want, "b h", {"first row": other[0]}) == "this is what first row should be"


@given(SEEDS, st.sampled_from([((1, 1), "b h"), ((2,), "h"), ((2, 3), "b h"), ((3, 4, 2), "tgt_len-1 b e+h")]))
def test_unrelated_numbers_are_no_slip(seed, form):
    shape, axes = form
    rng = np.random.default_rng(seed)
    got, want, other = rng.normal(size=(3, *shape))
    assert explain(got, want, axes, {"other": other}) == ""


@given(SEEDS)
def test_unrelated_numbers_among_zeros_are_no_slip(seed):
    rng = np.random.default_rng(seed)
    got, want = np.zeros((2, 6, 3))
    got[rng.integers(6)], want[rng.integers(6)] = rng.normal(size=(2, 3))
    assert explain(got, want, "axis0 axis1", {"other": np.zeros((6, 3))}) in ("", "only what should be zero is wrong")


@given(SEEDS)
def test_unrelated_numbers_of_quite_another_shape_are_no_slip(seed):
    got = np.random.default_rng(seed).normal(size=(7, 9))
    assert explain(got, np.ones((2, 3, 4)), "b s h", {}) == ""


@given(arrays(), st.sampled_from(["", "h", "b h", "tgt_len b e+h"]))
def test_equal_arrays_are_no_slip(array, axes):
    right = np.nan_to_num(array) if array.ndim else array
    assert explain(right, right.copy(), axes, {"other": right}) == ""


@given(st.data())
def test_nothing_is_too_odd_to_look_at(data):
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
    got, want, other = (data.draw(hnp.arrays(np.float64, shapes)) for _ in range(3))
    axes = " ".join(["tgt_len", "b", "e+h"][: want.ndim])
    assert isinstance(explain(got, want, axes, {"other": other, "loss": 0.5}), str)
