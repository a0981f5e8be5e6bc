"""Minibatches of arrays and comparing them, under the names that files of the course import."""

from collections.abc import Iterator
from typing import Any

import numpy as np


def get_minibatches(data: Any, minibatch_size: int, shuffle: bool = True) -> Iterator[Any]:
    """Yield minibatches of an array or a list, or lists of minibatches if data is a list of such of equal length.

    Args:
        data: an array; a list of examples; or a list of arrays or lists, as [inputs, labels].
        minibatch_size: how many examples there are in each; fewer in the last.
        shuffle: whether the examples come in a random order, drawn from numpy's global generator.
    """
    several = isinstance(data, list) and bool(data) and isinstance(data[0], list | np.ndarray)
    size = len(data[0]) if several else len(data)
    order = np.random.permutation(size) if shuffle else np.arange(size)
    for start in range(0, size, minibatch_size):
        some = order[start : start + minibatch_size]
        yield [taken(part, some) for part in data] if several else taken(data, some)


def taken(data: Any, indices: Any) -> Any:
    """Return some entries of an array or a list."""
    return data[indices] if isinstance(data, np.ndarray) else [data[i] for i in indices]


def test_all_close(name: str, actual: Any, expected: Any) -> None:
    """Print whether two arrays are close; raise ValueError if their shapes differ."""
    if np.shape(actual) != np.shape(expected):
        raise ValueError(f"{name} failed: expected shape {np.shape(expected)}, got {np.shape(actual)}")
    close = np.amax(np.abs(np.asarray(actual) - expected)) <= 1e-6
    print(f"{name} passed!" if close else f"{name} failed: expected {expected}, got {actual}")
