"""Cases of questions 1.1 and 1.2: small corpora."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sanity.core.case import Case, Cases

TOKENS = ("<START>", "<END>")


WORDS = ("that", "glitters", "is", "not", "gold", "all", "well", "ends", "Gold", "a", "'t", "10", "über", "the", "end")
"""Not in order, with capitals and what is no letter: sorting must put them where Python does."""


def make_documents(
    *, seed: int, documents: int, longest: int, vocabulary: int, window: int, tokens: int, short: int = 0
) -> dict[str, Any]:
    """Make a corpus.

    Args:
        seed: of everything random.
        documents: how many there are.
        longest: words of the longest document, special ones not counted.
        vocabulary: how many words there are to choose from.
        window: window_size.
        tokens: 1 for documents between <START> and <END>.
        short: how many of the documents have no neighbours in them: they have one word, which is nowhere else, or none.
    """
    rng = np.random.default_rng(seed)
    words = [WORDS[i] for i in rng.permutation(len(WORDS))[:vocabulary]]
    lengths = [longest, *rng.integers(2, longest + 1, size=documents - short - 1)]
    rng.shuffle(lengths)
    corpus = [[words[i] for i in rng.integers(vocabulary, size=length)] for length in lengths]
    if tokens:
        corpus = [[TOKENS[0], *document, TOKENS[1]] for document in corpus]
    lonely = [["lonely"], [], ["solitary"]][:short]
    return {"corpus": [*lonely[:1], *corpus, *lonely[1:]], "window_size": window, "seed": seed}


SIZES = {"documents": (1, 5), "longest": (2, 9), "vocabulary": (2, 9), "window": (1, 5), "tokens": (0, 1)}


CORPUS_WORDS = "{documents} documents of up to {longest} words, window {window}"


DOCUMENTS = Cases(
    make_documents,
    SIZES,
    CORPUS_WORDS,
    (
        {"documents": 1, "longest": 6, "vocabulary": 3, "window": 2},
        {"documents": 3, "longest": 9, "vocabulary": 6, "window": 4, "tokens": 1},
        {"documents": 4, "longest": 5, "vocabulary": 9, "window": 3},
        {"documents": 2, "longest": 4, "vocabulary": 4, "window": 8},
    ),
)
"""Corpora of any sizes, with words that repeat, and windows that reach beyond a document."""
LONELY = Cases(
    make_documents,
    {"documents": (4, 5), "longest": (3, 5), "vocabulary": (3, 5), "window": (1, 3), "tokens": (0, 0), "short": (1, 3)},
    "{documents} documents, in {short} of which no word has a neighbour",
    ({"documents": 4, "longest": 4, "vocabulary": 4, "window": 2, "short": 2},),
    drawn=1,
)
"""Corpora with documents of one word, which stands nowhere else, and an empty document."""
TWO_DOCUMENTS = Cases(
    make_documents,
    {**SIZES, "documents": (2, 5), "longest": (2, 9)},
    CORPUS_WORDS,
    ({"documents": 2, "longest": 5, "vocabulary": 4, "window": 2}, {"documents": 4, "longest": 4, "vocabulary": 7}),
)
"""Corpora that can be taken apart."""


def copied_corpus(case: Case) -> list[list[str]]:
    """Return a corpus that the submission may change."""
    return [list(document) for document in case.corpus]


def words_in(corpus: Sequence[Sequence[str]]) -> list[str]:
    """Return the words of a corpus in order."""
    return sorted({word for document in corpus for word in document})
