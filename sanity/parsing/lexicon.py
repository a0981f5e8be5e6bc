"""The words of the toy treebank: those of English that join others, and new ones for all else.

A seed draws the new words, which of them are living beings, and which prepositions each verb takes: each seed is another
language with the same grammar.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from sanity.training.dice import Dice

NOUNS, NAMES, ADJECTIVES, MANNERS, TIMES = 36, 6, 12, 6, 2
TRANSITIVE, INTRANSITIVE, SAYING, CONTROL = 14, 8, 4, 3
PREPOSITIONS = ("with", "near", "under", "in", "on", "behind")
"""All but "of", which belongs to the noun before it, always."""
TAKEN = 3
"""Of so many prepositions each transitive verb makes its own adverbials; with the others the noun is described."""
PRESENT, PAST, FUTURE = range(3)
TENSES = (PRESENT, PAST, FUTURE)


class Noun(NamedTuple):
    """A noun, whose plural ends in -s."""

    stem: str
    alive: bool

    def form(self, plural: bool) -> str:
        """Return the singular or the plural."""
        return self.stem + "s" * plural


class Verb(NamedTuple):
    """A verb, with the prepositions of its own adverbials."""

    stem: str
    prepositions: tuple[str, ...]

    def form(self, tense: int, plural: bool) -> str:
        """Return the form for a subject; that of the future comes after "will"."""
        return self.stem + ("s" * (not plural), "ed", "")[tense]


class Lexicon:
    """The words of one language."""

    def __init__(self, dice: Dice) -> None:
        consonants, vowels = "bdfgklmnprtvz", "aeiou"
        short = ["".join(letters) for letters in itertools.product(consonants, vowels, consonants)]
        self._stems = ["".join(parts) for parts in itertools.product(consonants, vowels, short)]
        self._dice = dice
        self.nouns = [Noun(stem, alive=i % 2 == 0) for i, stem in enumerate(self._take(NOUNS))]
        self.names = [Noun(stem.capitalize(), alive=True) for stem in self._take(NAMES)]
        self.adjectives = self._take(ADJECTIVES)
        self.manners = [f"{stem}ly" for stem in self._take(MANNERS)]
        self.times = {tense: self._take(TIMES) for tense in TENSES}
        """Adverbs of time, by the tense of the verbs that they may belong to."""
        self.transitive, self.intransitive, self.saying, self.control = (
            [self._verb(stem) for stem in self._take(n)] for n in (TRANSITIVE, INTRANSITIVE, SAYING, CONTROL)
        )

    def _take(self, n: int) -> list[str]:
        return self._dice.take(self._stems, n)

    def _verb(self, stem: str) -> Verb:
        return Verb(stem, tuple(self._dice.take(list(PREPOSITIONS), TAKEN)))

    def nouns_like(self, noun: Noun) -> Sequence[Noun]:
        """Return the nouns for living beings, or those for things."""
        return [other for other in self.nouns if other.alive == noun.alive]
