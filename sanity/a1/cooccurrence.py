"""Question 1.2: how often words are neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from sanity.a1.corpora import (
    CORPUS_WORDS,
    DOCUMENTS,
    LONELY,
    SIZES,
    TOKENS,
    TWO_DOCUMENTS,
    copied_corpus,
    make_documents,
    words_in,
)
from sanity.a1.notebook import notebook
from sanity.a1.rows import rows_of
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run, probe
from sanity.core.values import size_text, sizes_text

check = Checks("1.2")
MOST = 300
"""Characters of a corpus that is shown."""
LONG_DOCUMENTS = Cases(
    make_documents,
    {**SIZES, "documents": (1, 2), "longest": (9, 14), "window": (4, 4)},
    CORPUS_WORDS,
    ({"longest": 12, "vocabulary": 6},),
    drawn=1,
)
"""Corpora in which a window of three, four or five makes a difference."""
WITH_TOKENS = Cases(
    make_documents,
    {**SIZES, "tokens": (1, 1)},
    CORPUS_WORDS + ", each between <START> and <END>",
    ({"documents": 3, "longest": 4, "vocabulary": 5, "window": 2},),
)


@probe("M, word2ind", of="compute_co_occurrence_matrix()")
def co_occurrences(code: Any, case: Case) -> Any:
    """Count neighbours."""
    return notebook(code).compute_co_occurrence_matrix(copied_corpus(case), case.window_size)


@probe("M, word2ind", of="compute_co_occurrence_matrix()")
def co_occurrences_by_default(code: Any, case: Case) -> Any:
    """Count neighbours without saying how far the window reaches."""
    return notebook(code).compute_co_occurrence_matrix(copied_corpus(case))


@probe("corpus after the call", of="compute_co_occurrence_matrix()")
def corpus_after(code: Any, case: Case) -> Any:
    """Count neighbours; return what became of the corpus."""
    corpus = copied_corpus(case)
    notebook(code).compute_co_occurrence_matrix(corpus, case.window_size)
    return corpus


def counts(run: Run, case: Case, words: Sequence[str], asked: Probe = co_occurrences) -> Array:
    """Return M with its rows and columns in the order of words; raise CheckFailed if that is not possible."""
    answers = run(asked, case)
    want = np.zeros((len(words), len(words)))
    got = as_array("M", answers["M"], want.astype(np.int64))
    if got.shape != want.shape:
        raise CheckFailed(
            f"M has shape {sizes_text(got.shape)}, expected {want.shape}: a row and a column for each word", output="M"
        )
    rows = rows_of(answers, words)
    return got[np.ix_(rows, rows)].astype(np.float64)


def same_counts(got: Array, want: Array, words: list[str], case: Case, name: str = "M") -> None:
    """Raise CheckFailed unless the counts agree; rows and columns are those of words."""
    try:
        same_array(name, got, want, "word neighbour")
    except CheckFailed as problem:
        row, column = np.argwhere(got != want)[0]
        times = f"got {got[row, column]:g}, expected {want[row, column]:g}"
        problem.detail = f"{words[column]!r} near {words[row]!r}: {times}, in {case.corpus}"[:MOST]
        raise


@check(DOCUMENTS, weight=9, outputs=("M",))
def counts_the_neighbours(run: Run, expect: Run, case: Case) -> None:
    """M has for each pair of words how often one stands within the window of the other."""
    same_neighbours(run, expect, case)


def same_neighbours(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless the counts are the reference's."""
    words = words_in(case.corpus)
    got, want = counts(run, case, words), expect(co_occurrences, case)["M"]
    same_counts(got, want.astype(np.float64), words, case)


@check(LONELY, weight=2)
def counts_words_without_neighbours(run: Run, expect: Run, case: Case) -> None:
    """A word without neighbours has a row, too, of zeros: a document may have one word, or none."""
    same_neighbours(run, expect, case)


@check(DOCUMENTS, outputs=("word2ind",))
def indexes_the_words(run: Run, expect: Run, case: Case) -> None:
    """word2ind has a row of M for every word, and no other words."""
    answers, want = run(co_occurrences, case), expect(co_occurrences, case)["word2ind"]
    rows_of(answers, list(want))
    extra = len(answers["word2ind"]) - len(want)
    if extra:
        raise CheckFailed(f"word2ind has {size_text(extra)} words that are not in the corpus", output="word2ind")


@check(DOCUMENTS)
def is_symmetric(run: Run, case: Case) -> None:
    """M is symmetric: a word is as often a neighbour of another as that one is of the first."""
    M = counts(run, case, words_in(case.corpus))
    if (M != M.T).any():
        raise CheckFailed("M is not symmetric", diagnosis="some pairs are counted from one end only")


@check(DOCUMENTS)
def rows_sum_to_the_neighbours(run: Run, case: Case) -> None:
    """Each row of M sums to the number of neighbours that its word has, all places together."""
    words = words_in(case.corpus)
    neighbours: Counter[str] = Counter()
    for document in case.corpus:
        for place, word in enumerate(document):
            before, after = place, len(document) - 1 - place
            neighbours[word] += min(before, case.window_size) + min(after, case.window_size)
    want = np.array([neighbours[word] for word in words], np.float64)
    same_array("the sum of each row of M", counts(run, case, words).sum(axis=1), want, "word")


@check(TWO_DOCUMENTS)
def documents_add_up(run: Run, case: Case) -> None:
    """The counts of two corpora add up to those of both together: no window reaches into the next document."""
    words = words_in(case.corpus)
    apart = [case.having(corpus=case.corpus[:1]), case.having(corpus=case.corpus[1:])]
    parts = [laid_out(counts(run, part, words_in(part.corpus)), words_in(part.corpus), words) for part in apart]
    same_counts(counts(run, case, words), parts[0] + parts[1], words, case)


def laid_out(M: Array, own: list[str], words: list[str]) -> Array:
    """Return the counts of some words in a matrix for more words."""
    whole = np.zeros((len(words), len(words)))
    rows = [words.index(word) for word in own]
    whole[np.ix_(rows, rows)] = M
    return whole


@check(DOCUMENTS)
def names_do_not_matter(run: Run, case: Case) -> None:
    """Words under other names have the same counts."""
    words = words_in(case.corpus)
    shuffled = np.random.default_rng(case.seed).permutation(words)
    renamed = dict(zip(words, map(str, shuffled), strict=True))
    other = case.having(corpus=[[renamed[word] for word in document] for document in case.corpus])
    want = counts(run, case, words)
    same_counts(counts(run, other, [renamed[word] for word in words]), want, words, case)


@check(WITH_TOKENS)
def tokens_are_words(run: Run, case: Case) -> None:
    """<START> and <END> are words like others: they have rows, and count as neighbours."""
    words = words_in(case.corpus)
    plain = dict(zip(TOKENS, ("first", "last"), strict=True))
    other = case.having(corpus=[[plain.get(word, word) for word in document] for document in case.corpus])
    want = counts(run, other, [plain.get(word, word) for word in words])
    same_counts(counts(run, case, words), want, words, case)


@check(DOCUMENTS)
def a_wide_window_sees_all_pairs(run: Run, case: Case) -> None:
    """In a window wider than the document every pair of places counts, a word's own other places included."""
    words = words_in(case.corpus)
    wide = case.having(window_size=max(map(len, case.corpus)) + 1)
    want = np.zeros((len(words), len(words)))
    for document in case.corpus:
        times = np.array([document.count(word) for word in words])
        want += np.outer(times, times) - np.diag(times)  # a place is not its own neighbour
    same_counts(counts(run, wide, words), want, words, case)


@check(LONG_DOCUMENTS)
def four_by_default(run: Run, case: Case) -> None:
    """window_size is 4 if it is not given."""
    words = words_in(case.corpus)
    want = counts(run, case.having(window_size=4), words)
    same_counts(counts(run, case, words, co_occurrences_by_default), want, words, case, "M without window_size")


@check(DOCUMENTS)
def leaves_the_corpus_alone(run: Run, case: Case) -> None:
    """The corpus is the same after counting."""
    if run(corpus_after, case)["corpus after the call"] != case.corpus:
        raise CheckFailed("compute_co_occurrence_matrix() changed the corpus")
