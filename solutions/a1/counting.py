"""Counting neighbours in large corpora: a sparse matrix, in memory that grows with its non-zeros only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Corpus = Sequence[Sequence[str]]

PAIRS_AT_ONCE = 2**22
"""Pairs of neighbours that are counted in one go: 16 to 32 MB."""


def co_occurrences(corpus: Corpus, word2ind: Mapping[str, int], window_size: int) -> csr_array:
    """Return how often each pair of words stands within window_size of each other, (V, V), integers.

    Args:
        corpus: documents, each a list of words of word2ind. Windows end where their document does.
        word2ind: the row of each word.
        window_size: how many neighbours count on either side.
    """
    size = len(word2ind)
    total = csr_array((size, size), dtype=np.int64)
    for part in parts(corpus, max(1, PAIRS_AT_ONCE // (2 * max(1, window_size)))):
        total = total + count_part(part, word2ind, window_size)
    return total


def parts(corpus: Corpus, tokens: int) -> Iterator[Corpus]:
    """Split a corpus between documents into parts of about so many tokens."""
    start = held = 0
    for end, document in enumerate(corpus, start=1):
        held += len(document)
        if held >= tokens or end == len(corpus):
            yield corpus[start:end]
            start, held = end, 0


def count_part(corpus: Corpus, word2ind: Mapping[str, int], window_size: int) -> csr_array:
    """Count the pairs of one part: each becomes one whole number, and equal ones meet by sorting."""
    size = len(word2ind)
    lengths = [len(document) for document in corpus]
    dtype = np.uint32 if size**2 <= 2**32 else np.uint64
    ids = np.fromiter(map(word2ind.__getitem__, chain.from_iterable(corpus)), dtype, count=sum(lengths))
    rows = ids * dtype(size)  # the pair (i, j) is i * size + j
    document = np.repeat(np.arange(len(corpus), dtype=np.int32), lengths)
    pairs = [np.zeros(0, dtype)]
    for distance in range(1, min(window_size, max(lengths) - 1) + 1):
        together = document[distance:] == document[:-distance]
        pairs.append((rows[distance:] + ids[:-distance])[together])
        pairs.append((rows[:-distance] + ids[distance:])[together])
    return csr_of(np.concatenate(pairs), size)


def csr_of(pairs: NDArray[np.unsignedinteger], size: int) -> csr_array:
    """Return the matrix that counts equal pairs; sorts pairs in place."""
    pairs.sort()
    first = np.flatnonzero(np.concatenate((pairs[:1] == pairs[:1], pairs[1:] != pairs[:-1])))
    counts = np.diff(first, append=pairs.size)
    distinct = pairs[first].astype(np.int64)
    starts = np.searchsorted(distinct, np.arange(size + 1) * size)
    return csr_array((counts, distinct % size, starts), shape=(size, size))
