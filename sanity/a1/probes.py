"""Probes of assignment 1: they call the functions of the student's notebook.

The libraries are imported where they are used, so that checking a count does not wait for gensim.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sanity.core.case import Case

os.environ["MPLBACKEND"] = "Agg"  # figures are read, not shown; set before the notebook imports pyplot
warnings.filterwarnings("ignore", message=".*non-interactive, and thus cannot be shown")  # plt.show() says so


def warm_up() -> None:
    """Import and use once what notebooks do, so that workers start with it."""
    import matplotlib.pyplot as plt
    import scipy.sparse.linalg  # noqa: F401
    from gensim.models import KeyedVectors
    from sklearn.decomposition import TruncatedSVD

    TruncatedSVD(n_components=2, n_iter=10).fit_transform(np.eye(4))
    _, axes = plt.subplots()
    axes.scatter([0], [0])
    plt.close("all")
    vectors = KeyedVectors(2)
    vectors.add_vectors(["a", "b"], np.eye(2, dtype=np.float32))
    vectors.most_similar("a")


def notebook(code: Any) -> Any:
    """Return the submission's notebook as a module."""
    return code.exploring_word_vectors


def corpus_of(case: Case) -> list[list[str]]:
    """Return a corpus that the submission may change."""
    return [list(document) for document in case.corpus]


def distinct(code: Any, case: Case) -> Any:
    """List the words of the corpus."""
    answer = notebook(code).distinct_words(corpus_of(case))
    if isinstance(answer, tuple | list) and len(answer) == 2 and isinstance(answer[0], list):
        words, count = answer  # numpy's strings are strings
        return [str(word) if isinstance(word, str) else word for word in words], count
    return answer


def counts(code: Any, case: Case) -> Any:
    """Count neighbours."""
    return notebook(code).compute_co_occurrence_matrix(corpus_of(case), case.window_size)


def counts_by_default(code: Any, case: Case) -> Any:
    """Count neighbours without saying how far the window reaches."""
    return notebook(code).compute_co_occurrence_matrix(corpus_of(case))


def corpus_after(code: Any, case: Case) -> Any:
    """Count neighbours; return what became of the corpus."""
    corpus = corpus_of(case)
    notebook(code).compute_co_occurrence_matrix(corpus, case.window_size)
    return corpus


def reduced(code: Any, case: Case) -> Any:
    """Reduce the matrix to k dimensions."""
    return notebook(code).reduce_to_k_dim(case.M.copy(), case.k)


def reduced_by_default(code: Any, case: Case) -> Any:
    """Reduce the matrix without saying to how many dimensions."""
    return notebook(code).reduce_to_k_dim(case.M.copy())


def plot(code: Any, case: Case) -> Any:
    """Draw the words; return the points, and each label's text with the point that it stands at."""
    import matplotlib.pyplot as plt

    plt.close("all")
    with figures_kept_open(plt):
        notebook(code).plot_embeddings(case.M_reduced.copy(), dict(case.word2ind), list(case.chosen))
        drawn = [axes for number in plt.get_fignums() for axes in plt.figure(number).axes]
    points = [[float(x), float(y)] for axes in drawn for x, y in points_on(axes)]
    labels = [label for axes in drawn for label in labels_on(axes)]
    plt.close("all")
    return points, labels


@contextmanager
def figures_kept_open(plt: Any) -> Iterator[None]:
    """Let plt.close() do nothing, so that a figure can be read even if the submission has closed it."""
    close, plt.close = plt.close, lambda *args, **options: None
    try:
        yield
    finally:
        plt.close = close


def points_on(axes: Any) -> Iterator[Any]:
    """Return the points that scatter() or plot() has drawn."""
    for collection in axes.collections:
        yield from np.ma.getdata(collection.get_offsets())
    for line in axes.lines:
        if line.get_marker() not in (None, "None", "", " "):
            yield from line.get_xydata()


def labels_on(axes: Any) -> Iterator[list[Any]]:
    """Return the text of each label and the point that it belongs to."""
    for label in axes.texts:
        x, y = getattr(label, "xy", label.get_position())  # an annotation stands off its point
        yield [str(label.get_text()), float(x), float(y)]


def keyed(case: Case) -> Any:
    """Return the case's word vectors, as gensim has them."""
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(case.vectors.shape[1])
    vectors.add_vectors(list(case.names), case.vectors.copy())
    return vectors


def matrix(code: Any, case: Case) -> Any:
    """Stack the vectors of the wanted words."""
    return notebook(code).get_matrix_of_vectors(keyed(case), list(case.wanted))


def similarities(code: Any, case: Case) -> Any:
    """Return the cosine similarity of each pair."""
    return [notebook(code).cosine_similarity(u.copy(), v.copy()) for u, v in zip(case.us, case.vs, strict=True)]


def distances(code: Any, case: Case) -> Any:
    """Return the cosine distance of each pair."""
    return [notebook(code).cosine_distance(u.copy(), v.copy()) for u, v in zip(case.us, case.vs, strict=True)]


def neighbours(code: Any, case: Case) -> Any:
    """Find the nearest neighbours of a word."""
    return listed(notebook(code).nearest_neighbours(keyed(case), case.a, case.k))


def analogy(code: Any, case: Case) -> Any:
    """Answer a : b :: c : ?"""
    return listed(notebook(code).analogy(keyed(case), case.a, case.b, case.c, case.k))


def listed(answer: Any) -> Any:
    """Return a list of (word, similarity) with words that are plain strings, if it is one."""

    def with_plain_word(item: Any) -> Any:
        match item:
            case (str(word), similarity):
                return [str(word), similarity]
            case _:
                return item

    return [with_plain_word(item) for item in answer] if isinstance(answer, list) else answer


def leans(code: Any, case: Case) -> Any:
    """Return how much each word leans to one group of words."""
    vectors = keyed(case)
    return [notebook(code).lean(vectors, word, list(case.one), list(case.other)) for word in case.names]
