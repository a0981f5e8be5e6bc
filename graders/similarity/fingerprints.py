"""Fingerprints of code, by winnowing (Schleimer, Wilkerson and Aiken 2003), as copydetect selects them.

Every run of K characters of the filtered code has a hash. Of each WINDOW consecutive hashes the smallest is a
fingerprint, so that two codes with K + WINDOW - 1 characters in common have one in common. copydetect hashes with
Python's `hash`, which differs from process to process: ours does not, and so the same class gives the same pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from graders.similarity.code import File
from graders.similarity.tokens import Filtered, filter_source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.int64]
    Mask = NDArray[np.bool_]

K = 20
"""Shorter passages are noise: `for V inV(V(V)):` has 16 characters."""
GUARANTEED = 25
"""A common passage of so many characters is always found: about two short lines. copydetect's default, too."""
WINDOW = GUARANTEED - K + 1
BETWEEN_FILES = "\0"
MARKER_LINE = re.compile(r"(?m)^.*# Question [\w.]+: your code (?:starts|ends) here\..*$")
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd; 2**64 divided by the golden ratio


@dataclass(frozen=True, eq=False)
class Code:
    """The code of a submission, ready to be compared."""

    files: tuple[File, ...]
    filtered: tuple[Filtered, ...]
    """One for each file."""
    hashes: Hashes
    """Of each K characters of the filtered files, joined by BETWEEN_FILES."""
    own: Mask
    """Which of these are of the student's own: neither across two files, nor mostly the handout's."""
    given: Mask
    """Which characters of the joined filtered files are the handout's: in a hash of it, or on a line of it."""

    @cached_property
    def fingerprints(self) -> Hashes:
        """The hashes that winnowing selects of the student's own, sorted, each once."""
        return np.unique(self.hashes[self.selected])

    @cached_property
    def selected(self) -> NDArray[np.int64]:
        """Where the fingerprints begin in the joined filtered files."""
        from copydetect.utils import winnow

        _, places = winnow(self.hashes, WINDOW, remove_duplicates=False)
        places = np.asarray(places, dtype=np.int64)
        selected: NDArray[np.int64] = places[self.own[places]]
        return selected

    @cached_property
    def bases(self) -> list[int]:
        """Where each file begins in the joined filtered files."""
        lengths = [len(one.text) + len(BETWEEN_FILES) for one in self.filtered]
        return [sum(lengths[:number]) for number in range(len(lengths))]


@dataclass(frozen=True, eq=False)
class Handout:
    """What students receive, and does not count: its hashes and its lines, without the space around them."""

    hashes: Hashes
    lines: frozenset[str]


def handout_of(texts: Iterable[str]) -> Handout:
    """Return the handout with these files. In a submission an answer lies between what is around a placeholder."""
    texts = list(texts)
    found = [kgram_hashes(filter_source(part).text) for text in texts for part in MARKER_LINE.split(text)]
    lines = frozenset(line.strip() for text in texts for line in text.split("\n"))
    return Handout(np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *found])), lines)


def fingerprint(files: Sequence[File], handout: Handout) -> Code:
    """Return code with its hashes. What is the handout's is not the student's own: its hashes, and whole lines of it.

    A run of characters that is half of the handout's is not, either: everybody begins an answer in the usual way.
    """
    filtered = tuple(filter_source(file.text) for file in files)
    text = BETWEEN_FILES.join(one.text for one in filtered)
    hashes = kgram_hashes(text)
    of_lines = [_on_lines(file.text, one, handout.lines) for file, one in zip(files, filtered, strict=True)]
    between = np.array([True])
    parts = [part for mask in of_lines for part in (between, mask)][1:]
    known = _among(hashes, handout.hashes)
    given = _covered(known, len(text)) | (np.concatenate(parts) if parts else np.zeros(0, dtype=bool))
    across = _codes(text) == ord(BETWEEN_FILES)
    own = ~known & (_sums(given) <= K // 2) & (_sums(across) == 0)
    return Code(tuple(files), filtered, hashes, own, given)


def kgram_hashes(text: str) -> Hashes:
    """Return the hash of each K consecutive characters, not negative; the same in every process.

    >>> kgram_hashes("x" * K).shape, kgram_hashes("x").shape
    ((1,), (0,))
    """
    codes = _codes(text).astype(np.uint64)
    if len(codes) < K:
        return np.zeros(0, dtype=np.int64)
    powers = np.cumprod(np.full(K, _BASE, dtype=np.uint64))
    mixed = np.lib.stride_tricks.sliding_window_view(codes, K) @ powers
    mixed ^= mixed >> np.uint64(29)  # else the smallest hash of a window depends mostly on the last characters
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return (mixed >> np.uint64(1)).astype(np.int64)


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _among(hashes: Hashes, some: Hashes) -> Mask:
    """Return which hashes are among some that are sorted. `np.isin` would sort them again for each submission."""
    if not len(some):
        return np.zeros(len(hashes), dtype=bool)
    places = np.minimum(np.searchsorted(some, hashes), len(some) - 1)
    mask: Mask = some[places] == hashes
    return mask


def _on_lines(text: str, filtered: Filtered, lines: frozenset[str]) -> Mask:
    """Return which characters of a filtered text begin on one of these lines."""
    known, start = np.zeros(len(text) + 1, dtype=bool), 0
    for line in text.split("\n"):
        known[start : start + len(line) + 1] = line.strip() in lines
        start += len(line) + 1
    mask: Mask = known[filtered.starts]
    return mask


def _covered(given: Mask, length: int) -> Mask:
    """Return which of `length` characters are in a run of K that is given."""
    steps = np.zeros(length + 1, dtype=np.int64)
    steps[: len(given)] += given
    steps[K : K + len(given)] -= given
    return np.cumsum(steps)[:length] > 0


def _sums(mask: Mask) -> NDArray[np.int64]:
    """Return for each K consecutive characters how many are in the mask."""
    sums = np.concatenate([[0], np.cumsum(mask)])
    return sums[K:] - sums[:-K] if len(mask) >= K else np.zeros(0, dtype=np.int64)
