"""Plain values, as `plain` gives them and as a hostile worker may send them: a Hypothesis strategy."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graders.sandbox.inside.wire import DTYPES
from sanity.core.values import Unsupported


def arrays() -> st.SearchStrategy[Any]:
    """Arrays of every dtype that may be sent: 0-d, empty and of up to 8 axes, with NaN and infinities."""
    dtypes = st.sampled_from(list(DTYPES.values()))
    return hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=8, min_side=0, max_side=3))


def plain_values() -> st.SearchStrategy[Any]:
    """Anything that an answer may be."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(),
        st.text(max_size=10),
        st.builds(Unsupported, st.text(max_size=20)),
        arrays(),
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=12,
    )


def same(one: Any, other: Any) -> bool:
    """Return whether two plain values are the same, to the type, the dtype and the bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or (one != one and other != other))
