"""A world of invented people, places and facts, in prose: `python -m sanity.pretraining.world` prints some of it.

The seed determines the names, who was born where, and every sentence: each seed is another world. A model that has read
the prose can answer where a person was born; one that has not can only guess, since a name does not depend on a place.
Where somebody lives is told too, so that the place beside a name is not always the right one.

All random numbers come from `Dice`, which is the same in every version of Python.
"""

from __future__ import annotations

from typing import NamedTuple

from sanity.training.dice import Dice

PLACES = 8

TEMPLATES = (
    "{person} was born in {birth}.",
    "{person} comes from {birth}.",
    "Where was {person} born? {birth}.",
    "The birthplace of {person} is {birth}.",
    "{person} is from {birth}.",
    "{birth} is where {person} was born.",
    "{person} lives in {home}.",
)
"""Of the sentences about each person. The one about the place where somebody lives says nothing of the birth."""
QUESTION = "Where was {person} born?"


class Person(NamedTuple):
    """One person of the world."""

    name: str
    birth: str
    home: str


class World(NamedTuple):
    """Prose about all people, and questions about some of them with their answers."""

    prose: list[str]
    """One document a line."""
    train: list[tuple[str, str]]
    """Questions, each with its answer, for fine-tuning."""
    dev: list[tuple[str, str]]
    test: list[tuple[str, str]]


def make_names(dice: Dice, n: int, pattern: str) -> list[str]:
    """Return n different names; in the pattern c is a consonant, v a vowel."""
    letters = {"c": "bdfgklmnprstvz", "v": "aeiou"}
    names: dict[str, None] = {}
    while len(names) < n:
        names.setdefault("".join(dice.pick(letters[kind]) for kind in pattern).capitalize())
    return list(names)


def make_people(dice: Dice, n: int) -> list[Person]:
    """Draw n people with different names. As many are born in each place, as nearly as possible; homes are drawn."""
    places = make_names(dice, PLACES, "cvccv")
    names = zip(make_names(dice, n, "cvccv"), make_names(dice, n, "cvcvc"), strict=True)
    return [Person(" ".join(name), places[i % PLACES], dice.pick(places)) for i, name in enumerate(names)]


def make_world(seed: int, train: int = 30, dev: int = 20, test: int = 30) -> World:
    """Draw a world with this many people to ask about in fine-tuning, in dev and in the test."""
    dice = Dice(seed)
    people = make_people(dice, train + dev + test)
    prose = [
        template.format(person=person.name, birth=person.birth, home=person.home)
        for person in people
        for template in TEMPLATES
    ]
    asked = [(QUESTION.format(person=person.name), person.birth) for person in dice.take(people, len(people))]
    return World(dice.take(prose, len(prose)), asked[:train], asked[train : train + dev], asked[train + dev :])


if __name__ == "__main__":
    shown = make_world(seed=0)
    print(*shown.prose[:12], *(" ".join(pair) for pair in shown.test[:4]), sep="\n")
