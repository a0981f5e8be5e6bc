"""Question 2c: the brevity penalty."""

from __future__ import annotations

from typing import Any

from sanity.a4.translations import TIED, TRANSLATIONS
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


check.compares(
    brevity_penalty,
    TRANSLATIONS,
    "penalty",
    weight=2,
    says="The brevity penalty follows from the length of the translation and the length closest to it of a reference.",
)
check.compares(
    brevity_penalty,
    TIED,
    "penalty",
    says="Where two references are equally close in length, the shorter one counts.",
    name="penalty_where_two_are_equally_close",
)


@check(TRANSLATIONS)
def long_translations_lose_nothing(run: Run, case: Case) -> None:
    """A translation longer than every reference has the penalty 1."""
    longest = max(map(len, case.references))
    long = case.having(candidate=case.candidate * longest)
    equal(
        "penalty", penalty_of(run, long), 1.0, "a translation longer than every reference has a penalty that is not 1"
    )
