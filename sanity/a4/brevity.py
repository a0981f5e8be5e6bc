"""Question 2c: the brevity penalty."""

from __future__ import annotations

from typing import Any

from sanity.a4.translations import TIED, TRANSLATIONS, same_score
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import equal, number
from sanity.core.probe import Run, probe

check = Checks("2c")


@probe("penalty", of="brevity_penalty()")
def brevity_penalty(code: Any, case: Case) -> Any:
    """Call brevity_penalty."""
    return code.bleu.brevity_penalty(list(case.candidate), [list(words) for words in case.references])


def penalty_of(run: Run, case: Case) -> float:
    """Return the penalty."""
    return float(number(run(brevity_penalty, case), "penalty"))


@check(TRANSLATIONS, weight=2, outputs=("penalty",))
def penalty_follows_from_the_lengths(run: Run, expect: Run, case: Case) -> None:
    """The brevity penalty follows from the length of the translation and the closest length of a reference."""
    same_score(run, expect, brevity_penalty, case, "penalty")


@check(TIED)
def shorter_of_two_that_are_equally_close_counts(run: Run, expect: Run, case: Case) -> None:
    """Where two references are equally close in length, the shorter one counts."""
    same_score(run, expect, brevity_penalty, case, "penalty")


@check(TRANSLATIONS)
def long_translations_lose_nothing(run: Run, case: Case) -> None:
    """A translation longer than every reference has the penalty 1."""
    longest = max(map(len, case.references))
    long = case.having(candidate=case.candidate * longest)
    equal(
        "penalty", penalty_of(run, long), 1.0, "a translation longer than every reference has a penalty that is not 1"
    )
