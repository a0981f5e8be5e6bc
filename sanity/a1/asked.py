"""The probes of assignment 1, and how its checks read the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.core.case import Case
from sanity.core.check import Answers, Probe, Run, probe
from sanity.core.compare import as_array
from sanity.core.errors import CheckFailed
from sanity.core.values import describe

Array = NDArray[Any]

DISTINCT = probe("distinct", "distinct_words()", "words, count")
COUNTS = probe("counts", "compute_co_occurrence_matrix()", "M, word2ind")
COUNTS_BY_DEFAULT = probe("counts_by_default", "compute_co_occurrence_matrix()", "M, word2ind")
CORPUS_AFTER = probe("corpus_after", "compute_co_occurrence_matrix()", "corpus after the call")
REDUCED = probe("reduced", "reduce_to_k_dim()", "M_reduced")
REDUCED_BY_DEFAULT = probe("reduced_by_default", "reduce_to_k_dim()", "M_reduced")
PLOT = probe("plot", "plot_embeddings()", "points, labels")
MATRIX = probe("matrix", "get_matrix_of_vectors()", "M, word2ind")
SIMILARITIES = probe("similarities", "cosine_similarity()", "cosine similarity")
DISTANCES = probe("distances", "cosine_distance()", "cosine distance")
NEIGHBOURS = probe("neighbours", "nearest_neighbours()", "neighbours")
ANALOGY = probe("analogy", "analogy()", "answers")
LEANS = probe("leans", "lean()", "lean")

Ranking = list[tuple[str, float]]
"""Words with their similarity, most similar first."""


def rows_of(answers: Answers, words: Sequence[str]) -> list[int]:
    """Return the row of each of words; raise CheckFailed unless word2ind gives each word another row of M."""
    word2ind = answers["word2ind"]
    if not isinstance(word2ind, dict):
        raise CheckFailed(f"word2ind is {describe(word2ind)}, expected a dict", output="word2ind")
    rows = {word: as_index(row) for word, row in word2ind.items()}
    if any(row is None for row in rows.values()):
        raise CheckFailed("the values of word2ind are not all whole numbers", output="word2ind")
    missing = [word for word in words if word not in rows]
    if missing:
        said = f"word2ind lacks {len(missing)} of {len(words)} words"
        raise CheckFailed(said, detail=f"such as {missing[0]!r}", output="word2ind")
    size = len(as_array("M", answers["M"], np.zeros((len(words), len(words)), np.int64)))
    chosen = [rows[word] or 0 for word in words]
    if len(set(chosen)) < len(words) or not all(0 <= row < size for row in chosen):
        raise CheckFailed("word2ind does not give each word another row of M", output="word2ind")
    return chosen


def as_index(value: Any) -> int | None:
    """Return a plain value as a whole number, or None if it is not one."""
    value = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def distinct(corpus: Sequence[Sequence[str]]) -> list[str]:
    """Return the words of a corpus in order."""
    return sorted({word for document in corpus for word in document})


def counts(run: Run, case: Case, words: Sequence[str], asked: Probe = COUNTS) -> Array:
    """Return M with its rows and columns in the order of words; raise CheckFailed if that is not possible."""
    answers = run(asked, case)
    want = np.zeros((len(words), len(words)))
    got = as_array("M", answers["M"], want.astype(np.int64))
    if got.shape != want.shape:
        raise CheckFailed(
            f"M has shape {got.shape}, expected {want.shape}: a row and a column for each word", output="M"
        )
    rows = rows_of(answers, words)
    return got[np.ix_(rows, rows)].astype(np.float64)


def reduced(run: Run, case: Case, asked: Probe = REDUCED) -> Array:
    """Return M_reduced, (V, k) floats; raise CheckFailed if it is anything else."""
    want = np.zeros((len(case.M), case.k))
    got = as_array("M_reduced", run(asked, case)["M_reduced"], want)
    if got.shape != want.shape:
        diagnosis = "the axes of M_reduced are swapped: (k, V)" if got.shape == want.shape[::-1] else ""
        said = f"M_reduced has shape {got.shape}, expected (V, k) = {want.shape}"
        raise CheckFailed(said, diagnosis=diagnosis, output="M_reduced")
    if not np.isfinite(got).all():
        raise CheckFailed("M_reduced holds NaN or infinity", output="M_reduced")
    return got.astype(np.float64)


def ranking(answers: Answers, name: str) -> Ranking:
    """Return a list of words with their similarities; raise CheckFailed if the answer has another form."""
    found: Ranking = []
    listed = answers[name]
    if not isinstance(listed, list):
        raise CheckFailed(f"{name} is {describe(listed)}, expected a list of (word, similarity)", output=name)
    for item in listed:
        if not (isinstance(item, list) and len(item) == 2 and isinstance(item[0], str)):
            raise CheckFailed(f"{name} holds something other than (word, similarity)", output=name)
        similarity = as_array("a similarity", item[1], np.zeros(()))
        if similarity.shape != () or not np.isfinite(similarity):
            raise CheckFailed(f"{name} holds a similarity that is not a finite number", output=name)
        found.append((item[0], float(similarity)))
    return found
