"""Batches of sentences of about the same length, as tensors.

A batch is as long as its longest sentence, and the rest is padding, which costs as much time as words do. Random
batches of real text are up to half padding. So sentences are drawn at random, many batches at once, sorted by
length, cut into batches, and the batches shuffled: nearly no padding, and still another order in each epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nmt.corpus import CorpusError, Texts, counted, note
from vocab import Vocab

Pair = tuple[list[int], list[int]]
"""A sentence and its translation, as word indices; the translation goes from <s> to </s>, both included."""

POOL = 100  # batches drawn at a time, before sorting: more of them, less padding, and neighbours more alike


class Batch(NamedTuple):
    """Some pairs, longest source sentence first."""

    source: Tensor  # word indices, (src_len, b), padded
    source_lengths: list[int]  # words of each source sentence, b of them
    target: Tensor  # word indices, (tgt_len, b), from <s> to </s>, padded
    words: int  # target words to predict: </s> is one of them, <s> and padding are not

    def to(self, device: torch.device | str) -> Batch:
        """Return the same batch on a device. A copy to a GPU goes on while the caller does something else."""
        device = torch.device(device)
        if device.type == "cuda":  # only pinned memory can be copied from without waiting
            source, target = (
                tensor.pin_memory().to(device, non_blocking=True) for tensor in (self.source, self.target)
            )
        else:
            source, target = self.source.to(device), self.target.to(device)
        return self._replace(source=source, target=target)


def indexed(texts: Texts, vocab: Vocab, max_words: int = 100, tell: Callable[[str], None] = note) -> list[Pair]:
    """Turn texts into word indices.

    A pair with more than max_words words on either side (<s> and </s> not counted) is left out, and one with no
    words at all; `tell` gets a line with their number. Time and memory of a step grow with its longest sentence.
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
        tell(f"left out {left_out} of {counted(len(texts), 'pair')}: empty, or longer than {max_words} words")
    return pairs


def must_know(vocab: Vocab, pairs: Sequence[Pair], path: Path) -> None:
    """Raise CorpusError if most words of the pairs are unknown to the vocabulary of path, in one of the languages."""
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
    """Yield each pair once, batch_size at a time; the last ones may be fewer.

    Args:
        pairs: what to cut into batches.
        batch_size: b, pairs a batch.
        pads: the index of <pad> in the source and in the target language.
        seed, epoch: the order depends on these two alone, so a run that resumes sees the batches it would have seen.
        shuffle: if False, all pairs sorted by length, for a pass that only measures.
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
    """Return these pairs as one batch, longest source sentence first."""
    pairs = sorted(pairs, key=lambda pair: -len(pair[0]))
    sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
    return Batch(
        source=_padded(sources, pads[0]),
        source_lengths=[len(source) for source in sources],
        target=_padded(targets, pads[1]),
        words=sum(len(target) - 1 for target in targets),
    )


def prefetched(batches: Iterable[Batch], device: torch.device | str) -> Iterator[Batch]:
    """Yield the batches on a device, each one sent off while the one before is still in use."""
    coming: Batch | None = None
    for batch in batches:
        ready, coming = coming, batch.to(device)
        if ready is not None:
            yield ready
    if coming is not None:
        yield coming


def _padded(sentences: list[list[int]], pad: int) -> Tensor:
    """Return the sentences as columns, (longest, b): pad_sents of question 1a as one assignment in numpy."""
    lengths = np.array([len(sentence) for sentence in sentences])
    rows = np.full((len(sentences), lengths.max()), pad, dtype=np.int64)
    rows[np.arange(rows.shape[1]) < lengths[:, None]] = np.fromiter(chain.from_iterable(sentences), np.int64)
    return torch.from_numpy(np.ascontiguousarray(rows.T))
