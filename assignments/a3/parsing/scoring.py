"""Attachment scores of parses: how many words have the right head (UAS), and the right head and relation (LAS).

A score is given twice, of all words, as the shared task CoNLL 2018 counts them, and without punctuation, as papers on
newswire do: a comma's head is a matter of convention. Subtypes of relations don't count: nsubj:pass is nsubj. The
signature says all that, so that others can compute the same number.

This module reads plain lists: it needs no model, and nothing else of the course.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

SENTENCE_LENGTHS = ((1, 5), (6, 10), (11, 15), (16, 20), (21, 30), (31, 40), (41, None))
ARC_LENGTHS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, None))
"""The lowest and the highest length of each group of sentences and of arcs, in words; None: no limit."""


class ScoreError(ValueError):
    """There is nothing to score, or gold and predicted parses differ in number or length; the message is one line."""


class Tree(Protocol):
    """The heads of a sentence's words, and their relations, such as a Sentence or a Parse of treebank.py."""

    @property
    def heads(self) -> Sequence[int]:
        """Of each word its head's place, counted from 1; 0 is ROOT."""

    @property
    def relations(self) -> Sequence[str] | None:
        """Of each word to its head; None from a parser that finds only heads."""


class Score(NamedTuple):
    """Attachment scores, from 0 to 100; LAS is None where no relations are predicted."""

    uas: float
    las: float | None
    uas_without: float  # without punctuation
    las_without: float | None
    words: int
    words_without: int
    sentences: int
    signature: str  # how they were computed

    def __str__(self) -> str:
        las, without = ("" if one is None else f", LAS {one:.2f}" for one in (self.las, self.las_without))
        return f"UAS {self.uas:.2f}{las}; without punctuation UAS {self.uas_without:.2f}{without} [{self.signature}]"


class Bin(NamedTuple):
    """UAS of a group of words."""

    low: int
    high: int | None  # None: no limit
    words: int
    uas: float


class RelationScore(NamedTuple):
    """The scores of the words that have one relation in the right trees."""

    relation: str
    words: int
    uas: float
    las: float | None


class Confusion(NamedTuple):
    """How often a gold relation (row) was predicted as each relation (column)."""

    relations: list[str]
    counts: list[list[int]]


class _Word(NamedTuple):
    """A word with its right and its predicted arc."""

    sentence: int
    place: int
    head: int
    found: int
    relation: str
    found_relation: str | None

    @property
    def attached(self) -> bool:
        return self.head == self.found

    @property
    def labelled(self) -> bool:
        return self.attached and self.relation == self.found_relation


def score(gold: Sequence[Tree], predicted: Sequence[Tree], punctuation: Sequence[Sequence[bool]]) -> Score:
    """Return UAS and LAS of predicted parses.

    Args:
        gold: the right parses, with relations.
        predicted: one for each, of the same words.
        punctuation: of each word whether it is punctuation, by the treebank's own tags.

    Raises:
        ScoreError: there are no words, or the three differ in number or length.
    """
    words = _aligned(gold, predicted)
    if [len(parse.heads) for parse in gold] != [len(marks) for marks in punctuation]:
        raise ScoreError("cannot score: expected one mark for each word, whether it is punctuation")
    others = [word for word in words if not punctuation[word.sentence][word.place - 1]]
    uas, las = _uas(words), _las(words)
    kind = "unlabelled" if las is None else "relations:universal"
    return Score(
        uas=uas,
        las=las,
        uas_without=_uas(others),
        las_without=None if las is None else _las(others),
        words=len(words),
        words_without=len(others),
        sentences=len(gold),
        signature=f"words:{len(words)}|sentences:{len(gold)}|segmentation:gold|{kind}|punct:tagged|version:1",
    )


def by_sentence_length(gold: Sequence[Tree], predicted: Sequence[Tree]) -> list[Bin]:
    """Return UAS by the number of words in the sentence."""
    words = _aligned(gold, predicted)
    return _bins(words, SENTENCE_LENGTHS, lambda word: len(gold[word.sentence].heads))


def by_arc_length(gold: Sequence[Tree], predicted: Sequence[Tree]) -> list[Bin]:
    """Return UAS by the distance of a word from its right head, in words; those whose head is ROOT are left out."""
    words = [word for word in _aligned(gold, predicted) if word.head]
    return _bins(words, ARC_LENGTHS, lambda word: abs(word.head - word.place))


def by_relation(gold: Sequence[Tree], predicted: Sequence[Tree]) -> list[RelationScore]:
    """Return the scores of the words of each right relation, the most frequent first."""
    groups: dict[str, list[_Word]] = {}
    for word in _aligned(gold, predicted):
        groups.setdefault(word.relation, []).append(word)
    scores = [RelationScore(name, len(words), _uas(words), _las(words)) for name, words in groups.items()]
    return sorted(scores, key=lambda one: (-one.words, one.relation))


def confusion(gold: Sequence[Tree], predicted: Sequence[Tree]) -> Confusion:
    """Return how often each relation was predicted as which, whatever the head; the most frequent relation first.

    Raises ScoreError: as in `score`, or no relations are predicted.
    """
    words = _aligned(gold, predicted)
    pairs = Counter((word.relation, word.found_relation) for word in words)
    if any(found is None for _, found in pairs):
        raise ScoreError("cannot count relations: expected parses with relations")
    rows = Counter(word.relation for word in words)
    columns = Counter(word.found_relation for word in words if word.found_relation)
    names = sorted(rows.keys() | columns.keys(), key=lambda name: (-rows[name], -columns[name], name))
    return Confusion(names, [[pairs[one, other] for other in names] for one in names])


def universal(relation: str) -> str:
    """Return a relation without its subtype.

    >>> universal("nsubj:pass")
    'nsubj'
    """
    return relation.partition(":")[0]


def _aligned(gold: Sequence[Tree], predicted: Sequence[Tree]) -> list[_Word]:
    """Return all words with both arcs. Raises ScoreError: see `score`."""
    if len(gold) != len(predicted):
        raise ScoreError(f"cannot score {len(predicted)} parses of {len(gold)} sentences: expected one for each")
    words = [word for i, pair in enumerate(zip(gold, predicted, strict=True)) for word in _words_of(i, *pair)]
    if not words:
        raise ScoreError("cannot score: there are no words")
    return words


def _words_of(sentence: int, right: Tree, found: Tree) -> Iterator[_Word]:
    n = len(right.heads)
    if right.relations is None or len(right.relations) != n:
        raise ScoreError(f"sentence {sentence + 1}: the right tree lacks relations of its {n} words")
    if len(found.heads) != n or (found.relations is not None and len(found.relations) != n):
        raise ScoreError(f"sentence {sentence + 1}: a parse of {len(found.heads)} words; expected {n}")
    for i in range(n):
        guess = None if found.relations is None else universal(found.relations[i])
        yield _Word(sentence, i + 1, right.heads[i], found.heads[i], universal(right.relations[i]), guess)


def _uas(words: Sequence[_Word]) -> float:
    return 100 * sum(word.attached for word in words) / max(len(words), 1)


def _las(words: Sequence[_Word]) -> float | None:
    if any(word.found_relation is None for word in words):
        return None
    return 100 * sum(word.labelled for word in words) / max(len(words), 1)


def _bins(words: Sequence[_Word], ranges: Iterable[tuple[int, int | None]], size: Callable[[_Word], int]) -> list[Bin]:
    """Return UAS of the words whose size is in each range; empty ranges are left out."""
    bins = []
    for low, high in ranges:
        chosen = [word for word in words if low <= size(word) and (high is None or size(word) <= high)]
        if chosen:
            bins.append(Bin(low, high, len(chosen), _uas(chosen)))
    return bins
