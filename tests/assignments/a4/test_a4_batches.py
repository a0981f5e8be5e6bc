"""Batches: every pair once an epoch, in an order that hangs on seed and epoch only, with little padding."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

Import = Callable[[str], ModuleType]
Pair = tuple[list[int], list[int]]

START, END = 1, 2
PADS = (0, 7)  # not the same in both languages

words = st.lists(st.integers(8, 20), min_size=1, max_size=9)
pairs_of_sentences = st.lists(words, max_size=40).flatmap(
    lambda sources: st.tuples(st.just(sources), st.lists(words, min_size=len(sources), max_size=len(sources)))
)


@pytest.fixture(scope="module")
def batches(a4: Import) -> ModuleType:
    return a4("nmt.batches")


def pairs_from(sentences: tuple[list[list[int]], list[list[int]]]) -> list[Pair]:
    return [(source, [START, *target, END]) for source, target in zip(*sentences, strict=True)]


def pairs_in(batch: Any) -> list[Pair]:
    """Read the pairs back from a batch."""
    targets = [[i for i in column if i != PADS[1]] for column in batch.target.t().tolist()]
    lengths = zip(batch.source.t().tolist(), batch.source_lengths, strict=True)
    return [(column[:n], target) for (column, n), target in zip(lengths, targets, strict=True)]


def some_pairs(number: int, seed: int = 0) -> list[Pair]:
    """Make pairs with the lengths of real text: a few words to some dozens, and translations of about that length."""
    draw = random.Random(seed)
    lengths = [min(60, max(1, round(draw.lognormvariate(2.4, 0.5)))) for _ in range(number)]
    return [([8] * n, [START, *[9] * max(1, n + draw.randint(-n // 4, n // 4)), END]) for n in lengths]


def padding_share(made: list[Any]) -> float:
    """Return which share of the source and target positions is padding."""
    numbers = sum(batch.source.numel() + batch.target.numel() for batch in made)
    padding = sum((batch.source == PADS[0]).sum() + (batch.target == PADS[1]).sum() for batch in made)
    return float(padding) / numbers


def order(made: Any) -> list[list[list[int]]]:
    return [batch.source.tolist() for batch in made]


@given(sentences=pairs_of_sentences, size=st.integers(1, 7), seed=st.integers(0, 2**70), shuffle=st.booleans())
def test_each_pair_comes_once_an_epoch_with_its_own_translation(
    batches: ModuleType, sentences: Any, size: int, seed: int, shuffle: bool
) -> None:
    pairs = pairs_from(sentences)
    made = list(batches.batch_iter(pairs, size, PADS, seed, epoch=1, shuffle=shuffle))
    seen = Counter(str(pair) for batch in made for pair in pairs_in(batch))
    assert seen == Counter(map(str, pairs))
    assert all(len(batch.source_lengths) == size for batch in made) or len(pairs) % size
    assert len(made) == -(-len(pairs) // size)


@given(sentences=pairs_of_sentences.filter(lambda sentences: sentences[0]))
def test_a_batch_has_the_shapes_and_counts_that_the_model_expects(batches: ModuleType, sentences: Any) -> None:
    pairs = pairs_from(sentences)
    batch = batches.make_batch(pairs, PADS)
    src_len, tgt_len = (max(map(len, side)) for side in zip(*pairs, strict=True))
    assert batch.source.shape == (src_len, len(pairs)) and batch.target.shape == (tgt_len, len(pairs))
    assert batch.source.dtype == batch.target.dtype == torch.long
    assert batch.source.is_contiguous() and batch.target.is_contiguous()
    assert batch.source_lengths == sorted(batch.source_lengths, reverse=True)
    assert (batch.source != PADS[0]).sum(dim=0).tolist() == batch.source_lengths
    assert batch.target[0].tolist() == [START] * len(pairs)
    assert batch.words == sum(len(target) + 1 for target in sentences[1])  # </s> is predicted, <s> is not


def test_padding_is_like_that_of_the_course(batches: ModuleType, a4: Import) -> None:
    pairs = [([8, 9, 10], [1, 8, 2]), ([9], [1, 8, 9, 2]), ([10, 8], [1, 2])]
    batch = batches.make_batch(pairs, PADS)
    pad_sents = a4("utils").pad_sents
    assert batch.source.t().tolist() == pad_sents([[8, 9, 10], [10, 8], [9]], PADS[0])
    assert batch.target.t().tolist() == pad_sents([[1, 8, 2], [1, 2], [1, 8, 9, 2]], PADS[1])


def test_the_order_hangs_on_seed_and_epoch_alone(batches: ModuleType) -> None:
    pairs = [([i], [START, i, END]) for i in range(8, 60)]
    orders = {}
    for seed in (0, 1):
        for epoch in (1, 2):
            torch.manual_seed(seed + epoch)
            random.seed(epoch)
            orders[seed, epoch] = order(batches.batch_iter(pairs, 4, PADS, seed, epoch))
    assert orders[1, 2] == order(batches.batch_iter(pairs, 4, PADS, 1, 2))
    assert len({str(each) for each in orders.values()}) == 4
    unshuffled = [order(batches.batch_iter(pairs, 4, PADS, 0, epoch, shuffle=False)) for epoch in (1, 2)]
    assert unshuffled[0] == unshuffled[1]


def test_short_and_long_batches_are_mixed(batches: ModuleType) -> None:
    lengths = [batch.target.size(0) for batch in batches.batch_iter(some_pairs(2000), 32, PADS, 0, 1)]
    assert lengths != sorted(lengths)
    first, last = sum(lengths[:20]) / 20, sum(lengths[-20:]) / 20
    assert 0.5 < first / last < 2


@given(seed=st.integers(0, 100))
def test_there_is_little_padding(batches: ModuleType, seed: int) -> None:
    pairs = some_pairs(1000, seed)
    plain = [batches.make_batch(pairs[i : i + 32], PADS) for i in range(0, len(pairs), 32)]
    bucketed = padding_share(list(batches.batch_iter(pairs, 32, PADS, seed, 1)))
    assert padding_share(plain) > 0.4  # in batches as they come
    assert bucketed < 0.15


def test_no_pairs_make_no_batches(batches: ModuleType) -> None:
    assert list(batches.batch_iter([], 32, PADS, 0, 1)) == []
    assert list(batches.batch_iter([], 32, PADS, 0, 1, shuffle=False)) == []


@given(number=st.integers(0, 9))
def test_prefetching_keeps_the_order(batches: ModuleType, number: int) -> None:
    made = list(batches.batch_iter(some_pairs(number), 2, PADS, 0, 1))
    assert order(batches.prefetched(iter(made), "cpu")) == order(made)


def test_prefetching_is_one_batch_ahead(batches: ModuleType) -> None:
    taken = []

    def taking() -> Any:
        for batch in batches.batch_iter(some_pairs(10), 2, PADS, 0, 1):
            taken.append(batch)
            yield batch

    coming = batches.prefetched(taking(), "cpu")
    next(coming)
    assert len(taken) == 2
    assert len(list(coming)) == 4


def test_text_becomes_indices(a4: Import, batches: ModuleType) -> None:
    vocab = a4("vocab").Vocab.from_texts(["a b a b"], ["c d c d"])
    texts = a4("nmt.corpus").Texts(["b a x", "a </s>"], ["d c", "<pad> <s> c"])
    warnings: list[str] = []
    assert batches.indexed(texts, vocab, warn=warnings.append) == [([5, 4, 3], [1, 5, 4, 2]), ([4, 3], [1, 3, 3, 4, 2])]
    assert warnings == []


def test_sentences_that_are_too_long_are_left_out_and_counted(a4: Import, batches: ModuleType) -> None:
    vocab = a4("vocab").Vocab.from_texts(["a a a"], ["c c c"])
    texts = a4("nmt.corpus").Texts(["a a a a", "a a", "a", "a a a", "a"], ["c", "c c", "c c c c", "c c c", " "])
    warnings: list[str] = []
    assert [source for source, _ in batches.indexed(texts, vocab, max_words=3, warn=warnings.append)] == [
        [4, 4],
        [4, 4, 4],
    ]
    assert warnings == ["left out 3 of 5 pairs: empty, or longer than 3 words"]


def test_by_default_it_is_told_on_standard_error(
    a4: Import, batches: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    vocab = a4("vocab").Vocab.from_texts(["a"], ["c"])
    batches.indexed(a4("nmt.corpus").Texts(["a " * 101], ["c"]), vocab)
    assert capsys.readouterr().err == "left out 1 of 1 pair: empty, or longer than 100 words\n"
