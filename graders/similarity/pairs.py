"""Which submissions of a class share code, and which share far more of it than others do.

Only fingerprints are compared, and an index of them finds the pairs: the product of a sparse matrix with its transpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from graders.similarity.fingerprints import Hashes

COMMON_SHARE = 0.3
"""What more than this share of the class has is common knowledge: a short answer, a template, the lecture's idiom."""
COMMON_LEAST = 6
"""And what at least so many have: in a small class, four copies of one answer are not common knowledge."""
FLOOR = 0.3
"""A pair that shares less of the code of both is never shown."""
LEAST = 20
"""Nor one that shares fewer fingerprints: about six lines."""
FENCE = 3.0
"""Interquartile ranges above the third quartile, beyond which Tukey (1977) calls a value far out."""
CEILING = 0.8
"""A pair that shares more is always shown, also in a class in which half of all share half."""
FEWEST_PAIRS = 45
"""A class with fewer, that is of less than ten, has no distribution: three copies are a quarter of its pairs, and move
the third quartile. There only FLOOR and LEAST count."""


@dataclass(frozen=True)
class Pair:
    """Two submissions, by their numbers in the class."""

    first: int
    second: int
    shared: int
    """Fingerprints that both have."""
    of_first: float
    """The share of the first one's fingerprints that the second has, 0 to 1."""
    of_second: float

    @property
    def share(self) -> float:
        """The larger share: whoever copies a part of a long submission has copied all of the own."""
        return max(self.of_first, self.of_second)


@dataclass(frozen=True, eq=False)
class Comparison:
    """All pairs of a class. A class of 1,000 has half a million: they are arrays, an item for each that shares code."""

    first: NDArray[np.int64]
    """The numbers of the first submissions, in the order of the class."""
    second: NDArray[np.int64]
    """The numbers of the second ones, each larger than that of the first."""
    shared: NDArray[np.int64]
    """How many fingerprints both have."""
    sizes: NDArray[np.int64]
    """The number of each submission's fingerprints, without those that are common knowledge."""
    compared: int
    """The number of pairs, with those that share nothing."""
    common: Hashes
    """The fingerprints that are common knowledge."""

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """The share of each pair, as `Pair.share`, from 0 to 1."""
        shares: NDArray[np.float64] = self.shared / np.minimum(self.sizes[self.first], self.sizes[self.second])
        return shares

    @cached_property
    def fence(self) -> float:
        """The share from which a pair is far out of the class: from FLOOR to CEILING; FLOOR if there are few pairs."""
        if self.compared < FEWEST_PAIRS:
            return FLOOR
        shares = np.concatenate([self.shares, np.zeros(self.compared - len(self.shares))])
        first, third = np.quantile(shares, [0.25, 0.75])
        return min(CEILING, max(FLOOR, float(third + FENCE * (third - first))))

    def flagged(self, threshold: float | None = None) -> tuple[Pair, ...]:
        """Return the pairs to show to a person, the most similar first.

        These are the ones far out of the class, or those from a threshold on, a share from 0 to 1.
        """
        least = self.fence if threshold is None else threshold
        chosen = np.flatnonzero((self.shares >= least) & (self.shared >= LEAST))
        order = np.lexsort((self.second, self.first, -self.shared, -self.shares))
        return tuple(self._pair(number) for number in order[np.isin(order, chosen)].tolist())

    def histogram(self, bins: int) -> list[int]:
        """Return the number of pairs by share, in bins of equal width."""
        counts, _ = np.histogram(self.shares, bins=bins, range=(0, 1))
        counts[0] += self.compared - len(self.shares)
        return [int(count) for count in counts]

    def _pair(self, number: int) -> Pair:
        first, second, shared = (int(some[number]) for some in (self.first, self.second, self.shared))
        return Pair(first, second, shared, float(shared / self.sizes[first]), float(shared / self.sizes[second]))


def compare(fingerprints: Sequence[Hashes], same: frozenset[tuple[int, int]] = frozenset()) -> Comparison:
    """Compare all submissions of a class by their fingerprints, each of them sorted and unique.

    Args:
        fingerprints: those of each submission.
        same: pairs (i, j), i < j, that are of one student, and are left out.
    """
    from scipy.sparse import csr_array

    size = len(fingerprints)
    every = np.concatenate([np.zeros(0, dtype=np.int64), *fingerprints])
    owners = np.repeat(np.arange(size), [len(some) for some in fingerprints])
    hashes, columns, uses = np.unique(every, return_inverse=True, return_counts=True)
    is_common = uses >= max(COMMON_LEAST, np.floor(COMMON_SHARE * size) + 1)
    counts = ~is_common[columns]
    telling = counts & (uses[columns] > 1)  # what only one has is in no pair
    ones = np.ones(int(telling.sum()), dtype=np.int64)
    matrix = csr_array((ones, (owners[telling], columns[telling])), shape=(size, len(hashes)))
    both = (matrix @ matrix.T).tocoo()
    kept = (both.row < both.col) & ~np.isin(
        both.row.astype(np.int64) * size + both.col, [i * size + j for i, j in same]
    )
    return Comparison(
        first=both.row[kept].astype(np.int64),
        second=both.col[kept].astype(np.int64),
        shared=both.data[kept],
        sizes=np.bincount(owners[counts], minlength=size),
        compared=size * (size - 1) // 2 - len(same),
        common=hashes[is_common],
    )


def groups(pairs: Sequence[Pair]) -> list[tuple[int, ...]]:
    """Return the groups of three and more that pairs connect, the largest first."""
    group: dict[int, set[int]] = {}
    for pair in pairs:
        joined = group.get(pair.first, {pair.first}) | group.get(pair.second, {pair.second})
        group |= dict.fromkeys(joined, joined)
    found = {tuple(sorted(members)) for members in group.values() if len(members) > 2}
    return sorted(found, key=lambda members: (-len(members), members))
