"""Derivatives of arrays by arrays are those that calculus gives."""

from __future__ import annotations

import numpy as np
import pytest

from sanity.gradients import numeric_jacobian


def test_the_shape_is_that_of_the_result_and_then_of_the_argument() -> None:
    rng = np.random.default_rng(0)
    W, x = rng.standard_normal((2, 3)), rng.standard_normal((3, 4))
    found = numeric_jacobian(lambda x: np.tanh(W @ x), x)
    assert found.shape == (2, 4, 3, 4)
    expected = np.einsum("ij,im,jn->ijmn", 1 - np.tanh(W @ x) ** 2, W, np.eye(4))
    assert found == pytest.approx(expected, abs=1e-9)
    assert numeric_jacobian(lambda x: np.sum(x**2), x) == pytest.approx(2 * x, abs=1e-9)
