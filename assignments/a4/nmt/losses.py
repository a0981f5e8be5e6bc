"""The cross-entropy of the target words, which training minimises, and the perplexity that follows from it.

Shapes: b sentences, src_len and tgt_len words in the longest ones, |tgt| words in the target vocabulary; (words,) is
one entry for each target word to predict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from nmt.batches import Batch, Pair, batch_iter, prefetched


def word_losses(model: Any, batch: Batch, smoothing: float = 0.0) -> Tensor:
    """Return the cross-entropy of each target word to predict, in nats, (words,): all first words, then all second.

    Args:
        model: an NMT. If it has a method `word_losses(batch, smoothing)`, that is called instead.
        batch: source and target sentences; <s> and padding are not predicted.
        smoothing: label smoothing, the share of the target probability that all words get alike.
    """
    if hasattr(model, "word_losses"):
        losses: Tensor = model.word_losses(batch, smoothing)
        return losses
    logits, words, _ = word_logits(model, batch)
    return F.cross_entropy(logits, words, reduction="none", label_smoothing=smoothing)


@torch.no_grad()
def evaluate_ppl(model: Any, pairs: Sequence[Pair], batch_size: int = 128) -> float:
    """Return the perplexity of pairs, exp of the mean loss per predicted word, with dropout switched off."""
    training = model.training
    model.eval()
    pads = (model.vocab.src["<pad>"], model.vocab.tgt["<pad>"])
    batches = list(batch_iter(pairs, batch_size, pads, seed=0, epoch=0, shuffle=False))
    device = model.target_vocab_projection.weight.device
    losses = [word_losses(model, batch).to(sum_dtype(device)).sum() for batch in prefetched(batches, device)]
    model.train(training)
    return perplexity(float(sum(losses)), sum(batch.words for batch in batches))


def sum_dtype(device: torch.device) -> torch.dtype:
    """Return the type in which losses are summed: 64 bits, or 32 on a Mac's GPU, which has no more."""
    return torch.float32 if device.type == "mps" else torch.float64


def perplexity(loss: float, words: int) -> float:
    """Return exp(loss / words), loss in nats; at most exp(700), so that it doesn't overflow."""
    return math.exp(min(loss / words, 700.0))


def sentence_log_likelihoods(model: Any, source: Tensor, source_lengths: list[int], target: Tensor) -> Tensor:
    """Return the log-likelihood of each target sentence given its source sentence, in nats, (b,).

    Args:
        model: an NMT.
        source: word indices, (src_len, b), longest sentence first.
        source_lengths: the number of words of each source sentence, b of them.
        target: word indices, (tgt_len, b), from <s> to </s>.
    """
    words_to_predict = int((target[1:] != model.vocab.tgt["<pad>"]).sum())
    logits, words, places = word_logits(model, Batch(source, source_lengths, target, words_to_predict))
    losses = F.cross_entropy(logits, words, reduction="none")
    sums = losses.new_zeros(target.size(1))
    return sums.index_add(0, places % target.size(1), -losses)


def word_logits(model: Any, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Return the logits of all target words for each word to predict. Padding is left out before the projection.

    Returns:
        logits, (words, |tgt|); the indices of the right words, (words,); and the place of each in target[1:]
        flattened, (words,).
    """
    with torch.autocast(batch.source.device.type, enabled=False):  # cuDNN's LSTM would compute in fp16, not bf16
        enc_hiddens, dec_init_state = model.encode(batch.source, batch.source_lengths)
    enc_masks = padding_mask(enc_hiddens, batch.source_lengths)
    outputs = model.decode(enc_hiddens, enc_masks, dec_init_state, batch.target)  # (tgt_len - 1, b, h)
    predicted = batch.target[1:].flatten()
    is_padding = predicted == model.vocab.tgt["<pad>"]
    places = is_padding.byte().argsort(stable=True)[: batch.words]  # nonzero() would wait for the GPU to count them
    logits = model.target_vocab_projection(outputs.flatten(0, 1)[places])
    return logits, predicted[places], places


def padding_mask(enc_hiddens: Tensor, source_lengths: list[int]) -> Tensor:
    """Return 1 on padding and 0 on words of the source, (b, src_len), for enc_hiddens (b, src_len, 2h)."""
    position = torch.arange(enc_hiddens.size(1), device=enc_hiddens.device)
    lengths = torch.tensor(source_lengths)
    if enc_hiddens.is_cuda:  # a copy from pageable memory would wait until the GPU is idle
        lengths = lengths.pin_memory().to(enc_hiddens.device, non_blocking=True)
    return (position >= lengths.unsqueeze(1)).to(enc_hiddens.dtype)
