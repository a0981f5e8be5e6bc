"""Question 2d: drawing words."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.counts import COUNTS
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import Array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe
from sanity.core.values import size_text

check = Checks("2d")
DRAWN = 20_000
"""Words that sample_noise draws."""
FALSE_ALARMS = 1e-9
"""The odds that a right sampler fails one statistical check."""


@probe("times drawn, draws, next draws, draws with the same seed", of="sample_noise()")
def sample_noise(code: Any, case: Case) -> Any:
    """Draw many words and count them; then draw on, and draw again with the same seed."""

    def draw(count: int, rng: np.random.Generator) -> Any:
        return code.sampling.sample_noise(case.probabilities.copy(), count, rng)

    rng, few = np.random.default_rng(case.seed), 400
    first, after = draw(few, rng), draw(few, rng)
    again = draw(few, np.random.default_rng(case.seed))
    many = np.asarray(draw(DRAWN, rng))
    times = [int((many == word).sum()) for word in range(len(case.probabilities))]
    return np.array([*times, many.size - sum(times)]), first, after, again


def deviation(words: int) -> float:
    """Return by how much a frequency may differ from its probability.

    By Hoeffding's inequality the odds that any of them does so by chance are at most FALSE_ALARMS.
    """
    return float(np.sqrt(np.log(2 * words / FALSE_ALARMS) / (2 * DRAWN)))


def times_drawn(answers: Answers) -> Array:
    """Return how often each word was drawn of DRAWN times; raise CheckFailed if anything else was drawn."""
    times = np.asarray(answers["times drawn"])
    if times.sum() != DRAWN:
        drawn = size_text(int(times.sum()), most=2 * DRAWN)
        raise CheckFailed(f"sample_noise() draws {drawn} words where {DRAWN} are asked for", output="draws")
    if times[-1]:
        raise CheckFailed("some of the numbers drawn are not the index of a word", output="draws")
    return times[:-1]


@check(COUNTS, weight=2, outputs=("draws",))
def draws_as_the_reference(run: Run, expect: Run, case: Case) -> None:
    """Words are drawn as often as a right sampler draws them, within what chance allows."""
    got, want = times_drawn(run(sample_noise, case)), times_drawn(expect(sample_noise, case))
    if not (np.abs(got - want) <= 2 * DRAWN * deviation(len(want))).all():
        raise CheckFailed("some words are drawn too often, others too seldom", output="draws")


@check(COUNTS)
def draws_by_probability(run: Run, case: Case) -> None:
    """Each word is drawn with its probability, within what chance allows; one of probability zero is never drawn."""
    times, p = times_drawn(run(sample_noise, case)), case.probabilities

    def drawn_by(probabilities: Array) -> bool:
        return bool((np.abs(times / DRAWN - probabilities) <= deviation(len(p))).all())

    diagnosis = "the index of the word drawn is off by one" if any(drawn_by(np.roll(p, by)) for by in (1, -1)) else ""
    if times[p == 0].any():
        raise CheckFailed("a word of probability zero is drawn", diagnosis=diagnosis, output="draws")
    if not drawn_by(p):
        raise CheckFailed("words are not drawn with their probabilities", diagnosis=diagnosis, output="draws")


@check(COUNTS)
def draws_from_the_generator(run: Run, case: Case) -> None:
    """All randomness comes from rng: the same seed gives the same words, and the next draw gives others."""
    answers = run(sample_noise, case)
    first, after, again = (np.asarray(answers[n]) for n in ("draws", "next draws", "draws with the same seed"))
    if not np.array_equal(first, again):
        raise CheckFailed("the same seed gives other words", diagnosis="np.random is used where rng should be")
    if np.array_equal(first, after):
        raise CheckFailed(
            "the same words are drawn at every call", diagnosis="the function makes a new generator at every call"
        )
