"""Question 2b: modified n-gram precision."""

from __future__ import annotations

from typing import Any

from sanity.a4.translations import SHORT, TRANSLATIONS, same_score
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import equal, number
from sanity.core.probe import Run, probe

check = Checks("2b")


@probe("precision", of="modified_ngram_precision()")
def modified_ngram_precision(code: Any, case: Case) -> Any:
    """Call modified_ngram_precision."""
    return code.bleu.modified_ngram_precision(list(case.candidate), [list(words) for words in case.references], case.n)


def precision_of(run: Run, case: Case) -> float:
    """Return the precision."""
    return float(number(run(modified_ngram_precision, case), "precision"))


@check(TRANSLATIONS, weight=4, outputs=("precision",))
def precision_is_the_share_that_matches(run: Run, expect: Run, case: Case) -> None:
    """The precision is the share of a translation's n-grams that match, each at most as often as in one reference."""
    same_score(run, expect, modified_ngram_precision, case, "precision")


@check(SHORT)
def short_translations_have_a_precision(run: Run, expect: Run, case: Case) -> None:
    """A translation of n words has one n-gram, and a shorter one has none and precision 0."""
    same_score(run, expect, modified_ngram_precision, case, "precision")


@check(TRANSLATIONS)
def a_reference_has_precision_one(run: Run, case: Case) -> None:
    """A translation that is one of the references has precision 1."""
    for reference in case.references:
        copied = case.having(candidate=reference)
        equal("precision", precision_of(run, copied), 1.0, "the precision of one of the references is not 1")


@check(TRANSLATIONS)
def matches_are_clipped(run: Run, case: Case) -> None:
    """A word written 50 times matches only as often as it is in the reference that has it most often."""
    word = case.candidate[0]
    most = max(reference.count(word) for reference in case.references)
    repeated = case.having(candidate=[word] * 50, n=1)
    said = "a word written 50 times does not match as often as one reference has it"
    equal("precision", precision_of(run, repeated), most / 50, said)


@check(TRANSLATIONS)
def precision_ignores_the_order_of_references(run: Run, case: Case) -> None:
    """The order of the references does not matter, nor that one is there twice."""
    turned = case.having(references=[*case.references[::-1], case.references[0]])
    said = "the precision depends on the order of the references, or on one that is there twice"
    equal("precision", precision_of(run, turned), precision_of(run, case), said)
