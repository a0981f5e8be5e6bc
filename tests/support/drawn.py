"""What several tests draw: plain values, arrays, and checks to judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sanity.core.case import Cases
from sanity.core.check import Check

FLOATS = st.floats(-4, 4, width=32)


def leaves() -> st.SearchStrategy[Any]:
    """Plain values that hold no others."""
    return st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | arrays()


def plain_values() -> st.SearchStrategy[Any]:
    """What `plain` returns, but for Odd."""
    return st.recursive(
        leaves(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )


def arrays() -> st.SearchStrategy[Any]:
    """Arrays of every plain dtype, of up to three axes."""
    dtypes = st.sampled_from(["?", "i1", "u1", "i4", "i8", "f4", "f8"]).map(np.dtype)
    return hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))


def numbers(shape: Any, elements: st.SearchStrategy[float] = FLOATS, **options: Any) -> st.SearchStrategy[Any]:
    """Float64 arrays of one shape."""
    return hnp.arrays(np.float64, shape, elements=elements, **options)


def alike(a: Any, b: Any) -> bool:
    """Whether two plain values are the same in type, form and bits."""
    if isinstance(a, np.ndarray):
        same = isinstance(b, np.ndarray) and (a.dtype, a.shape) == (b.dtype, b.shape)
        return same and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(map(alike, a, b))
    return type(a) is type(b) and repr(a) == repr(b)


SIZES = Cases(lambda seed, n: {"n": n, "seed": seed}, {"n": (1, 9)}, "n = {n}", ({"n": 2}, {"n": 5}))


def make_check(function: Callable[..., None], **fields: Any) -> Check:
    """Make a check of a function of (run, case) or (run, expect, case)."""
    is_property = "expect" not in function.__code__.co_varnames
    given = {"question": "1a", "name": "name", "sentence": "A sentence.", "cases": SIZES, "weight": 1.0, "outputs": ()}
    return Check(**{**given, **fields}, function=function, is_property=is_property)
