"""Diagnoses: each mistake is made of a right array here, and must be named; chance must not look like one."""

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


# The axes, the shape, what makes the right array of random numbers, the mistake, and its diagnosis.
MISTAKES = [
    ("b h", (3, 4), None, lambda a: a * (1 + 2e-4), "out is almost right: is it rounded, or in lower precision?"),
    ("b h", (3, 4), None, np.transpose, "the axes of out are in the order (h, b), not (b, h)"),
    ("b s h", (2, 3, 4), None, lambda a: a.transpose(1, 0, 2),
     "the axes of out are in the order (s, b, h), not (b, s, h)"),
    ("b s h", (2, 3, 4), None, lambda a: a.transpose(2, 0, 1),
     "the axes of out are in the order (h, b, s), not (b, s, h)"),
    ("b h", (1, 4), None, np.squeeze,
     "out lost its axis b of size one: give squeeze() the axis that it should remove"),
    ("b s h", (1, 4, 1), None, np.squeeze,
     "out lost its axis b, h of size one: give squeeze() the axis that it should remove"),
    ("b s", (2, 3), None, lambda a: a[..., None],
     "out has an axis of size one too many: squeeze it away, by its number"),
    ("t b h", (3, 2, 4), None, lambda a: a.reshape(6, 4), "the axes t and b of out are joined into one"),
    ("t b h", (3, 2, 4), None, lambda a: a[0], "out holds only the first entry along t"),
    ("t b h", (3, 2, 4), None, lambda a: a[-1], "out holds only the last entry along t"),
    ("t b h", (3, 2, 4), None, lambda a: a[1:], "out has one entry too few along t"),
    ("t b h", (3, 2, 4), None, lambda a: a[:, :, [0, 1, 2, 3, 3]], "out has one entry too many along h"),
    ("b h", (3, 4), None, np.zeros_like, "out is zero everywhere"),
    ("b s", (3, 4), masked, lambda a: np.where(np.isinf(a), 1, a),
     "out is not masked: it should be minus infinity where the mask says so"),
    ("b s", (3, 4), masked, lambda a: np.where(np.isinf(a), 1, -np.inf),
     "the mask of out is inverted: it is minus infinity where it should not be, and only there"),
    ("b s", (3, 4), masked, lambda a: np.where(np.isinf(a), np.inf, a),
     "out is wrong only where it should be minus infinity"),
    ("b s h", (3, 4, 2), padded, lambda a: np.where(a == 0, 1, a), "out is wrong only where it should be zero"),
    ("b h", (3, 4), None, np.negative, "the sign of out is flipped"),
    ("b 2h", (3, 4), None, lambda a: np.roll(a, 2, 1), "the two halves of out along 2h are swapped"),
    ("b e+h", (3, 5), None, lambda a: np.roll(a, 2, 1), "the parts e+h of out are joined in another order"),
    ("s h", (3, 4), None, lambda a: a[::-1], "out runs backwards along s"),
    ("b s", (2, 5), None, lambda a: np.roll(a, 1, 1), "out is off by one along s"),
    ("b s", (2, 5), None, lambda a: np.roll(a, -1, 1), "out is off by one along s"),
    ("tgt_len-1> b", (4, 3), None, lambda a: np.concatenate((a[:1], a[1:] + 1)),
     "out goes wrong at tgt_len-1=1 and stays wrong: is everything carried from step to step?"),
    ("tgt_len> b", (4, 3), None, lambda a: np.concatenate((a[:2], a[2:] + 1)),
     "out goes wrong at tgt_len=2 and stays wrong: is everything carried from step to step?"),
    ("b h", (3, 4), None, lambda a: np.broadcast_to(a[1], a.shape), "out is the same for every b"),
    ("b h", (3, 4), np.tanh, np.arctanh, "a tanh is missing in out"),
    ("b h", (3, 4), np.tanh, np.tanh, "out went through tanh twice"),
    ("b h", (3, 4), None, lambda a: a / 2, "out is off by a constant factor"),
    ("b h", (3, 4), None, lambda a: a + 0.5, "out is off by a constant"),
    ("b h", (4, 5), None, lambda a: a.T.reshape(a.shape),
     "out has the right numbers in the wrong places: a view or reshape stands where a permute is needed"),
    ("b h", (4, 5), None, swapped,
     "out has the right numbers in the wrong places: a view or reshape stands where a permute is needed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("axes", "shape", "right", "mistake", "diagnosis"), MISTAKES, ids=[mistake[-1] for mistake in MISTAKES]
)
@given(seed=SEEDS)
def test_the_mistake_is_named(axes, shape, right, mistake, diagnosis, seed):
    want = np.random.default_rng(seed).normal(size=shape)
    want = right(want) if right else want
    assert explain("out", mistake(want), want, axes, {}) == diagnosis


@given(SEEDS)
def test_an_answer_in_another_ones_place_is_named(seed):
    want, other = np.random.default_rng(seed).normal(size=(2, 3, 4))
    assert explain("out", other, want, "b h", {"c_0": other}) == "out holds what c_0 should be"
    assert explain("out", other[0], want, "b h", {"first row": other[0]}) == "out holds what first row should be"


@given(SEEDS, st.sampled_from([((1, 1), "b h"), ((2,), "h"), ((2, 3), "b h"), ((3, 4, 2), "tgt_len-1> b e+h")]))
def test_unrelated_numbers_are_no_mistake(seed, form):
    shape, axes = form
    rng = np.random.default_rng(seed)
    got, want, other = rng.normal(size=(3, *shape))
    assert explain("out", got, want, axes, {"other": other}) == ""


@given(SEEDS)
def test_unrelated_numbers_among_zeros_are_no_mistake(seed):
    rng = np.random.default_rng(seed)
    got, want = np.zeros((2, 6, 3))
    got[rng.integers(6)], want[rng.integers(6)] = rng.normal(size=(2, 3))
    assert explain("out", got, want, "axis0 axis1", {"other": np.zeros((6, 3))}) in (
        "",
        "out is wrong only where it should be zero",
    )


@given(SEEDS)
def test_unrelated_numbers_of_quite_another_shape_are_no_mistake(seed):
    got = np.random.default_rng(seed).normal(size=(7, 9))
    assert explain("out", got, np.ones((2, 3, 4)), "b s h", {}) == ""


@given(arrays(), st.sampled_from(["", "h", "b h", "tgt_len> b e+h"]))
def test_equal_arrays_are_no_mistake(array, axes):
    right = np.nan_to_num(array) if array.ndim else array
    assert explain("out", right, right.copy(), axes, {"other": right}) == ""


@given(st.data())
def test_nothing_is_too_odd_to_look_at(data):
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
    got, want, other = (data.draw(hnp.arrays(np.float64, shapes)) for _ in range(3))
    axes = " ".join(["tgt_len>", "b", "e+h"][: want.ndim])
    assert isinstance(explain("out", got, want, axes, {"other": other, "loss": 0.5}), str)
