"""The numbers of words, tags and relations.

Words and tags share one matrix of embeddings: first come the words, then the tags. Classes are numbered for the model's
logits: left-arcs with each relation, right-arcs with each, shift; without relations left-arc, right-arc, shift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from parsing.treebank import Sentence

NULL, UNKNOWN, ROOT = "<NULL>", "<UNK>", "<ROOT>"
"""What stands for a word that is not there, such as the third on a stack of two; for a rare word; and for ROOT."""
MIN_COUNT = 2


class Encoded(NamedTuple):
    """A sentence as numbers, with ROOT in front: n + 1 entries each."""

    words: list[int]
    tags: list[int]


class Vocabulary:
    """The numbers of words and tags, and the relations that a parser tells apart.

    Attributes:
        word_numbers, tag_numbers: by word and by tag.
        relations: their names, in the order of the classes; one that is empty for a parser without relations.
    """

    def __init__(self, words: Sequence[str], tags: Sequence[str], relations: Sequence[str] = ("",)) -> None:
        """Number words and tags as they are given, each with NULL, UNKNOWN and ROOT in front."""
        special = (NULL, UNKNOWN, ROOT)
        self.word_numbers = {word: i for i, word in enumerate((*special, *words))}
        self.tag_numbers = {tag: i for i, tag in enumerate((*special, *tags), len(self.word_numbers))}
        self.relations = list(relations)
        self.nulls = self.word_numbers[NULL], self.tag_numbers[NULL]

    @classmethod
    def of(cls, sentences: Iterable[Sentence], labelled: bool = True, min_count: int = MIN_COUNT) -> Vocabulary:
        """Return the vocabulary of a text: frequent words, all tags, and all relations if `labelled`."""
        sentences = list(sentences)
        words = Counter(form.lower() for sentence in sentences for form in sentence.forms)
        tags = {tag for sentence in sentences for tag in sentence.tags}
        relations = {relation for sentence in sentences for relation in sentence.relations}
        frequent = sorted((word for word in words if words[word] >= min_count), key=lambda word: (-words[word], word))
        return cls(frequent, sorted(tags), sorted(relations) if labelled else ("",))

    def __len__(self) -> int:
        """Return the number of rows of the embeddings."""
        return len(self.word_numbers) + len(self.tag_numbers)

    @property
    def labelled(self) -> bool:
        """Whether classes have relations."""
        return self.relations != [""]

    @property
    def n_classes(self) -> int:
        """The number of classes: shift, and two for each relation."""
        return 1 + 2 * len(self.relations)

    def encode(self, sentence: Sentence) -> Encoded:
        """Return the numbers of words and tags, unknown ones as UNKNOWN."""
        words, tags = self.word_numbers, self.tag_numbers
        word, tag = words[UNKNOWN], tags[UNKNOWN]
        return Encoded(
            [words[ROOT], *[words.get(form.lower(), word) for form in sentence.forms]],
            [tags[ROOT], *[tags.get(name, tag) for name in sentence.tags]],
        )

    def to_plain(self) -> dict[str, list[str]]:
        """Return plain data, for files."""
        words, tags = (list(numbers)[3:] for numbers in (self.word_numbers, self.tag_numbers))
        return {"words": words, "tags": tags, "relations": self.relations}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Vocabulary:
        """Return the vocabulary that `to_plain` made plain. Raises KeyError, TypeError or ValueError for other data."""
        lists = [plain[name] for name in ("words", "tags", "relations")]
        for names in lists:
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise TypeError("not a list of texts")
            if len(set(names)) < len(names):
                raise ValueError("a name twice")
        return cls(*lists)
