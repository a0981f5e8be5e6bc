"""Counting neighbours: the reference of assignment 1 against plain loops and scikit-learn.

Run from the repository's root: `python -m benchmarks.cooccurrence`. Time is CPU-seconds of one run, from words to
matrix, vocabulary included; memory is the peak of what counting allocates.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions" / "a1"))
from counting import Corpus, co_occurrences

VOCABULARY, WINDOW, DOCUMENT = 20_000, 4, 500
TOKENS = 1_000_000
SIZES = (1_000_000, 3_000_000, 10_000_000)


def make_corpus(tokens: int, seed: int = 0) -> list[list[str]]:
    """Return documents of DOCUMENT words each, drawn from VOCABULARY words by Zipf's law."""
    rng = np.random.default_rng(seed)
    chances = 1 / np.arange(1, VOCABULARY + 1)
    words = np.array([f"word{rank}" for rank in range(VOCABULARY)], dtype=object)
    drawn = words[rng.choice(VOCABULARY, size=tokens, p=chances / chances.sum())]
    return [drawn[start : start + DOCUMENT].tolist() for start in range(0, tokens, DOCUMENT)]


def index(corpus: Corpus) -> dict[str, int]:
    """Return the row of each word."""
    return {word: row for row, word in enumerate(sorted(set(chain.from_iterable(corpus))))}


def reference(corpus: Corpus) -> csr_array:
    """Count as the reference does."""
    return co_occurrences(corpus, index(corpus), WINDOW)


def loop_into_matrix(corpus: Corpus) -> csr_array:
    """Count in a loop, into a dense matrix, as most students do."""
    word2ind = index(corpus)
    M = np.zeros((len(word2ind), len(word2ind)), np.int32)
    for document in corpus:
        for place, word in enumerate(document):
            for other in range(max(0, place - WINDOW), min(len(document), place + WINDOW + 1)):
                if other != place:
                    M[word2ind[word], word2ind[document[other]]] += 1
    return csr_array(M)


def loop_into_dict(corpus: Corpus) -> csr_array:
    """Count in a loop, into a dict of pairs: the least that a plain loop can do."""
    word2ind = index(corpus)
    counts: dict[tuple[int, int], int] = {}
    for document in corpus:
        ids = [word2ind[word] for word in document]
        for place, row in enumerate(ids):
            for other in range(max(0, place - WINDOW), min(len(ids), place + WINDOW + 1)):
                if other != place:
                    pair = row, ids[other]
                    counts[pair] = counts.get(pair, 0) + 1
    rows, columns = np.array(list(counts)).T
    return csr_array((list(counts.values()), (rows, columns)), shape=(len(word2ind), len(word2ind)))


def scikit_learn(corpus: Corpus) -> csr_array:
    """Count with CountVectorizer: places × centre words, transposed, times places × context words."""
    from sklearn.feature_extraction.text import CountVectorizer

    contexts = [
        document[max(0, place - WINDOW) : place] + document[place + 1 : place + WINDOW + 1]
        for document in corpus
        for place in range(len(document))
    ]
    vectorizer = CountVectorizer(analyzer=lambda words: words, vocabulary=index(corpus), dtype=np.int32)
    centres = vectorizer.transform([word] for word in chain.from_iterable(corpus))
    return csr_array(centres.T @ vectorizer.transform(contexts))


def timed(count: Callable[[Corpus], csr_array], corpus: Corpus) -> tuple[float, csr_array]:
    """Return the CPU-seconds that counting takes, and the counts."""
    started = time.process_time()
    counts = count(corpus)
    return time.process_time() - started, counts


def speed() -> list[dict[str, Any]]:
    """Return, for each way to count, its speed and whether it gives the same matrix, entry for entry."""
    corpus = make_corpus(TOKENS)
    seconds, right = timed(reference, corpus)
    rows = []
    for count in (reference, loop_into_matrix, loop_into_dict, scikit_learn):
        mine, counts = (seconds, right) if count is reference else timed(count, corpus)
        rows.append(
            {
                "what": count.__name__,
                "tokens": TOKENS,
                "seconds": round(mine, 3),
                "tokens a second": round(TOKENS / mine),
                "times slower": round(mine / seconds, 1),
                "same": counts.shape == right.shape and (counts != right).nnz == 0,
            }
        )
    return rows


def memory(tokens: int) -> dict[str, Any]:
    """Return what counting so many tokens takes, beyond the corpus and its vocabulary."""
    corpus = make_corpus(tokens)
    word2ind = index(corpus)
    seconds, _ = timed(reference, corpus)
    tracemalloc.start()
    counts = co_occurrences(corpus, word2ind, WINDOW)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "what": "reference",
        "tokens": tokens,
        "seconds": round(seconds, 3),
        "non-zeros": counts.nnz,
        "result MB": round(held / 2**20),
        "peak MB": round(peak / 2**20),
        "peak bytes a non-zero": round(peak / counts.nnz),
    }


def rows() -> list[dict[str, Any]]:
    """Return all that is measured, one row each."""
    return [*speed(), *map(memory, SIZES)]


if __name__ == "__main__":
    for row in rows():
        print(", ".join(f"{name} {value}" for name, value in row.items()))
