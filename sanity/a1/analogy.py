"""Question 2.5: analogies."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a1.notebook import notebook
from sanity.a1.rankings import all_answers, listed, not_among, ranking, same_ranking
from sanity.a1.vectors import NEAR, SINGLE, VECTORS, keyed, with_other_lengths
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("2.5")


@probe("answers", of="analogy()", needs=("gensim",))
def analogy(code: Any, case: Case) -> Any:
    """Answer a : b :: c : ?"""
    return listed(notebook(code).analogy(keyed(case), case.a, case.b, case.c, case.k))


@check(VECTORS, weight=3, outputs=("answers",))
def completes_the_analogy(run: Run, expect: Run, case: Case) -> None:
    """The k words nearest to b - a + c, each scaled to length one, are listed with their cosine similarity to it."""
    got = ranking(run(analogy, case), "answers")
    same_ranking("answers", got, all_answers(expect, case, analogy), case.k)


@check(SINGLE)
def completes_it_with_one_word(run: Run, expect: Run, case: Case) -> None:
    """With k = 1 a list of one word comes back."""
    completes_the_analogy(run, expect, case)


@check(VECTORS)
def answers_with_new_words(run: Run, case: Case) -> None:
    """a, b and c are not among the answers."""
    every = case.having(k=len(case.names) - 3)
    not_among("answers", ranking(run(analogy, every), "answers"), [case.a, case.b, case.c])


@check(VECTORS)
def analogies_by_direction(run: Run, case: Case) -> None:
    """Longer or shorter vectors of the same directions have the same answers."""
    before, after = (ranking(run(analogy, c), "answers") for c in (case, with_other_lengths(case)))
    same_ranking("answers", after, dict(before), len(before))


@check(VECTORS)
def can_be_read_across(run: Run, case: Case) -> None:
    """a : b :: c : ? has the answers of a : c :: b : ?, since b and c are added alike."""
    before, after = (ranking(run(analogy, c), "answers") for c in (case, case.having(b=case.c, c=case.b)))
    same_ranking("answers", after, dict(before), len(before))


@check(VECTORS)
def finds_the_fourth_corner(run: Run, case: Case) -> None:
    """A word whose vector is b - a + c is the first answer, with similarity 1."""
    a, b, c = (list(case.names).index(word) for word in (case.a, case.b, case.c))
    fourth = next(i for i in range(len(case.names)) if i not in (a, b, c))
    units = case.vectors / np.linalg.norm(case.vectors, axis=1, keepdims=True)
    vectors = case.vectors.copy()
    vectors[fourth] = units[b] - units[a] + units[c]
    got = ranking(run(analogy, case.having(vectors=vectors)), "answers")
    if not got or got[0][0] != case.names[fourth] or not abs(got[0][1] - 1) <= NEAR:
        raise CheckFailed("a word at b - a + c is not the first answer, or its similarity is not 1", output="answers")
