"""Questions 1.1 and 1.2: the words of a corpus, and how often they are neighbours."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import numpy as np

from sanity.a1.asked import (
    CORPUS_AFTER,
    COUNTS,
    COUNTS_BY_DEFAULT,
    DISTINCT,
    Array,
    as_index,
    counts,
    distinct,
    rows_of,
)
from sanity.a1.cases import DOCUMENTS, LONG_DOCUMENTS, TOKENS, TWO_DOCUMENTS, WITH_TOKENS
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import same_array
from sanity.core.errors import CheckFailed
from sanity.core.values import describe

MOST = 300
"""Characters of a corpus that is shown."""


def same_counts(got: Array, want: Array, words: list[str], case: Case, name: str = "M") -> None:
    """Raise CheckFailed unless the counts agree; rows and columns are those of words."""
    try:
        same_array(name, got, want, "word neighbour")
    except CheckFailed as problem:
        row, column = np.argwhere(got != want)[0]
        times = f"got {got[row, column]:g}, expected {want[row, column]:g}"
        problem.detail = f"{words[column]!r} near {words[row]!r}: {times}, in {case.corpus}"[:MOST]
        raise


def words_of(run: Run, case: Case) -> list[str]:
    """Return the words that the submission lists; raise CheckFailed unless it is a list of strings."""
    words = run(DISTINCT, case)["words"]
    if not isinstance(words, list):
        raise CheckFailed(f"words is {describe(words)}, expected a list", output="words")
    if not all(isinstance(word, str) for word in words):
        raise CheckFailed("words holds something other than strings", output="words")
    return words


@check("1.1", DOCUMENTS, weight=2, outputs=("words",))
def lists_the_words(run: Run, expect: Run, case: Case) -> None:
    """words has every word of the corpus once, sorted."""
    got, want = words_of(run, case), expect(DISTINCT, case)["words"]
    if got == want:
        return
    detail = f"got {got}, expected {want}"
    missing, extra = set(want) - set(got), set(got) - set(want)
    if not missing and not extra:
        said = "words are listed more than once" if len(got) > len(want) else "the words are not sorted"
        raise CheckFailed(said, detail=detail, output="words")
    said = f"{len(missing)} words are missing" if missing else f"{len(extra)} words are not in the corpus"
    raise CheckFailed(said, detail=detail, output="words")


@check("1.1", DOCUMENTS, outputs=("count",))
def counts_the_words(run: Run, expect: Run, case: Case) -> None:
    """count is the number of distinct words."""
    got, want = as_index(run(DISTINCT, case)["count"]), expect(DISTINCT, case)["count"]
    if got != want:
        every = len(list(chain.from_iterable(case.corpus)))
        diagnosis = "repeated words are counted each time" if got == every else ""
        raise CheckFailed(
            "count is not the number of distinct words", diagnosis=diagnosis, detail=f"got {got}", output="count"
        )


@check("1.1", TWO_DOCUMENTS)
def finds_the_same_in_any_order(run: Run, case: Case) -> None:
    """The order of the documents, and a document that occurs twice, change nothing."""
    shuffled = case.having(corpus=[*reversed(case.corpus), case.corpus[0]])
    if run(DISTINCT, shuffled) != run(DISTINCT, case):
        raise CheckFailed("the words change if the documents come in another order, or one of them twice")


@check("1.2", DOCUMENTS, weight=11, outputs=("M",))
def counts_the_neighbours(run: Run, expect: Run, case: Case) -> None:
    """M has for each pair of words how often one stands within the window of the other."""
    words = distinct(case.corpus)
    got, want = counts(run, case, words), expect(COUNTS, case)["M"]
    same_counts(got, want.astype(np.float64), words, case)


@check("1.2", DOCUMENTS, outputs=("word2ind",))
def indexes_the_words(run: Run, expect: Run, case: Case) -> None:
    """word2ind has a row of M for every word, and no other words."""
    answers, want = run(COUNTS, case), expect(COUNTS, case)["word2ind"]
    rows_of(answers, list(want))
    extra = len(answers["word2ind"]) - len(want)
    if extra:
        raise CheckFailed(f"word2ind has {extra} words that are not in the corpus", output="word2ind")


@check("1.2", DOCUMENTS)
def is_symmetric(run: Run, case: Case) -> None:
    """M is symmetric: a word is as often a neighbour of another as that one is of the first."""
    M = counts(run, case, distinct(case.corpus))
    if (M != M.T).any():
        raise CheckFailed("M is not symmetric", diagnosis="some pairs are counted from one end only")


@check("1.2", DOCUMENTS)
def rows_sum_to_the_neighbours(run: Run, case: Case) -> None:
    """Each row of M sums to the number of neighbours that its word has, all places together."""
    words = distinct(case.corpus)
    neighbours: Counter[str] = Counter()
    for document in case.corpus:
        for place, word in enumerate(document):
            before, after = place, len(document) - 1 - place
            neighbours[word] += min(before, case.window_size) + min(after, case.window_size)
    want = np.array([neighbours[word] for word in words], np.float64)
    same_array("the sum of each row of M", counts(run, case, words).sum(axis=1), want, "word")


@check("1.2", TWO_DOCUMENTS)
def documents_add_up(run: Run, case: Case) -> None:
    """The counts of two corpora add up to those of both together: no window reaches into the next document."""
    words = distinct(case.corpus)
    apart = [case.having(corpus=case.corpus[:1]), case.having(corpus=case.corpus[1:])]
    parts = [laid_out(counts(run, part, distinct(part.corpus)), distinct(part.corpus), words) for part in apart]
    same_counts(counts(run, case, words), parts[0] + parts[1], words, case)


def laid_out(M: Array, own: list[str], words: list[str]) -> Array:
    """Return the counts of some words in a matrix for more words."""
    whole = np.zeros((len(words), len(words)))
    rows = [words.index(word) for word in own]
    whole[np.ix_(rows, rows)] = M
    return whole


@check("1.2", DOCUMENTS)
def names_do_not_matter(run: Run, case: Case) -> None:
    """Words under other names have the same counts."""
    words = distinct(case.corpus)
    shuffled = np.random.default_rng(case.seed).permutation(words)
    renamed = dict(zip(words, map(str, shuffled), strict=True))
    other = case.having(corpus=[[renamed[word] for word in document] for document in case.corpus])
    want = counts(run, case, words)
    same_counts(counts(run, other, [renamed[word] for word in words]), want, words, case)


@check("1.2", WITH_TOKENS)
def tokens_are_words(run: Run, case: Case) -> None:
    """<START> and <END> are words like others: they have rows, and count as neighbours."""
    words = distinct(case.corpus)
    plain = dict(zip(TOKENS, ("first", "last"), strict=True))
    other = case.having(corpus=[[plain.get(word, word) for word in document] for document in case.corpus])
    want = counts(run, other, [plain.get(word, word) for word in words])
    same_counts(counts(run, case, words), want, words, case)


@check("1.2", DOCUMENTS)
def a_wide_window_sees_all_pairs(run: Run, case: Case) -> None:
    """In a window wider than the document every pair of places counts, a word's own other places included."""
    words = distinct(case.corpus)
    wide = case.having(window_size=max(map(len, case.corpus)) + 1)
    want = np.zeros((len(words), len(words)))
    for document in case.corpus:
        times = np.array([document.count(word) for word in words])
        want += np.outer(times, times) - np.diag(times)  # a place is not its own neighbour
    same_counts(counts(run, wide, words), want, words, case)


@check("1.2", LONG_DOCUMENTS)
def four_by_default(run: Run, case: Case) -> None:
    """window_size is 4 if it is not given."""
    words = distinct(case.corpus)
    want = counts(run, case.having(window_size=4), words)
    same_counts(counts(run, case, words, COUNTS_BY_DEFAULT), want, words, case, "M without window_size")


@check("1.2", DOCUMENTS)
def leaves_the_corpus_alone(run: Run, case: Case) -> None:
    """The corpus is the same after counting."""
    if run(CORPUS_AFTER, case)["corpus after the call"] != case.corpus:
        raise CheckFailed("compute_co_occurrence_matrix() changed the corpus")
