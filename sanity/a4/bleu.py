"""Question 2d: BLEU of one sentence."""

from __future__ import annotations

from typing import Any

from sanity.a4.translations import REVERSED, TRANSLATIONS, same_score
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import equal, number
from sanity.core.probe import Run, probe

check = Checks("2d")


@probe("bleu", of="bleu()")
def bleu(code: Any, case: Case) -> Any:
    """Call bleu."""
    return code.bleu.bleu(list(case.candidate), [list(words) for words in case.references], list(case.weights))


def bleu_of(run: Run, case: Case) -> float:
    """Return the BLEU."""
    return float(number(run(bleu, case), "bleu"))


@check(TRANSLATIONS, weight=5, outputs=("bleu",))
def bleu_is_precisions_times_penalty(run: Run, expect: Run, case: Case) -> None:
    """BLEU is the weighted geometric mean of the precisions, times the brevity penalty."""
    same_score(run, expect, bleu, case, "bleu")


@check(REVERSED, weight=2)
def no_match_of_one_size_is_zero(run: Run, case: Case) -> None:
    """Where no n-gram of one size matches, BLEU is 0."""
    equal("bleu", bleu_of(run, case), 0.0, "BLEU is not 0 where a precision is 0")


@check(TRANSLATIONS)
def a_reference_has_bleu_one(run: Run, case: Case) -> None:
    """A translation that is one of the references has BLEU 1."""
    for reference in case.references:
        equal("bleu", bleu_of(run, case.having(candidate=reference)), 1.0, "the BLEU of one of the references is not 1")
