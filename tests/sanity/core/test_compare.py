"""Comparing: what agrees, what does not, and what is said of that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sanity.core.compare import ATOL_32, ATOL_64, RTOL_32, RTOL_64, agrees, close, same, same_array, shape_text
from sanity.core.errors import CheckFailed
from sanity.core.values import Unsupported
from tests.support.drawn import FLOATS, arrays, numbers

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
AXES = ("", "b", "b h", "b src_len 2h")


def pairs() -> st.SearchStrategy[tuple[Any, Any]]:
    """Two arrays of one shape, of any floats: infinite, NaN, huge and tiny ones too."""
    dtypes = st.sampled_from([np.float32, np.float64])
    return SHAPES.flatmap(lambda shape: st.tuples(*(dtypes.flatmap(lambda d: hnp.arrays(d, shape)),) * 2))


def refusal(got: Any, want: Any, axes: str = "b h") -> CheckFailed:
    with pytest.raises(CheckFailed) as refused:
        same_array("out", got, want, axes)
    assert refused.value.output == "out"
    return refused.value


@given(arrays())
def test_an_array_agrees_with_itself_but_for_nan(array):
    assert np.array_equal(close(array, array), ~np.isnan(array))


@given(pairs())
def test_nan_is_never_close_and_infinities_only_to_themselves(pair):
    got, want = pair
    agree = close(got, want)
    assert not agree[np.isnan(got) | np.isnan(want)].any()
    infinite = np.isinf(got) | np.isinf(want)
    assert np.array_equal(agree[infinite], got[infinite] == want[infinite])


@given(pairs())
def test_a_pair_judged_in_other_order_differs_at_the_edge_of_the_tolerance_only(pair):
    got, want = (array.astype(np.float64) for array in pair)
    with np.errstate(all="ignore"):
        clear = np.abs(np.abs(got - want) - ATOL_64 - RTOL_64 * np.abs(want)) > 2 * RTOL_64 * np.abs(got - want)
    assert np.array_equal(close(got, want)[clear], close(want, got)[clear])


@given(numbers(5), st.sampled_from([(np.float32, RTOL_32, ATOL_32), (np.float64, RTOL_64, ATOL_64)]))
def test_the_tolerance_is_that_of_the_coarser_of_both(want, precision):
    dtype, rtol, atol = precision
    for part, agree in ((0.5, True), (2, False)):
        off = want + part * (atol + rtol * np.abs(want))
        assert close(off.astype(dtype), want).all() == agree
        assert close(off, want.astype(dtype)).all() == agree


@given(arrays())
def test_what_is_equal_is_the_same_whatever_its_axes_are_called(array):
    right = np.asarray(np.nan_to_num(array))
    for axes in AXES:
        same_array("out", right, right, axes)
    assert agrees(right, right) and not agrees(right.tolist() if right.ndim else 0, right)


@given(arrays(), arrays(), st.sampled_from(AXES))
def test_what_differs_is_always_refused_in_words(got, want, axes):
    want = np.nan_to_num(want)
    try:
        same_array("out", got, want, axes)
    except CheckFailed as failed:
        assert failed.message.startswith("out ") and "\n" not in failed.message
        assert not agrees(got, want) or (got.dtype.kind != "f" and want.dtype.kind == "f")
    else:
        assert agrees(got, want)


@pytest.mark.parametrize(
    ("got", "message"),
    [
        (None, "out is None, expected an array: did you forget `return`?"),
        (Unsupported("generator"), "out is a value of type generator, expected an array"),
        (Unsupported("Surprise"), "out is a value of another type, expected an array"),
        ("text", "out is a str, expected an array"),
        ({"a": 1}, "out is a dict, expected an array"),
        (["a", "b"], "out is a list of 2, expected an array"),
        ([[1.0], [1.0, 2.0]], "out is a list of 2, expected an array"),
        ([None, 1.0], "out is a list of 2, expected an array"),
        ([np.ones(2), np.ones(2)], "out is a list of 2 arrays, expected one array"),
        ([np.ones(2), 1.0], "out is a list of 2 arrays, expected one array"),
        (np.ones((2, 2), int), "out holds int64, expected floating-point numbers"),
        ([[1, 2], [3, 4]], "out holds int64, expected floating-point numbers"),
        (np.ones((2, 2), bool), "out holds bool, expected floating-point numbers"),
        (np.ones((2, 3)), "out has shape (b=2, h=3), expected (b=2, h=2)"),
        (np.ones(4), "out has shape (4,), expected (b=2, h=2)"),
        (1.0, "out has shape (), expected (b=2, h=2)"),
        (np.array([[1, np.nan], [np.nan, 2]]), "out holds 2 NaN, the first at [b=0, h=1]"),
        (np.array([[1, 1], [1, 2.0]]),
         "out has the right shape (b=2, h=2) but 1 of 4 values are wrong, the first at [b=1, h=1]"),
        (np.array([[1, 1], [np.inf, 2]]),
         "out has the right shape (b=2, h=2) but 2 of 4 values are wrong, the first at [b=1, h=0]"),
    ],
)  # fmt: skip
def test_messages(got, message):
    assert refusal(got, np.ones((2, 2))).message == message


def test_numbers_in_lists_are_as_good_as_an_array():
    same_array("out", [[1.0, 2.0], [3.0, 4.0]], np.array([[1.0, 2.0], [3.0, 4.0]]), "b h")
    same_array("loss", 1.5, np.float64(1.5), "")
    same_array("shape", [3, 4], [3, 4], "2")


def test_one_number_needs_no_index():
    with pytest.raises(CheckFailed) as refused:
        same_array("loss", 1.5, np.float64(2), "")
    assert refused.value.message == "loss is wrong"
    assert refused.value.detail == "got 1.5 there, expected 2; largest difference 0.5"


def test_a_list_of_tensors_is_named():
    assert "torch.stack()" in refusal([np.ones(2), np.ones(2)], np.ones((2, 2))).hint


def test_values_are_in_the_detail_not_in_the_message():
    failed = refusal(np.array([[0.25, 777.5]]), np.array([[0.25, 888.5]]))
    assert failed.detail == "got 777.5 there, expected 888.5; largest difference 111"
    assert "7.5" not in failed.message + failed.diagnosis and "8.5" not in failed.message + failed.diagnosis


def test_a_difference_to_infinity_is_not_counted_as_none():
    want = np.array([[1, -np.inf]])
    assert refusal(np.array([[1.0, -1e9]]), want).detail == "got -1e+09 there, expected -inf"


def test_outputs_are_compared_in_order_and_explained_by_the_others():
    axes = {"first": "h", "second": "h"}
    want = {"first": np.array([1.0, 2, 3]), "second": np.array([5.0, 7, 1])}
    same(want, want, axes)
    with pytest.raises(CheckFailed) as refused:
        same({"first": want["second"], "second": want["first"]}, want, axes)
    assert (refused.value.output, refused.value.diagnosis) == ("first", "first holds what second should be")
    same({"first": None, "second": want["second"]}, want, axes, only=("second",))


@given(st.lists(st.integers(0, 9), max_size=4).map(tuple))
def test_shapes_are_spelled_with_names_that_fit(shape):
    array = np.zeros(shape)
    names = [f"axis{i}" for i in range(len(shape))]
    said = ", ".join(f"{name}={size}" for name, size in zip(names, shape, strict=True))
    assert shape_text(array, " ".join(names)) == f"({said})"
    assert shape_text(array, " ".join([*names, "more"])) == str(shape)


@given(FLOATS, FLOATS)
def test_one_value_is_close_or_said_to_be_wrong(got, want):
    if close(np.array(got), np.array(want)):
        same_array("x", got, want, "")
    else:
        with pytest.raises(CheckFailed, match=r"^x is wrong$"):
            same_array("x", got, want, "")
