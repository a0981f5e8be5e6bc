"""Question 2.4: nearest neighbours."""

from __future__ import annotations

from typing import Any

from sanity.a1.notebook import notebook
from sanity.a1.rankings import all_answers, in_order, listed, not_among, ranking, same_ranking
from sanity.a1.vectors import NEAR, SINGLE, VECTORS, keyed, with_other_lengths
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("2.4")


@probe("neighbours", of="nearest_neighbours()", needs=("gensim",))
def nearest_neighbours(code: Any, case: Case) -> Any:
    """Find the nearest neighbours of a word."""
    return listed(notebook(code).nearest_neighbours(keyed(case), case.a, case.k))


@check(VECTORS, weight=5, outputs=("neighbours",))
def finds_the_nearest(run: Run, expect: Run, case: Case) -> None:
    """The k words of highest cosine similarity are listed with it, most similar first."""
    got = ranking(run(nearest_neighbours, case), "neighbours")
    same_ranking("neighbours", got, all_answers(expect, case, nearest_neighbours), case.k)


@check(SINGLE)
def finds_the_one_nearest(run: Run, expect: Run, case: Case) -> None:
    """With k = 1 a list of one word comes back."""
    finds_the_nearest(run, expect, case)


@check(VECTORS)
def is_not_its_own_neighbour(run: Run, case: Case) -> None:
    """A word is not among its own neighbours."""
    not_among("neighbours", ranking(run(nearest_neighbours, case), "neighbours"), [case.a])


@check(VECTORS, weight=2)
def nearest_by_direction(run: Run, case: Case) -> None:
    """Longer or shorter vectors of the same directions have the same neighbours."""
    before, after = (ranking(run(nearest_neighbours, c), "neighbours") for c in (case, with_other_lengths(case)))
    same_ranking("neighbours", after, dict(before), len(before))


@check(VECTORS)
def lists_all_if_there_are_fewer(run: Run, case: Case) -> None:
    """If k is more than the number of other words, they are all listed, most similar first."""
    got = ranking(run(nearest_neighbours, case.having(k=len(case.names) + 3)), "neighbours")
    if sorted(word for word, _ in got) != sorted(set(case.names) - {case.a}):
        raise CheckFailed("neighbours does not list every other word once", output="neighbours")
    in_order("neighbours", got)


@check(VECTORS, weight=2)
def lists_both_of_a_tie(run: Run, case: Case) -> None:
    """Two words with the same vector are both listed, in any order, with the same similarity."""
    row, twin = (list(case.names).index(word) for word in (case.b, case.c))
    vectors = case.vectors.copy()
    vectors[twin] = vectors[row]
    got = dict(ranking(run(nearest_neighbours, case.having(vectors=vectors, k=len(case.names) - 1)), "neighbours"))
    if not {case.b, case.c} <= got.keys() or not abs(got[case.b] - got[case.c]) <= NEAR:
        raise CheckFailed("of two words with the same vector one is missing or has another similarity")
