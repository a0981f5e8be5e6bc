"""Counting neighbours: the reference of assignment 1 against plain loops and scikit-learn.

Run from the repository's root: `python -m benchmarks.cooccurrence`. Time is from words to matrix, vocabulary included;
memory is the peak of what counting allocates.
"""

from __future__ import annotations

import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import chain

import numpy as np
from scipy.sparse import csr_array

from benchmarks.measuring import Cost, Row, compare, folders_of, interleaved, table

sys.path.extend(folders_of("a1"))
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


def timed(count: Callable[[Corpus], csr_array], corpus: Corpus, right: csr_array) -> Cost:
    """Return what counting takes, words to matrix; the counts must be right, entry for entry."""
    wall, cpu = time.perf_counter(), time.process_time()
    counts = count(corpus)
    cost = Cost(time.perf_counter() - wall, time.process_time() - cpu)
    assert counts.shape == right.shape and (counts != right).nnz == 0, f"{count.__name__} counts otherwise"
    return cost


def speed_rows(repeats: int) -> list[Row]:
    """Compare ways to count TOKENS tokens with the reference."""
    corpus = make_corpus(TOKENS)
    right = reference(corpus)
    things = [partial(timed, count, corpus, right) for count in (reference, *OTHERS)]
    mine, *others = interleaved(repeats, *things)
    a_second = TOKENS / statistics.median(cost.cpu for cost in mine)
    aside = f"the same {right.nnz} counts; the reference: {a_second:.3g} tokens a CPU second"
    return [
        compare(f"co-occurrences of {TOKENS:.0e} tokens: {what} ÷ the reference", costs, mine, target, aside)
        for (what, target), costs in zip(OTHERS.values(), others, strict=True)
    ]


def memory_row(tokens: int) -> Row:
    """Return what counting so many tokens takes, beyond the corpus and its vocabulary."""
    corpus = make_corpus(tokens)
    word2ind = index(corpus)
    started = time.process_time()
    tracemalloc.start()
    counts = co_occurrences(corpus, word2ind, WINDOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    seconds = time.process_time() - started
    aside = f"{peak / 2**20:.0f} MB at {counts.nnz} non-zeros; {seconds:.1f} CPU s"
    each = f"{peak / counts.nnz:.0f} bytes a non-zero"
    return Row(f"co-occurrences of {tokens:.0e} tokens: peak memory", each, "linear in the non-zeros", "", aside)


OTHERS = {
    loop_into_matrix: ("a loop into a matrix", "≥ 10"),
    loop_into_dict: ("a loop into a dict", "≥ 10"),
    scikit_learn: ("scikit-learn", ""),
}


def rows(repeats: int = 5) -> list[Row]:
    """Measure speed, and memory once."""
    return [*speed_rows(repeats), *map(memory_row, SIZES)]


if __name__ == "__main__":
    print(table(rows()))
