"""How questions 1.1, 1.2 and 2.1 read whole numbers, and the rows of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sanity.core.compare import as_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers
from sanity.core.values import describe


def rows_of(answers: Answers, words: Sequence[str]) -> list[int]:
    """Return the row of each of words; raise CheckFailed unless word2ind gives each word another row of M."""
    word2ind = answers["word2ind"]
    if not isinstance(word2ind, dict):
        raise CheckFailed(f"word2ind is {describe(word2ind)}, expected a dict", output="word2ind")
    rows = {word: as_index(row) for word, row in word2ind.items()}
    if any(row is None for row in rows.values()):
        raise CheckFailed("the values of word2ind are not all whole numbers", output="word2ind")
    missing = [word for word in words if word not in rows]
    if missing:
        said = f"word2ind lacks {len(missing)} of {len(words)} words"
        raise CheckFailed(said, detail=f"such as {missing[0]!r}", output="word2ind")
    size = len(as_array("M", answers["M"], np.zeros((len(words), len(words)), np.int64)))
    chosen = [rows[word] or 0 for word in words]
    if len(set(chosen)) < len(words) or not all(0 <= row < size for row in chosen):
        raise CheckFailed("word2ind does not give each word another row of M", output="word2ind")
    return chosen


def as_index(value: Any) -> int | None:
    """Return a plain value as a whole number, or None if it is not one."""
    value = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    return value if isinstance(value, int) and not isinstance(value, bool) else None
