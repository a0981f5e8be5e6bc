"""Digests of wrong answers: equal for one mistake whatever the last bits, different for different answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sanity.core.answer_digest import answer_digest
from sanity.core.values import Unsupported

SPECIAL = [0.0, -1.0, 0.5, 0.0625, 1.125, 1e30, float("nan"), float("inf"), -float("inf")]
ANSWERS = arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=st.sampled_from(SPECIAL))


@given(ANSWERS)
def test_noise_in_round_numbers_changes_nothing(answer: Any) -> None:
    for noise in (1 + 1e-9, 1 - 1e-9):
        assert answer_digest([answer * noise]) == answer_digest([answer])
    noisy = answer + np.where(np.abs(answer) < 2, 1e-10, 0.0)
    assert answer_digest([noisy]) == answer_digest([answer])


@pytest.mark.parametrize(
    "values",
    [
        [np.zeros(2), np.zeros(3), np.zeros((2, 1)), np.ones(2), np.int64([0, 0]), np.array([True, False])],
        [np.array([1.0, 2.0]), np.array([2.0, 1.0]), np.array([-1.0, -2.0]), np.array([1.0, np.nan])],
        [None, 0, 0.5, True, "0", [], {}, [0], {"a": 0}, {"b": 0}, Unsupported("set"), Unsupported("bytes")],
        [2.5, 2.51, float("nan"), float("inf"), -2.5],
        [[1, 2], [2, 1], [[1], 2]],
    ],
)
def test_different_answers_have_different_digests(values: list[Any]) -> None:
    assert len({answer_digest([value]) for value in values}) == len(values)


def test_answers_of_several_calls_count_in_order() -> None:
    assert answer_digest([1, 2]) != answer_digest([2, 1]) != answer_digest([2])
