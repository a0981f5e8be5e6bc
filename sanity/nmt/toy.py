"""Pairs of artificial languages for testing translation models: `python -m sanity.nmt.toy` prints some sentences.

The seed determines the words, the genders of the nouns, the endings, the idioms and the word order of the target
language: each seed is another pair of languages. The source language resembles English: subject, verb, object;
adjectives before the noun; endings for plural and past only. The target language has another verb position, and
adjectives after the noun that they agree with. Its nouns have one of three genders, which the source doesn't show, and
two cases. Some pairs of words, adjective and noun or verb and object, are idioms with a meaning of their own.

A sentence has one translation: both sides are generated from the same tree, and different trees have different source
sentences. All random numbers come from `random.Random.random`, which is the same in every version of Python.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sanity.training.dice import Dice

NOUNS, ADJECTIVES, TRANSITIVE, INTRANSITIVE, ADVERBS, PREPOSITIONS, CONJUNCTIONS = 24, 10, 8, 6, 5, 3, 2
NOUN_IDIOMS, VERB_IDIOMS = 4, 3
GENDERS = 3
VERB_PLACES = ("SOV", "VSO", "OSV", "VOS", "OVS")
MAX_WORDS = 20  # of a source sentence
CLAUSES, ADJECTIVES_OF_A_NOUN = (1, 1, 1, 1, 2, 2, 3), (0, 0, 0, 1, 1, 2)  # numbers of them, equally likely

Texts = tuple[list[str], list[str]]
"""Sentences and their translations."""


class NounPhrase(NamedTuple):
    """A noun with its modifiers. Nouns, adjectives and so on are numbers, from 0."""

    noun: int
    plural: bool
    definite: bool
    adjectives: tuple[int, ...] = ()
    prepositional: tuple[int, NounPhrase] | None = None  # a preposition and its noun phrase
    relative: VerbPhrase | None = None  # the verb phrase of a relative clause


class VerbPhrase(NamedTuple):
    """A verb, with an object if it is one of the first TRANSITIVE verbs."""

    verb: int
    past: bool
    object: NounPhrase | None
    adverb: int | None = None


class Clause(NamedTuple):
    """A subject and its predicate; the conjunction precedes each clause but the first."""

    subject: NounPhrase
    predicate: VerbPhrase
    conjunction: int


class Words:
    """New words of one language: stems of five letters, endings of one or two, function words of three."""

    def __init__(self, dice: Dice, consonants: Sequence[str]) -> None:
        vowels = "aeiou"
        self._dice = dice
        self._short = ["".join(letters) for letters in itertools.product(consonants, vowels, consonants)]
        self._stems = ["".join(letters) for letters in itertools.product(consonants, vowels, self._short)]
        self._endings = [*vowels, *("".join(letters) for letters in itertools.product(vowels, consonants))]

    def stems(self, n: int) -> list[str]:
        """Return n new stems."""
        return self._dice.take(self._stems, n)

    def short(self, n: int) -> list[str]:
        """Return n new function words."""
        return self._dice.take(self._short, n)

    def forms(self, *features: int) -> dict[tuple[int, ...], str]:
        """Return a new function word for each combination of grammatical features, given their numbers of values."""
        return dict(zip(combinations(features), self.short(math.prod(features)), strict=True))

    def endings(self, *features: int) -> dict[tuple[int, ...], str]:
        """Return a different ending for each combination of grammatical features, given their numbers of values."""
        return dict(zip(combinations(features), self._dice.take(list(self._endings), math.prod(features)), strict=True))


def combinations(features: Sequence[int]) -> list[tuple[int, ...]]:
    """Return all combinations of features, given their numbers of values."""
    return list(itertools.product(*map(range, features)))


class Speaker:
    """Draws sentences, as trees, with idioms more often than by chance."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        adjectives, nouns, verbs = list(range(ADJECTIVES)), list(range(NOUNS)), list(range(TRANSITIVE))
        take = dice.take
        self.noun_idioms = list(zip(take(adjectives, NOUN_IDIOMS), take(nouns, NOUN_IDIOMS), strict=True))
        self.verb_idioms = list(zip(take(verbs, VERB_IDIOMS), take(nouns, VERB_IDIOMS), strict=True))

    def sentence(self) -> list[Clause]:
        """Draw the tree of a sentence."""
        return [
            Clause(self.noun_phrase(deep=True), self.verb_phrase(deep=True), self._dice.below(CONJUNCTIONS))
            for _ in range(self._dice.pick(CLAUSES))
        ]

    def noun_phrase(self, deep: bool) -> NounPhrase:
        """Draw a noun phrase; only a deep one contains another one, so that modifiers are unambiguous."""
        dice = self._dice
        adjectives = dice.take(list(range(ADJECTIVES)), dice.pick(ADJECTIVES_OF_A_NOUN))
        noun = dice.below(NOUNS)
        if adjectives and dice.chance(0.3):
            adjectives[-1], noun = dice.pick(self.noun_idioms)
        prepositional = (dice.below(PREPOSITIONS), self.noun_phrase(deep=False)) if deep and dice.chance(0.2) else None
        relative = self.verb_phrase(deep=False) if deep and not prepositional and dice.chance(0.2) else None
        return NounPhrase(noun, dice.chance(0.4), dice.chance(0.6), tuple(adjectives), prepositional, relative)

    def verb_phrase(self, deep: bool) -> VerbPhrase:
        """Draw a verb phrase; only a deep one has an adverb, and an object that may contain another noun phrase."""
        dice = self._dice
        verb, past = dice.below(TRANSITIVE + INTRANSITIVE), dice.chance(0.5)
        adverb = dice.below(ADVERBS) if deep and dice.chance(0.3) else None
        if dice.chance(0.1):
            verb, noun = dice.pick(self.verb_idioms)
            return VerbPhrase(verb, past, NounPhrase(noun, plural=False, definite=True), adverb)
        return VerbPhrase(verb, past, self.noun_phrase(deep) if verb < TRANSITIVE else None, adverb)


class Source:
    """Generates the sentences of trees in the source language."""

    def __init__(self, words: Words) -> None:
        self.nouns, self.noun_endings = words.stems(NOUNS), ("", *words.endings(1).values())
        self.verbs, self.verb_endings = words.stems(TRANSITIVE + INTRANSITIVE), ("", *words.endings(1).values())
        self.adjectives, self.adverbs = words.stems(ADJECTIVES), words.stems(ADVERBS)
        self.prepositions, self.conjunctions = words.short(PREPOSITIONS), words.short(CONJUNCTIONS)
        self.articles, (self.relative,) = words.short(2), words.short(1)

    def sentence(self, clauses: list[Clause]) -> list[str]:
        """Return the words of a sentence."""
        written: list[str] = []
        for subject, predicate, conjunction in clauses:
            joint = [self.conjunctions[conjunction]] if written else []
            written += [*joint, *self.noun_phrase(subject), *self.verb_phrase(predicate)]
        return written

    def noun_phrase(self, phrase: NounPhrase) -> list[str]:
        """Return article, adjectives, noun, and a phrase or clause after it."""
        written = [self.articles[phrase.definite], *(self.adjectives[adjective] for adjective in phrase.adjectives)]
        written.append(self.nouns[phrase.noun] + self.noun_endings[phrase.plural])
        if phrase.prepositional:
            preposition, other = phrase.prepositional
            written += [self.prepositions[preposition], *self.noun_phrase(other)]
        if phrase.relative:
            written += [self.relative, *self.verb_phrase(phrase.relative)]
        return written

    def verb_phrase(self, phrase: VerbPhrase) -> list[str]:
        """Return verb, object and adverb."""
        written = [self.verbs[phrase.verb] + self.verb_endings[phrase.past]]
        written += self.noun_phrase(phrase.object) if phrase.object else []
        return written + ([self.adverbs[phrase.adverb]] if phrase.adverb is not None else [])


class Target:
    """Generates the sentences of trees in the target language."""

    def __init__(self, words: Words, dice: Dice, speaker: Speaker) -> None:
        self.order = dice.pick(VERB_PLACES)
        self.article_first, self.preposition_first, self.adverb_first = (dice.chance(0.5) for _ in range(3))
        nouns, verbs = NOUNS + NOUN_IDIOMS, TRANSITIVE + INTRANSITIVE + VERB_IDIOMS
        self.noun_idioms = {idiom: NOUNS + n for n, idiom in enumerate(speaker.noun_idioms)}
        self.verb_idioms = {idiom: verbs - VERB_IDIOMS + n for n, idiom in enumerate(speaker.verb_idioms)}
        self.nouns, self.genders = words.stems(nouns), [dice.below(GENDERS) for _ in range(nouns)]
        self.verbs, self.adjectives, self.adverbs = words.stems(verbs), words.stems(ADJECTIVES), words.stems(ADVERBS)
        self.prepositions, self.conjunctions = words.short(PREPOSITIONS), words.short(CONJUNCTIONS)
        self.articles = words.forms(2, GENDERS, 2, 2)  # definite, gender, plural, accusative
        self.relatives = words.forms(GENDERS, 2)  # gender, plural
        self.noun_endings = words.endings(GENDERS, 2, 2)  # gender, plural, accusative
        self.adjective_endings = words.endings(GENDERS, 2)  # gender, plural
        self.verb_endings = words.endings(2, 2)  # past, plural

    def sentence(self, clauses: list[Clause]) -> list[str]:
        """Return the words of a sentence."""
        written: list[str] = []
        for subject, predicate, conjunction in clauses:
            joint = [self.conjunctions[conjunction]] if written else []
            written += [*joint, *self.clause(self.noun_phrase(subject), subject.plural, predicate)]
        return written

    def clause(self, subject: list[str], plural: bool, phrase: VerbPhrase) -> list[str]:
        """Return subject, verb and object in the order of the language, with the adverb before or after them."""
        verb, of = phrase.verb, phrase.object
        if of and of == NounPhrase(of.noun, plural=False, definite=True) and (verb, of.noun) in self.verb_idioms:
            verb, of = self.verb_idioms[verb, of.noun], None
        parts = {
            "S": subject,
            "V": [self.verbs[verb] + self.verb_endings[phrase.past, plural]],
            "O": self.noun_phrase(of, accusative=True) if of else [],
        }
        adverb = [self.adverbs[phrase.adverb]] if phrase.adverb is not None else []
        written = [word for part in self.order for word in parts[part]]
        return adverb + written if self.adverb_first else written + adverb

    def noun_phrase(self, phrase: NounPhrase, accusative: bool = False) -> list[str]:
        """Return noun and adjectives with the article before or after them, and a phrase or clause after that."""
        noun, adjectives, plural = phrase.noun, phrase.adjectives, phrase.plural
        if adjectives and (adjectives[-1], noun) in self.noun_idioms:
            noun, adjectives = self.noun_idioms[adjectives[-1], noun], adjectives[:-1]
        gender = self.genders[noun]
        written = [self.nouns[noun] + self.noun_endings[gender, plural, accusative]]
        written += [self.adjectives[each] + self.adjective_endings[gender, plural] for each in adjectives]
        article = self.articles[phrase.definite, gender, plural, accusative]
        written = [article, *written] if self.article_first else [*written, article]
        if phrase.prepositional:
            preposition, other = (
                self.prepositions[phrase.prepositional[0]],
                self.noun_phrase(phrase.prepositional[1], accusative=True),
            )
            written += [preposition, *other] if self.preposition_first else [*other, preposition]
        if phrase.relative:
            written += [self.relatives[gender, plural], *self.clause([], plural, phrase.relative)]
        return written


def sentence_pairs(seed: int) -> Iterator[tuple[str, str]]:
    """Draw a pair of languages; yield sentences and their translations, endlessly and with repetitions."""
    dice = Dice(seed)
    consonants = dice.take(list("bcdfghjklmnpqrstvwxz"), 20)
    speaker = Speaker(dice)
    source = Source(Words(dice, consonants[:10]))
    target = Target(Words(dice, consonants[10:]), dice, speaker)
    while True:
        tree = speaker.sentence()
        words = source.sentence(tree)
        if len(words) <= MAX_WORDS:
            yield " ".join(words), " ".join(target.sentence(tree))


def toy_texts(seed: int = 0, train: int = 8000, dev: int = 200, test: int = 500) -> tuple[Texts, Texts, Texts]:
    """Draw a pair of languages, and pairs for train, dev and test, all with different source sentences.

    The same seed gives the same texts; test doesn't depend on the numbers of dev and train.
    """
    pairs: dict[str, str] = {}
    drawn = sentence_pairs(seed)
    while len(pairs) < test + dev + train:
        pairs.setdefault(*next(drawn))
    sources, targets = list(pairs), list(pairs.values())
    train_part, dev_part, test_part = (
        (sources[part], targets[part]) for part in (slice(test + dev, None), slice(test, test + dev), slice(test))
    )
    return train_part, dev_part, test_part


if __name__ == "__main__":
    shown, _, _ = toy_texts(train=8, dev=0, test=0)
    for one, other in zip(*shown, strict=True):
        print(one, other, "", sep="\n")
