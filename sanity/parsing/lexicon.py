"""The words of the toy treebank: those of English that join others, and new ones for all else.

A seed draws the new words, which nouns are living beings, and which prepositions follow nouns and verbs: each seed is
another language with the same grammar.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from sanity.training.dice import Dice

NOUNS, NAMES, ADJECTIVES, MANNERS, TIMES = 16, 4, 4, 4, 2
TRANSITIVE, GIVING, INTRANSITIVE, SAYING, CONTROL = 8, 4, 8, 4, 2
PREPOSITIONS = ("with", "near", "under", "in", "on", "of")
PRESENT, PAST, INFINITIVE = range(3)


class Noun(NamedTuple):
    """A noun, whose plural ends in -s."""

    stem: str
    alive: bool

    def form(self, plural: bool) -> str:
        """Return the singular or the plural."""
        return self.stem + "s" * plural


class Verb(NamedTuple):
    """A verb."""

    stem: str

    def form(self, tense: int, plural: bool) -> str:
        """Return the form that agrees with a subject."""
        return self.stem + ("s" * (not plural), "ed", "en")[tense]


class Lexicon:
    """The words of one language."""

    def __init__(self, dice: Dice) -> None:
        consonants, vowels = "bdfgklmnprtvz", "aeiou"
        short = ["".join(letters) for letters in itertools.product(consonants, vowels, consonants)]
        self._stems = ["".join(parts) for parts in itertools.product(consonants, vowels, short)]
        self._dice = dice
        self.nouns = [Noun(stem, i % 2 == 0) for i, stem in enumerate(self._take(NOUNS))]
        self.names = [Noun(stem.capitalize(), alive=True) for stem in self._take(NAMES)]
        self.adjectives, self.postponed = (self._take(ADJECTIVES) for _ in range(2))
        """Adjectives that stand before their noun, and those that stand after it."""
        self.before, self.after = ([f"{stem}ly" for stem in self._take(MANNERS)] for _ in range(2))
        """Adverbs of manner that stand before their verb, and those that stand after it."""
        self.times = [self._take(TIMES) for _ in (PRESENT, PAST)]
        """Adverbs of time, by the tense of the verbs that they belong to."""
        self.transitive, self.giving, self.intransitive, self.saying, self.control = (
            [Verb(stem) for stem in self._take(n)] for n in (TRANSITIVE, GIVING, INTRANSITIVE, SAYING, CONTROL)
        )
        shuffled = dice.take(list(PREPOSITIONS), len(PREPOSITIONS))
        self.of_nouns, self.of_verbs = shuffled[::2], shuffled[1::2]
        """Prepositions of phrases that belong to a noun, and of those that belong to a verb."""

    def _take(self, n: int) -> list[str]:
        return self._dice.take(self._stems, n)

    def nouns_like(self, noun: Noun) -> Sequence[Noun]:
        """Return the nouns for living beings, or those for things."""
        return [other for other in self.nouns if other.alive == noun.alive]
