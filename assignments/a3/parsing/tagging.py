"""Words and tags of a sentence that somebody types: `run.py parse --text "She reads a book."`.

The parser reads tags, which a treebank has and a typed sentence has not. So they are guessed: a word gets the tag that
it most often has in the training text after the tag before it, an unknown one that of most words with its ending. On
English web text that is right for about nine words in ten; the parser was trained with right tags.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parsing.treebank import Sentence

TOKEN = re.compile(
    r"\w+(?=n['’]t\b)|n['’]t\b"  # do n't
    r"|['’](?:s|m|d|re|ve|ll)\b"  # she 's
    r"|\d+(?:[.,:]\d+)*"
    r"|\b(?:[^\W\d_]\.){2,}|\b(?:mrs?|ms|dr|prof|st|jr)\."  # e.g. and U.S., Mr.
    r"|\w+|\.{2,}|[^\w\s]",
    re.IGNORECASE,
)
LONGEST_ENDING = 4
"""Letters of an ending."""


def tokens_of(text: str) -> list[str]:
    """Return the words and punctuation marks of a text, with English contractions divided as in UD treebanks.

    >>> tokens_of("She doesn't read 3.5 books, it's late...")
    ['She', 'does', "n't", 'read', '3.5', 'books', ',', 'it', "'s", 'late', '...']
    """
    return TOKEN.findall(text)


class Tagger:
    """Guesses tags by word, by the tag before it, and by ending.

    Attributes:
        by_word: the tag of each word of the training text, in lower case.
        exceptions: after a tag, of the words that have another one there than by_word says.
        by_ending: the tag of each ending; that of the empty one is for all other words.
    """

    def __init__(
        self, by_word: Mapping[str, str], exceptions: Mapping[str, Mapping[str, str]], by_ending: Mapping[str, str]
    ) -> None:
        self.by_word, self.exceptions, self.by_ending = dict(by_word), dict(exceptions), dict(by_ending)

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Tagger:
        """Learn from tagged sentences, at least one word."""
        words: defaultdict[str, Counter[str]] = defaultdict(Counter)
        contexts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for sentence in sentences:
            for before, form, tag in zip(("", *sentence.tags), sentence.forms, sentence.tags, strict=False):
                words[form.lower()][tag] += 1
                contexts[before, form.lower()][tag] += 1
        by_word = {word: most_frequent(tags) for word, tags in words.items()}
        exceptions: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for (before, word), tags in contexts.items():
            if (tag := most_frequent(tags)) != by_word[word]:
                exceptions[before][word] = tag
        endings: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for word, tag in by_word.items():  # each word counts once: frequent ones don't tell how rare ones end
            for ending in endings_of(word):
                endings[ending][tag] += 1
        return cls(by_word, exceptions, {ending: most_frequent(tags) for ending, tags in endings.items()})

    def tag(self, forms: Sequence[str]) -> list[str]:
        """Return a tag for each word of a sentence."""
        tags = [""]
        for form in forms:
            word = form.lower()
            tags.append(self.exceptions.get(tags[-1], {}).get(word) or self.by_word.get(word) or self.tag_of(word))
        return tags[1:]

    def tag_of(self, word: str) -> str:
        """Return the tag of an unknown word in lower case, by its ending."""
        return next(self.by_ending[ending] for ending in endings_of(word) if ending in self.by_ending)

    def to_plain(self) -> dict[str, Any]:
        """Return plain data, for files: the arguments of a Tagger."""
        return {"by_word": self.by_word, "exceptions": self.exceptions, "by_ending": self.by_ending}


def endings_of(word: str) -> list[str]:
    """Return the endings of a word, the longest first, with its shape in front: digits, letters or neither.

    >>> endings_of("reads"), endings_of("1999")[-2:]
    (['a:eads', 'a:ads', 'a:ds', 'a:s', 'a:', ''], ['0:', ''])
    """
    shape = "0" if any(map(str.isdigit, word)) else "a" if any(map(str.isalpha, word)) else "."
    lengths = range(min(len(word), LONGEST_ENDING), 0, -1)
    return [*(f"{shape}:{word[-length:]}" for length in lengths), f"{shape}:", ""]


def most_frequent(tags: Counter[str]) -> str:
    """Return the most frequent tag; of equally frequent ones the first in alphabetical order."""
    return min(tags, key=lambda tag: (-tags[tag], tag))
