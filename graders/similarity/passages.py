"""The passages that two codes share: found by their fingerprints, extended as far as they are equal, longest first.

That is greedy string tiling (Wise 1993) from fingerprints: no character is in two passages, and a function that was
moved is one passage.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graders.similarity.fingerprints import Code, K

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from graders.similarity.fingerprints import Hashes, Mask

MOST_REPEATS = 4
"""Places of one fingerprint in one code that are tried: a line that stands there a thousand times has a million."""


@dataclass(frozen=True)
class Span:
    """A part of a file."""

    file: int
    start: int
    """The index of its first character in the file's text."""
    end: int


@dataclass(frozen=True)
class Passage:
    """A passage that two codes share."""

    first: Span
    second: Span
    length: int
    """Characters of the filtered code."""


def passages(first: Code, second: Code, common: Hashes) -> list[Passage]:
    """Return the passages that two codes share, in the order of the first; `common` are fingerprints to leave out."""
    runs = [(-length, p, q) for p, q, length in set(_runs(first, second, common))]
    heapq.heapify(runs)
    used_1, used_2 = (np.zeros(len(code.hashes) + K, dtype=bool) for code in (first, second))
    found: list[tuple[int, int, int]] = []
    while runs:
        length, p, q = heapq.heappop(runs)
        length = -length
        free = ~(used_1[p : p + length] | used_2[q : q + length])
        if free.all():
            used_1[p : p + length] = used_2[q : q + length] = True
            found.append((p, q, length))
            continue
        start, rest = _longest(free)
        if rest >= K:
            heapq.heappush(runs, (-rest, p + start, q + start))
    trimmed = (_trimmed(first, second, *run) for run in sorted(found))
    return [Passage(_span(first, p, n), _span(second, q, n), n) for p, q, n in trimmed]


def _runs(first: Code, second: Code, common: Hashes) -> Iterator[tuple[int, int, int]]:
    """Yield where equal runs around each shared fingerprint begin in both codes, and their length in characters."""
    seeds = np.setdiff1d(np.intersect1d(first.fingerprints, second.fingerprints), common)
    places_1, places_2 = (_places(code, seeds) for code in (first, second))
    known: dict[int, list[tuple[int, int]]] = {}
    for seed in sorted(places_1):
        for p in places_1[seed]:
            for q in places_2[seed]:
                before = known.setdefault(q - p, [])
                if any(start <= p < end for start, end in before):
                    continue
                start, end = _extent(first, second, p, q)
                before.append((start, end))
                yield start, q - p + start, end - start + K - 1


def _places(code: Code, seeds: Hashes) -> dict[int, list[int]]:
    """Return the first places of each of some hashes in a code."""
    at = np.flatnonzero(np.isin(code.hashes, seeds) & code.own)
    found: dict[int, list[int]] = {}
    for place, hash in zip(at.tolist(), code.hashes[at].tolist(), strict=True):
        some = found.setdefault(hash, [])
        if len(some) < MOST_REPEATS:
            some.append(place)
    return found


def _extent(first: Code, second: Code, p: int, q: int) -> tuple[int, int]:
    """Return the first hash in `first`, and the one after the last, of the run of equal ones around p and q."""
    after = _equal(first.hashes[p:], second.hashes[q:], first.own[p:], second.own[q:])
    before = _equal(first.hashes[p::-1], second.hashes[q::-1], first.own[p::-1], second.own[q::-1])
    return p - before + 1, p + after


def _equal(one: Hashes, other: Hashes, mine: Mask, theirs: Mask) -> int:
    """Return how many hashes are equal, and own, from the start on."""
    size, begin, step = min(len(one), len(other)), 0, 64
    while begin < size:  # in steps that grow: most runs are short, and some are as long as the code
        some = slice(begin, min(size, begin + step))
        equal = (one[some] == other[some]) & mine[some] & theirs[some]
        if not equal.all():
            return begin + int(np.argmin(equal))
        begin, step = some.stop, 2 * step
    return size


def _longest(free: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the start and the length of the longest run that is free."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best] - starts[best])


def _trimmed(first: Code, second: Code, p: int, q: int, length: int) -> tuple[int, int, int]:
    """Return a run without the handout's characters at its ends, but to the ends of lines."""
    own = np.flatnonzero(~(first.given[p : p + length] & second.given[q : q + length]))
    start, end = int(own[0]), int(own[-1]) + 1  # a run has hashes of the students' own, so there are some
    while start > 0 and not (_begins_line(first, p + start) or _begins_line(second, q + start)):
        start -= 1
    while end < length and not (_begins_line(first, p + end) or _begins_line(second, q + end)):
        end += 1
    return p + start, q + start, end - start


def _begins_line(code: Code, place: int) -> bool:
    """Return whether a line ends before a filtered character that is not the first of its file."""
    file, at = _file(code, place)
    filtered = code.filtered[file]
    return "\n" in code.files[file].text[filtered.ends[at - 1] : filtered.starts[at]]


def _file(code: Code, place: int) -> tuple[int, int]:
    """Return the number of the file of a filtered character, and its place there."""
    file = bisect_right(code.bases, place) - 1
    return file, place - code.bases[file]


def _span(code: Code, place: int, length: int) -> Span:
    file, at = _file(code, place)
    filtered = code.filtered[file]
    return Span(file, int(filtered.starts[at]), int(filtered.ends[at + length - 1]))
