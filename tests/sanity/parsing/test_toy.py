"""The toy treebank: the same for a seed, trees without crossing arcs, and what makes it worth learning."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanity.parsing.toy import MAX_WORDS, to_conllu, toy_treebank

SEEDS = st.integers(0, 2**64 - 1)
some = settings(max_examples=10)


def test_a_seed_gives_the_same_bytes_everywhere() -> None:
    drawn = to_conllu([tree for part in toy_treebank(7) for tree in part]).encode()
    assert sha256(drawn).hexdigest()[:16] == "c79ea9a70adf8967"


def test_another_seed_is_another_language() -> None:
    one, other = ({word for tree in toy_treebank(seed)[0] for word in tree.forms} for seed in (0, 1))
    assert len(one & other) < 0.25 * len(one)  # words of English such as "and"


@some
@given(seed=SEEDS)
def test_no_sentence_is_drawn_twice(seed: int) -> None:
    parts = toy_treebank(seed, train=300, dev=30, test=50)
    assert list(map(len, parts)) == [300, 30, 50]
    assert len({tree.forms for part in parts for tree in part}) == 380


def test_the_test_is_the_same_with_more_to_learn_from() -> None:
    (few, *few_others), (many, *many_others) = (toy_treebank(3, train, dev=20, test=30) for train in (10, 40))
    assert few_others == many_others
    assert few == many[:10]


@some
@given(seed=SEEDS)
def test_sentences_are_trees_with_one_root(seed: int) -> None:
    for tree in toy_treebank(seed, train=200, dev=0, test=0)[0]:
        n = len(tree.forms)
        assert n <= MAX_WORDS and {len(column) for column in tree} == {n}
        assert [i for i, head in enumerate(tree.heads) if head == 0] == [tree.relations.index("root")]
        for word in range(1, n + 1):
            above = word
            for _ in range(n):
                above = tree.heads[above - 1] if above else 0
            assert above == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_tags_alone_do_not_decide_what_depends_on_what(seed: int) -> None:
    """After a verb and its object, phrases of all kinds belong to either."""
    found = {"ADP": Counter[bool](), "PRON": Counter[bool](), "CCONJ": Counter[bool](), "ADV": Counter[bool]()}
    for tree in toy_treebank(seed, train=2000, dev=0, test=0)[0]:
        for place in range(3, len(tree.forms)):
            *_, noun, tag = tree.tags[:place]
            if noun in ("NOUN", "VERB") and tag in found:
                head = place if tag == "ADV" else tree.heads[place - 1]
                found[tag][tree.heads[head - 1] == place - 1] += 1
    for counts in found.values():
        assert min(counts[True], counts[False]) > 0.2 * counts.total()


def test_words_that_are_written_in_one_are_multiword_tokens() -> None:
    trees, _, _ = toy_treebank(0, train=300, dev=0, test=0)
    joined = [tree for tree in trees if any(tree.joined)]
    assert {form for tree in joined for form, one in zip(tree.forms, tree.joined, strict=True) if one} == {"n't", "'s"}
    lines = to_conllu(joined[:1]).splitlines()
    [first] = [line.split("\t") for line in lines if "-" in line.partition("\t")[0] and not line.startswith("#")]
    place = int(first[0].partition("-")[0])
    assert first[0] == f"{place}-{place + 1}" and first[1] == "".join(joined[0].forms[place - 1 : place + 1])
    assert first[1] in lines[1] and first[2:] == ["_"] * 8
