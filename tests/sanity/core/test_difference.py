from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sanity.core.compare import same_array
from sanity.core.difference import MOST_COLUMNS, MOST_ROWS, difference
from sanity.core.errors import CheckFailed


def of(got: np.ndarray, want: np.ndarray, axes: str = ""):
    with pytest.raises(CheckFailed) as failed:
        same_array("x", got, want, axes)
    return failed.value.difference


def test_got_less_expected_with_zero_where_it_is_right() -> None:
    want = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = of(want + np.array([[0, 1e-12], [-0.5, 2]]), want, "b h")
    assert (found.place, found.axes, found.rows) == ("x[:, :]", ("b", "h"), ((0.0, 0.0), (-0.5, 2.0)))


def test_a_vector_is_one_row() -> None:
    found = of(np.array([1.0, 5.0]), np.array([1.0, 2.0]), "h")
    assert (found.place, found.axes, found.rows) == ("x[:]", ("", "h"), ((0.0, 3.0),))


def test_of_more_axes_the_part_with_the_first_wrong_entry() -> None:
    want = np.zeros((2, 3, 40, 30))
    got = want.copy()
    got[1, 2, 17, 25] = 1.23456
    found = of(got, want, "a b c d")
    assert (found.place, found.axes) == ("x[1, 2, 16:32, 24:30]", ("c", "d"))
    assert found.rows[1][1] == 1.23 and sum(map(sum, found.rows)) == 1.23


def test_what_is_not_finite_has_no_number() -> None:
    got, want = np.array([np.nan, np.inf, 1.0]), np.zeros(3)
    assert of(got, want).rows == ((None, None, 1.0),)
    assert of(np.array([1.0, 2.0]), np.array([np.inf, 2.0])).rows == ((None, 0.0),)


def test_a_single_number_has_none() -> None:
    assert of(np.array(1.0), np.array(2.0)) is None and of(np.array([1.0]), np.array([2.0])) is None


def test_another_shape_has_none() -> None:
    assert of(np.zeros((2, 3)), np.zeros((3, 2))) is None


@given(
    arrays.arrays(
        np.float64, arrays.array_shapes(min_dims=1, max_dims=4, max_side=40), elements=st.just(0.0), fill=st.just(0.0)
    ),
    st.data(),
)
def test_it_is_small_whatever_is_wrong(want: np.ndarray, data: st.DataObject) -> None:
    wrong = np.zeros(want.shape, bool)
    wrong.flat[data.draw(st.integers(0, want.size - 1))] = True
    got = np.where(wrong, data.draw(st.floats()), want)
    found = difference("x", got, want, wrong, [])
    assert (found is None) == (want.size < 2)
    if found:
        assert 1 <= len(found.rows) <= MOST_ROWS and 1 <= len(found.rows[0]) <= MOST_COLUMNS
        assert len({len(row) for row in found.rows}) == 1
