"""Training assignment 4: length buckets and `FastNMT`, against a plain loop as in the course.

Run from the repository's root: `python -m benchmarks.training`. Time is CPU-seconds of one thread for a training word
(</s> counted, padding not). The pairs are made up, with words by Zipf's law in a vocabulary of 10,000 in each language
and with lengths of one of two kinds of text: what padding costs depends on how much lengths differ. The plain loop has
random batches, a softmax over padding too, and Adam as it comes; model, batch size, dropout and clipping are the same.
Both ways must find the same losses and gradients for the same batch first.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.measuring import Cost, Row, compare, folders_of, interleaved, table

PAIRS, WORDS, BATCH = 20_000, 10_000, 32
SIZES = {(256, 256): ("≥ 3", 12), (1024, 768): ("≥ 4", 4)}
"""Embedding and hidden size: the target, and updates in a round."""
TEXTS = {"talks": (20, 12), "captions": (13, 4.2)}
"""Mean and standard deviation of sentences' lengths: those of TED talks or news about, and of multi30k."""
SEED, DROPOUT, CLIP, RATE = 0, 0.3, 5.0, 5e-4
TOLERANCE = 1e-4


def made_up(mean: float, deviation: float) -> list[tuple[list[int], list[int]]]:
    """Return pairs of sentences, as word indices; a translation is about as long as its sentence."""
    dice = np.random.default_rng(SEED)
    shape = (mean / deviation) ** 2
    lengths = dice.gamma(shape, mean / shape, PAIRS).clip(2, 80)
    of_targets = (lengths * dice.normal(1, 0.12, PAIRS)).clip(2, 80)
    chances = 1 / np.arange(1, WORDS + 1)

    def sentences(lengths: Any) -> list[list[int]]:
        ends = lengths.round().astype(int).cumsum()
        words = 4 + dice.choice(WORDS, size=ends[-1], p=chances / chances.sum())
        return [part.tolist() for part in np.split(words, ends[:-1])]

    return [(src, [1, *tgt, 2]) for src, tgt in zip(sentences(lengths), sentences(of_targets), strict=True)]


def vocabulary() -> Any:
    """Return as many words in both languages, by the names of their numbers."""
    from vocab import SPECIAL_TOKENS, Vocab, VocabEntry

    words = (*SPECIAL_TOKENS, *map(str, range(WORDS)))
    return Vocab(*(VocabEntry({word: index for index, word in enumerate(words)}) for _ in range(2)))


def random_batches(pairs: list[Any]) -> Iterator[Any]:
    """Yield random batches without end, sorted only inside."""
    from nmt.batches import make_batch

    dice = np.random.default_rng(SEED)
    while True:
        order = dice.permutation(len(pairs))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            yield make_batch([pairs[i] for i in order[start : start + BATCH]], (0, 0))


def length_buckets(pairs: list[Any]) -> Iterator[Any]:
    """Yield the batches of nmt/batches.py without end."""
    from nmt.batches import batch_iter

    return itertools.chain.from_iterable(batch_iter(pairs, BATCH, (0, 0), SEED, epoch) for epoch in itertools.count())


def plain_loss(model: Any, batch: Any) -> Tensor:
    """Return the sum of losses as the course computes it: log-softmax of all, padding included, and a mask."""
    enc_hiddens, state = model.encode(batch.source, batch.source_lengths)
    enc_masks = model.generate_sent_masks(enc_hiddens, batch.source_lengths)
    outputs = model.decode(enc_hiddens, enc_masks, state, batch.target)
    log_p = torch.log_softmax(model.target_vocab_projection(outputs), dim=-1)
    gold = torch.gather(log_p, index=batch.target[1:].unsqueeze(-1), dim=-1).squeeze(-1)
    return -(gold * (batch.target[1:] != 0)).sum()


def fast_loss(model: Any, batch: Any) -> Tensor:
    """Return the sum of losses as nmt/losses.py computes it."""
    from nmt.losses import word_losses

    return word_losses(model, batch).sum()


class Trainer:
    """One way to train; called, it does some updates and returns what a word has cost."""

    def __init__(self, model: Any, loss: Callable[[Any, Any], Tensor], batches: Iterator[Any], **adam: Any) -> None:
        self.model, self.loss, self.batches = model, loss, batches
        self.adam = torch.optim.Adam(model.parameters(), lr=RATE, **adam)

    def update(self, batch: Any) -> None:
        """Learn from a batch."""
        self.adam.zero_grad()
        (self.loss(self.model, batch) / BATCH).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.adam.step()

    def __call__(self, updates: int) -> Cost:
        wall, cpu, words = time.perf_counter(), time.process_time(), 0
        for batch in itertools.islice(self.batches, updates):
            self.update(batch)
            words += batch.words
        return Cost((time.perf_counter() - wall) / words, (time.process_time() - cpu) / words)


def apart(plain: Any, fast: Any, batch: Any) -> float:
    """Return the largest difference of loss a word, and of gradients in parts of each weight's largest."""
    found = []
    for model, loss in ((plain, plain_loss), (fast, fast_loss)):
        model.eval()  # dropout draws differently
        model.zero_grad()
        mean = loss(model, batch) / batch.words
        mean.backward()
        found.append([mean.detach(), *(weight.grad for weight in model.parameters())])
        model.zero_grad()
        model.train()
    return max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(*found, strict=True))


def operations(size: tuple[int, int], batches: list[Any], vocabulary: int) -> float:
    """Return the floating-point operations a training word needs, in products of matrices, padding not counted.

    A product forward takes two backward; the LSTMs' input is projected, and the source attended to, once a word.
    """
    e, h = size
    a_source_word = 2 * e * e + 2 * 4 * h * (e + h) + 2 * (2 * h * h)
    a_target_word = 4 * h * (e + h + h) + h * h + h * vocabulary
    words = sum(batch.words for batch in batches)
    source_words = sum(sum(batch.source_lengths) for batch in batches)
    return 3 * 2 * (a_target_word + a_source_word * source_words / words)


def peak(multiply: Callable[[Tensor, Tensor], Tensor], side: int = 1024) -> float:
    """Return the floating-point operations a CPU-second in a product of square matrices."""
    a, b = torch.randn(2, side, side)
    seconds = []
    for _ in range(6):
        started = time.process_time()
        multiply(a, b)
        seconds.append(time.process_time() - started)
    return 2 * side**3 / min(seconds)


def shares(trainer: Trainer) -> str:
    """Say where the time of an update goes."""
    kinds = {"products": ("mm", "linear"), "convolution": ("convolution",), "Adam": ("adam",)}
    batch = next(trainer.batches)
    with warnings.catch_warnings(), torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        warnings.simplefilter("ignore")
        trainer.update(batch)
    spent = dict.fromkeys((*kinds, "else"), 0.0)
    for event in profile.key_averages():
        kind = next((kind for kind, parts in kinds.items() if any(part in event.key for part in parts)), "else")
        spent[kind] += event.self_cpu_time_total
    return ", ".join(f"{kind} {time / sum(spent.values()):.0%}" for kind, time in spent.items())


def rows(repeats: int = 5) -> list[Row]:
    """Measure both kinds of text at both sizes."""
    sys.path.extend(folders_of("a4"))
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="Using padding='same'")
    return [row for text in TEXTS for size in SIZES for row in rows_of(text, size, repeats)]


def rows_of(text: str, size: tuple[int, int], repeats: int) -> list[Row]:
    """Measure one kind of text at one size."""
    from fast_nmt import FastNMT
    from nmt_model import NMT
    from products import product

    pairs, vocab = made_up(*TEXTS[text]), vocabulary()
    target, updates = SIZES[size]
    torch.manual_seed(SEED)
    plain, bucketed, fast = NMT(*size, vocab, DROPOUT), NMT(*size, vocab, DROPOUT), FastNMT(*size, vocab, DROPOUT)
    bucketed.load_state_dict(plain.state_dict())
    fast.load_state_dict(plain.state_dict())
    difference = apart(plain, fast, next(random_batches(pairs)))
    assert difference <= TOLERANCE, f"the losses or gradients differ by {difference:.1e}"

    trainers = [
        Trainer(plain, plain_loss, random_batches(pairs)),
        Trainer(bucketed, plain_loss, length_buckets(pairs)),
        Trainer(fast, fast_loss, length_buckets(pairs), fused=True),
    ]
    for trainer in trainers:
        trainer(1)  # Adam makes its memory, and products choose their ways
    by_random, by_bucket, by_fast = interleaved(repeats, *(partial(trainer, updates) for trainer in trainers))
    speeds = [1 / statistics.median(cost.cpu for cost in costs) for costs in (by_random, by_fast)]
    done = speeds[1] * operations(size, list(itertools.islice(length_buckets(pairs), 100)), len(vocab.tgt))
    peaks = [peak(torch.mm), peak(product)]
    aside = (
        f"{speeds[0]:.0f} / {speeds[1]:.0f} words a CPU-second, losses and gradients within {difference:.0e}; "
        f"{done / 1e9:.0f} of {peaks[1] / 1e9:.0f} GFLOP/s that a large product reaches here ({done / peaks[1]:.0%}; "
        f"`torch.mm` {peaks[0] / 1e9:.0f}); {shares(trainers[2])}"
    )
    what = f"training on {text}, e {size[0]}, h {size[1]}"
    return [
        compare(f"{what}: a plain loop ÷ `FastNMT`", by_random, by_fast, target, aside),
        compare(f"{what}: the plain loop, random batches ÷ length buckets", by_random, by_bucket),
    ]


if __name__ == "__main__":
    print(table(rows(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))
