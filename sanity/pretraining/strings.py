"""Strings to copy and to reverse: `python -m sanity.pretraining.strings` prints some.

A question is a sign, which says what to do, and a string; the seed determines which sign means copying.
"""

from __future__ import annotations

from typing import NamedTuple

from sanity.training.dice import Dice

LETTERS, LONGEST = 10, 8
"""Letters of the alphabet, and the most in a string."""
SHORTEST = 3

Pairs = list[tuple[str, str]]
"""Questions, each with its answer."""


class Strings(NamedTuple):
    """Three sets of questions without a common one."""

    train: Pairs
    dev: Pairs
    test: Pairs


def make_strings(seed: int, train: int = 4000, dev: int = 200, test: int = 400) -> Strings:
    """Draw so many questions for training, dev and the test: half are to copy, half to reverse."""
    dice = Dice(seed)
    letters = dice.take([chr(code) for code in range(ord("a"), ord("z") + 1)], LETTERS)
    copying, reversing = dice.take(["+", "-", "*", "="], 2)
    pairs: dict[str, str] = {}
    while len(pairs) < train + dev + test:
        length = SHORTEST + dice.below(LONGEST - SHORTEST + 1)
        text = "".join(dice.pick(letters) for _ in range(length))
        if len(pairs) % 2:
            pairs.setdefault(reversing + text, text[::-1])
        else:
            pairs.setdefault(copying + text, text)
    drawn = list(pairs.items())
    return Strings(drawn[dev + test :], drawn[test : dev + test], drawn[:test])


if __name__ == "__main__":
    for question, answer in make_strings(seed=0).test[:8]:
        print(question, answer)
