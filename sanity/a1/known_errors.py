"""Known errors of assignment 1: names that gensim has changed, and a hint for each."""

from __future__ import annotations

from sanity.core.known_errors import Known

KNOWN: Known = (
    (
        r"object has no attribute '(?:vocab|wv_vocab)'|The vocab attribute was removed",
        "gensim 4 has no .vocab: use .key_to_index",
    ),
    (r"has no attribute 'index2word'", "gensim 4 calls it .index_to_key"),
)
