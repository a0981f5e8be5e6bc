"""Questions 2a to 2d: which words are kept, and which are drawn as noise."""

from __future__ import annotations

import numpy as np

from sanity.a2.asked import (
    DRAWN,
    FALSE_ALARMS,
    KEEP,
    KEEP_BY_DEFAULT,
    NOISE,
    NOISE_BY_DEFAULT,
    SAMPLE,
    TABLE,
    Array,
    equal,
)
from sanity.a2.cases import COUNTS, FREQUENCIES
from sanity.core.case import Case
from sanity.core.check import Answers, Run, check
from sanity.core.compare import as_array, same_array
from sanity.core.errors import CheckFailed

STATED = {0.0026: 1.0, 0.00746: 0.5, 1.0: 0.033}
"""Probabilities of keeping a word, to the third digit, by how frequent it is, with the threshold 0.001."""


def probability_of(run: Run, case: Case) -> Array:
    """Return the probabilities of keeping words, or raise CheckFailed if there is not one for each."""
    z = np.asarray(case.z)
    kept = as_array("probability", run(KEEP, case)["probability"], z)
    if kept.shape != z.shape:
        raise CheckFailed(f"probability has shape {kept.shape}, expected {z.shape}", output="probability")
    return kept


# A quarter of the point for each check: more for the first would leave less than that for another.
@check("2a", FREQUENCIES, outputs=("probability",))
def keeps_words(run: Run, expect: Run, case: Case) -> None:
    """keep_probability() gives the right probability for every word."""
    want = np.asarray(expect(KEEP, case)["probability"])
    same_array("probability", run(KEEP, case)["probability"], want, "n" * want.ndim)


@check("2a", FREQUENCIES)
def keeps_the_stated_words(run: Run, case: Case) -> None:
    """By default a word is always kept up to 0.0026 of the corpus, half of the time at 0.00746, hardly ever at 1."""
    z = np.array(list(STATED))
    kept = as_array("probability", run(KEEP_BY_DEFAULT, case.having(z=z))["probability"], z)
    if kept.shape != z.shape or not np.allclose(kept, list(STATED.values()), rtol=0, atol=5e-4):
        raise CheckFailed(
            "the probabilities with the default threshold are not those that the question states", output="probability"
        )


@check("2a", FREQUENCIES)
def keeps_rare_words_surely(run: Run, case: Case) -> None:
    """No probability is above one, and none is zero."""
    kept = probability_of(run, case)
    if not ((kept > 0) & (kept <= 1)).all():
        raise CheckFailed("some probabilities are not above 0 and at most 1", hint="limit probabilities to at most 1")


@check("2a", FREQUENCIES)
def keeps_by_the_ratio(run: Run, case: Case) -> None:
    """Only z / t counts: half as frequent a word has the same probability at half the threshold."""
    twice = case.having(z=case.z / 2, t=case.t / 2)
    equal(
        "probability",
        probability_of(run, twice),
        probability_of(run, case),
        "the probability does not depend on z / t alone",
    )


@check("2b", COUNTS, weight=2, outputs=("distribution",))
def flattens_counts(run: Run, expect: Run, case: Case) -> None:
    """noise_distribution() gives the right probability for every word."""
    same_array("distribution", run(NOISE, case)["distribution"], expect(NOISE, case)["distribution"], "V")


@check("2b", COUNTS)
def noise_sums_to_one(run: Run, case: Case) -> None:
    """The probabilities of all words sum to one."""
    noise = as_array("distribution", run(NOISE, case)["distribution"], np.zeros(len(case.counts)))
    equal(
        "distribution",
        noise.sum(),
        1.0,
        "the probabilities do not sum to one",
        hint="divide by the sum, after the power",
    )


@check("2b", COUNTS)
def noise_is_flatter_than_counts(run: Run, case: Case) -> None:
    """By default a word seen 16 times as often as another is drawn 8 times as often."""
    counts = np.array([1, 16, 81])
    noise = run(NOISE_BY_DEFAULT, case.having(counts=counts))["distribution"]
    said = "by default the probabilities are not proportional to the counts to the power of three quarters"
    noise = as_array("distribution", noise, np.zeros(3))
    equal("distribution", noise, np.array([1, 8, 27]) / 36, said)


def entries(answers: Answers, case: Case) -> Array:
    """Return the number of entries of each word in a table; raise CheckFailed if it is not a table of words."""
    table = answers["table"]
    array = np.asarray(table) if isinstance(table, list | np.ndarray) else None
    if array is None or array.dtype.kind not in "iu":
        raise CheckFailed("the table does not hold whole numbers", hint="store the index of each word, an int")
    if array.shape != (case.size,):
        raise CheckFailed(f"the table has shape {array.shape}, expected {(case.size,)}", output="table")
    if not ((array >= 0) & (array < len(case.probabilities))).all():
        raise CheckFailed("the table holds numbers that are not the index of a word", output="table")
    return np.bincount(array, minlength=len(case.probabilities))


@check("2c", COUNTS, weight=3, outputs=("table",))
def fills_the_table(run: Run, expect: Run, case: Case) -> None:
    """Each word has entries in proportion to its probability; rounding may cost or add one."""
    mine, right = entries(run(TABLE, case), case), entries(expect(TABLE, case), case)
    wrong = np.abs(mine - right) > 1
    if wrong.any():
        word = int(np.argmax(wrong))
        detail = f"word {word}: {mine[word]} entries, expected about {right[word]}"
        raise CheckFailed(f"{int(wrong.sum())} words do not stand in the table as often as they should", detail=detail)


@check("2c", COUNTS)
def table_rounds(run: Run, case: Case) -> None:
    """No word is a whole entry above or below its share, and a word of probability zero has no entry."""
    mine = entries(run(TABLE, case), case)
    off = np.abs(mine - case.size * case.probabilities)
    if not (off <= 1 + 1e-9).all() or mine[case.probabilities == 0].any():
        raise CheckFailed(
            "a word is a whole entry above or below its share",
            diagnosis="rounding errors add up from word to word",
            hint="round the place where each word ends, not its number of entries",
        )


def deviation(words: int) -> float:
    """Return by how much a frequency may differ from its probability.

    By Hoeffding's inequality the odds that any of them does so by chance are at most FALSE_ALARMS.
    """
    return float(np.sqrt(np.log(2 * words / FALSE_ALARMS) / (2 * DRAWN)))


def times_drawn(answers: Answers) -> Array:
    """Return how often each word was drawn of DRAWN times; raise CheckFailed if anything else was drawn."""
    times = np.asarray(answers["times drawn"])
    if times.sum() != DRAWN:
        raise CheckFailed(f"sample_noise() draws {int(times.sum())} words where {DRAWN} are asked for", output="draws")
    if times[-1]:
        raise CheckFailed("some of the numbers drawn are not the index of a word", output="draws")
    return times[:-1]


@check("2d", COUNTS, weight=2, outputs=("draws",))
def draws_as_the_reference(run: Run, expect: Run, case: Case) -> None:
    """Words are drawn as often as a right sampler draws them, within what chance allows."""
    got, want = times_drawn(run(SAMPLE, case)), times_drawn(expect(SAMPLE, case))
    if not (np.abs(got - want) <= 2 * DRAWN * deviation(len(want))).all():
        raise CheckFailed("some words are drawn too often, others too seldom", output="draws")


@check("2d", COUNTS)
def draws_by_probability(run: Run, case: Case) -> None:
    """Each word is drawn with its probability, within what chance allows; one of probability zero is never drawn."""
    times, p = times_drawn(run(SAMPLE, case)), case.probabilities

    def drawn_by(probabilities: Array) -> bool:
        return bool((np.abs(times / DRAWN - probabilities) <= deviation(len(p))).all())

    diagnosis = "the index of the word drawn is off by one" if any(drawn_by(np.roll(p, by)) for by in (1, -1)) else ""
    if times[p == 0].any():
        raise CheckFailed("a word of probability zero is drawn", diagnosis=diagnosis, output="draws")
    if not drawn_by(p):
        raise CheckFailed("words are not drawn with their probabilities", diagnosis=diagnosis, output="draws")


@check("2d", COUNTS)
def draws_from_the_generator(run: Run, case: Case) -> None:
    """All randomness comes from rng: the same seed gives the same words, and the next draw gives others."""
    answers = run(SAMPLE, case)
    first, after, again = (np.asarray(answers[n]) for n in ("draws", "next draws", "draws with the same seed"))
    if not np.array_equal(first, again):
        raise CheckFailed("the same seed gives other words", diagnosis="np.random is used where rng should be")
    if np.array_equal(first, after):
        raise CheckFailed(
            "the same words are drawn at every call", diagnosis="the function makes a new generator at every call"
        )
