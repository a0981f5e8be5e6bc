"""The corpus: text cut into sentences, and the random windows and words that training draws from it."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Sentence = list[str]

PASSES = 10
"""How often the corpus is thinned out anew: each pass leaves out other words."""
TABLE_SIZE = 1_000_000
"""Of the table of negative samples."""


class DataError(ValueError):
    """There is no text to train on; the message is one line."""


def lee_text() -> str:
    """Return 300 news texts of 2000 and 2001 (Lee, Pincombe and Welsh 2005), which come with gensim."""
    from gensim.test.utils import datapath

    return Path(datapath("lee_background.cor")).read_text(encoding="utf-8")


def read_text(path: Path | None) -> str:
    """Return the text of a file, of all .txt files below a folder, or by default the Lee news.

    Raises DataError if there is none.
    """
    if path is None:
        return lee_text()
    if path.is_dir():
        files = sorted(path.rglob("*.txt"))
        if not files:
            raise DataError(f"{path}: no .txt file in this folder or below it")
    else:
        files = [path]
    try:
        return "\n\n".join(file.read_text(encoding="utf-8") for file in files)
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from None


def sentences_of(text: str) -> Iterator[Sentence]:
    """Cut a text into sentences of two words or more, in small letters. Words are letters and digits, and don't."""
    for sentence in re.split(r"[.!?]+\s|\n\s*\n|\n", text.lower()):
        words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", sentence)
        if len(words) > 1:
            yield words


class Dataset:
    """A corpus that windows and negative samples are drawn from.

    All chance comes from np.random, whose state sgd() keeps in its checkpoints. The functions for one window and for
    many draw the same numbers in the same order, so that training one way or the other gives the same vectors.
    """

    def __init__(
        self,
        sentences: Sequence[Sentence],
        keep: Callable[[Any], Any] | None = None,
        noise: Callable[[Indices], Indices] | None = None,
        min_count: int = 1,
        seed: int = 0,
    ) -> None:
        """Count and number the words, and thin out the sentences.

        Args:
            sentences: lists of words.
            keep: the probability of keeping a word, by its part of the corpus; None keeps every word.
            noise: makes the table of negative samples, indices of words, from the counts; None follows the counts.
            min_count: words seen less often are left out.
            seed: of the thinning.

        Raises DataError if no sentence keeps two words.
        """
        seen = Counter(word for sentence in sentences for word in sentence)
        self.words = [word for word, count in seen.most_common() if count >= min_count]
        self.word2Ind = {word: index for index, word in enumerate(self.words)}
        self.counts = np.array([seen[word] for word in self.words], dtype=np.int64)
        numbered = [[self.word2Ind[word] for word in s if word in self.word2Ind] for s in sentences]
        kept = self._thinned(numbered, keep, np.random.default_rng(seed)) if self.words else []
        if not kept:
            raise DataError("no sentence has two words that are kept: the text is too short")
        self._lengths = np.array([len(sentence) for sentence in kept])
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._text = np.concatenate(kept)
        table = np.repeat(np.arange(len(self.words)), self.counts) if noise is None else noise(self.counts)
        self._table = np.asarray(table, dtype=np.int32)  # half the memory to read at random

    def _thinned(
        self, sentences: Sequence[list[int]], keep: Callable[[Any], Any] | None, rng: np.random.Generator
    ) -> list[Indices]:
        """Return the sentences that are left with two words or more."""
        flat = np.concatenate([np.array(sentence, dtype=np.int64) for sentence in sentences])
        ends = np.cumsum([len(sentence) for sentence in sentences])[:-1]
        if keep is None:
            passes = [np.split(flat, ends)]
        else:
            probability = np.asarray(keep(self.counts / self.counts.sum()))[flat]
            drops = (rng.random(len(flat)) >= probability for _ in range(PASSES))
            passes = [np.split(np.where(dropped, -1, flat), ends) for dropped in drops]
        left = [sentence[sentence >= 0] for sentences in passes for sentence in sentences]
        return [sentence for sentence in left if len(sentence) > 1]

    def tokens(self) -> Mapping[str, int]:
        """Return the index of each word."""
        return self.word2Ind

    def sampleTokenIdx(self) -> int:
        """Draw a word's index from the noise distribution."""
        return int(self._table[int(np.random.random_sample() * len(self._table))])

    def getRandomContext(self, C: int = 5) -> tuple[str, list[str]]:
        """Draw a sentence, a centre in it, and how far the window reaches, 1 to C; return the words there."""
        which, where, how_far = np.random.random_sample(3)
        sentence = int(which * len(self._lengths))
        length = int(self._lengths[sentence])
        center, reach = int(where * length), 1 + int(how_far * C)
        start = int(self._starts[sentence])
        around = [*range(max(0, center - reach), center), *range(center + 1, min(length, center + reach + 1))]
        return self.words[self._text[start + center]], [self.words[self._text[start + i]] for i in around]

    def random_pairs(self, windows: int, C: int = 5) -> tuple[Indices, Indices]:
        """Draw as many windows as getRandomContext would; return their centre and outside words, pair by pair."""
        centers, outsides, _ = self._windows(windows, C)
        return centers, outsides

    def _windows(self, number: int, C: int) -> tuple[Indices, Indices, Indices]:
        """Return the pairs of many windows, and how many each window has."""
        which, where, how_far = np.random.random_sample((number, 3)).T
        sentence = (which * len(self._lengths)).astype(np.int64)
        length = self._lengths[sentence]
        center, reach = (where * length).astype(np.int64), 1 + (how_far * C).astype(np.int64)
        left, right = np.minimum(center, reach), np.minimum(length - 1 - center, reach)
        sizes = left + right
        place = self._starts[sentence] + center
        first = np.cumsum(sizes) - sizes + left  # the first pair right of each centre
        steps = np.arange(sizes.sum()) - np.repeat(first, sizes)
        steps += steps >= 0  # from -left to right, without 0
        centers = np.repeat(place, sizes)
        return self._text[centers], self._text[centers + steps], sizes

    def random_negatives(self, outsides: Indices, K: int = 10) -> Indices:
        """Draw K negative samples for each outside word, as getNegativeSamples does for one; return (P, K)."""
        negatives = self._draw(len(outsides) * K)
        avoid = np.repeat(outsides, K)
        # A rejected word makes all later ones move up by one. Rejections are rare, so each may cost a pass.
        start = 0
        while True:
            rejected = np.flatnonzero(negatives[start:] == avoid[start:])
            if not rejected.size:
                return negatives.reshape(-1, K)
            start += int(rejected[0])
            negatives[start:] = np.append(negatives[start + 1 :], self._draw(1))

    def random_batches(
        self, count: int, windows: int, C: int = 5, K: int = 10
    ) -> Iterator[tuple[Indices, Indices, Indices]]:
        """Draw many batches at once, and yield the centre words, outside words and negative samples of each.

        Quicker than random_pairs and random_negatives for one batch after the other, with the same chances, but from
        other random numbers: all windows first, then all samples, and then new ones in place of the rejected.
        """

        def draw(size: int) -> Indices:
            return self._table.take(np.random.randint(len(self._table), size=size)).astype(np.int64)

        centers, outsides, sizes = self._windows(count * windows, C)
        negatives = draw(len(outsides) * K)
        rejected = np.flatnonzero(negatives == np.repeat(outsides, K))
        while rejected.size:
            negatives[rejected] = draw(rejected.size)
            rejected = rejected[negatives[rejected] == outsides[rejected // K]]
        negatives = negatives.reshape(-1, K)
        ends = np.cumsum(sizes.reshape(count, windows).sum(axis=1))
        for start, end in itertools.pairwise((0, *ends)):
            yield centers[start:end], outsides[start:end], negatives[start:end]

    def _draw(self, count: int) -> Indices:
        places = (np.random.random_sample(count) * len(self._table)).astype(np.int64)
        return self._table.take(places).astype(np.int64)
