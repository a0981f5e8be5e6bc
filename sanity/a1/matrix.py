"""Question 2.1: word vectors as the rows of a matrix."""

from __future__ import annotations

from typing import Any

from sanity.a1.notebook import notebook
from sanity.a1.rows import rows_of
from sanity.a1.vectors import SINGLE, VECTORS, keyed
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import as_array, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.core.values import size_text, sizes_text

check = Checks("2.1")


@probe("M, word2ind", of="get_matrix_of_vectors()", needs=("gensim",))
def matrix_of_vectors(code: Any, case: Case) -> Any:
    """Stack the vectors of the wanted words."""
    return notebook(code).get_matrix_of_vectors(keyed(case), list(case.wanted))


@check(VECTORS, weight=4, outputs=("M",))
def stacks_the_vectors(run: Run, expect: Run, case: Case) -> None:
    """M has the vector of each required word in the row that word2ind says."""
    same_vectors(run, expect, case)


@check(SINGLE)
def stacks_one_vector(run: Run, expect: Run, case: Case) -> None:
    """M is a matrix, too, if a single word is required."""
    same_vectors(run, expect, case)


def same_vectors(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless M has the right vectors."""
    answers, right = run(matrix_of_vectors, case), expect(matrix_of_vectors, case)
    got = as_array("M", answers["M"], right["M"])
    if got.ndim != 2 or got.shape[1] != right["M"].shape[1]:
        raise CheckFailed(f"M has shape {sizes_text(got.shape)}, expected {right['M'].shape}", output="M")
    rows = got[rows_of(answers, case.wanted)]
    same_array("M", rows, right["M"][rows_of(right, case.wanted)], "word axis")


@check(VECTORS, weight=2)
def leaves_out_the_unknown(run: Run, expect: Run, case: Case) -> None:
    """Required words that wv does not know are left out."""
    mixed = case.having(wanted=[case.unknown[0], *case.wanted, case.unknown[1]])
    answers, right = run(matrix_of_vectors, mixed), expect(matrix_of_vectors, case)
    rows = as_array("M", answers["M"], right["M"])[rows_of(answers, case.wanted)]
    same_array("M", rows, right["M"][rows_of(right, case.wanted)], "word axis")
    if any(word in answers["word2ind"] for word in case.unknown):
        raise CheckFailed("word2ind has a word that wv does not know", output="word2ind")


@check(VECTORS)
def gives_each_row_a_word(run: Run, case: Case) -> None:
    """Each row of M is the vector of one word: word2ind has as many words as M has rows."""
    answers = run(matrix_of_vectors, case)
    rows_of(answers, case.wanted)
    if len(answers["word2ind"]) != len(answers["M"]):
        words, rows = (size_text(len(answers[name])) for name in ("word2ind", "M"))
        raise CheckFailed(f"word2ind has {words} words, M {rows} rows", output="M")
