"""Batches of sentences of similar length, as padded tensors.

A batch is as long as its longest sentence; the rest is padding, which costs as much time as words do, and random
batches of real text are up to half padding. So many batches' worth of sentences are drawn at random, sorted by length
and cut into batches, and the batches are shuffled: hardly any padding, and still another order in each epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nmt.corpus import CorpusError, Texts, note, pluralize
from vocab import Vocab

Pair = tuple[list[int], list[int]]
"""A sentence and its translation, as word indices; the translation goes from <s> to </s>, both included."""

POOL = 100  # batches drawn and sorted together: with more there is less padding, but neighbours are more alike


class Batch(NamedTuple):
    """b pairs, longest source sentence first."""

    source: Tensor  # word indices, (src_len, b), padded
    source_lengths: list[int]  # words of each source sentence, b of them
    target: Tensor  # word indices, (tgt_len, b), from <s> to </s>, padded
    words: int  # target words to predict: </s> is one of them, <s> and padding are not

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on a device. The copy to a GPU is asynchronous."""
        device = torch.device(device)

        def moved(tensor: Tensor) -> Tensor:  # asynchronous copies need pinned memory
            return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)

        return self._replace(source=moved(self.source), target=moved(self.target))


def indexed(texts: Texts, vocab: Vocab, max_words: int = 100, warn: Callable[[str], None] = note) -> list[Pair]:
    """Return the pairs of texts as word indices.

    Args:
        texts: sentences and their translations.
        vocab: the words of both languages.
        max_words: pairs with more words than this on either side, <s> and </s> not counted, are left out, and so are
            pairs with an empty side. Time and memory of an update grow with its longest sentence.
        warn: called with one line if pairs were left out.
    """
    start, end = vocab.tgt["<s>"], vocab.tgt["</s>"]
    pairs: list[Pair] = []
    for source, target in zip(texts.source, texts.target, strict=True):
        source_ids = [vocab.src[word] for word in vocab.src.split(source)]
        target_ids = [vocab.tgt[word] for word in vocab.tgt.split(target)]
        if 0 < len(source_ids) <= max_words and 0 < len(target_ids) <= max_words:
            pairs.append((source_ids, [start, *target_ids, end]))
    left_out = len(texts) - len(pairs)
    if left_out:
        warn(f"left out {left_out} of {pluralize(len(texts), 'pair')}: empty, or longer than {max_words} words")
    return pairs


def check_coverage(vocab: Vocab, pairs: Sequence[Pair], path: Path) -> None:
    """Raise CorpusError if the vocabulary, read from path, lacks most words of the pairs in one of the languages."""
    source = list(chain.from_iterable(source for source, _ in pairs))
    target = list(chain.from_iterable(target[1:-1] for _, target in pairs))
    for side, words, entry in (("source", source, vocab.src), ("target", target, vocab.tgt)):
        unknown = words.count(entry.unk_id)
        if 2 * unknown > len(words):
            raise CorpusError(
                f"{path}: {unknown / len(words):.0%} of the {side} words of train are unknown to it; expected a"
                f" vocabulary of this text: `python vocab.py` makes one (a lower --freq-cutoff keeps rarer words)"
            )


def batch_iter(
    pairs: Sequence[Pair], batch_size: int, pads: tuple[int, int], seed: int, epoch: int, shuffle: bool = True
) -> Iterator[Batch]:
    """Yield each pair once, batch_size at a time; some batches may be smaller.

    Args:
        pairs: the pairs to divide into batches.
        batch_size: b, pairs per batch.
        pads: the index of <pad> in the source and in the target language.
        seed, epoch: they alone determine the order, so that a resumed run sees the same batches.
        shuffle: if False, all pairs in order of length, for evaluation.
    """
    lengths = np.array([(len(target), len(source)) for source, target in pairs]).reshape(-1, 2).T
    if shuffle:
        random = np.random.default_rng([seed, epoch])
        drawn = random.permutation(len(pairs))
        pools = [drawn[i : i + POOL * batch_size] for i in range(0, len(pairs), POOL * batch_size)]
    else:
        pools = [np.arange(len(pairs))]
    by_length = [pool[np.lexsort((lengths[1, pool], lengths[0, pool]))] for pool in pools]
    batches = [pool[i : i + batch_size] for pool in by_length for i in range(0, len(pool), batch_size)]
    order = random.permutation(len(batches)) if shuffle else range(len(batches))
    for k in order:
        yield make_batch([pairs[i] for i in batches[k]], pads)


def make_batch(pairs: Iterable[Pair], pads: tuple[int, int]) -> Batch:
    """Return pairs as one batch; pads is the index of <pad> in the source and in the target language."""
    pairs = sorted(pairs, key=lambda pair: -len(pair[0]))
    sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
    return Batch(
        source=_padded(sources, pads[0]),
        source_lengths=[len(source) for source in sources],
        target=_padded(targets, pads[1]),
        words=sum(len(target) - 1 for target in targets),
    )


def prefetched(batches: Iterable[Batch], device: torch.device | str) -> Iterator[Batch]:
    """Yield the batches on a device; each is copied while the one before is in use."""
    on_device = (batch.to(device) for batch in batches)
    for ready, _ in pairwise(chain(on_device, [None])):
        yield ready


def _padded(sentences: list[list[int]], pad: int) -> Tensor:
    """Return the sentences as columns, (longest, b): pad_sents of question 1a as one assignment in numpy."""
    lengths = np.array([len(sentence) for sentence in sentences])
    rows = np.full((len(sentences), lengths.max()), pad, dtype=np.int64)
    rows[np.arange(rows.shape[1]) < lengths[:, None]] = np.fromiter(chain.from_iterable(sentences), np.int64)
    return torch.from_numpy(np.ascontiguousarray(rows.T))
