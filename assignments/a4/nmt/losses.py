"""How likely a model finds the words of given translations: what training makes large.

Shapes: b sentences, src_len and tgt_len words in the longest ones, |tgt| words in the target language.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from nmt.batches import Batch, Pair, batch_iter, prefetched
from nmt.capture import Decode


def word_losses(model: Any, batch: Batch, smoothing: float = 0.0, decode: Decode | None = None) -> Tensor:
    """Return -log p of each target word of a batch but <s>, in nats, (words,): first all first words, and so on.

    Args:
        model: an NMT. If it has a word_losses of its own, that is used on a CPU.
        batch: source and target sentences; padding is not among the words.
        smoothing: the share of the probability that goes to all words alike in place of the right one.
        decode: what does the same as model.decode, and quicker (nmt/capture.py).
    """
    if hasattr(model, "word_losses") and batch.source.device.type == "cpu":
        losses: Tensor = model.word_losses(batch, smoothing)
        return losses
    scores, words, _ = word_scores(model, batch, decode)
    return F.cross_entropy(scores, words, reduction="none", label_smoothing=smoothing)


@torch.no_grad()
def evaluate_ppl(model: Any, pairs: Sequence[Pair], batch_size: int = 128) -> float:
    """Return the perplexity of pairs: exp of the loss per predicted target word, dropout switched off."""
    training = model.training
    model.eval()
    pads = (model.vocab.src["<pad>"], model.vocab.tgt["<pad>"])
    batches = list(batch_iter(pairs, batch_size, pads, seed=0, epoch=0, shuffle=False))
    device = model.target_vocab_projection.weight.device
    losses = [word_losses(model, batch).double().sum() for batch in prefetched(batches, device)]
    model.train(training)
    return perplexity(float(sum(losses)), sum(batch.words for batch in batches))


def perplexity(loss: float, words: int) -> float:
    """Return exp of the loss per word; where that is beyond all sense, a huge number."""
    return math.exp(min(loss / words, 700.0))


def sentence_log_likelihoods(model: Any, source: Tensor, source_lengths: list[int], target: Tensor) -> Tensor:
    """Return the log-likelihood of each target sentence given its source sentence, (b,).

    Args:
        model: an NMT.
        source: word indices, (src_len, b), sentences longest first.
        source_lengths: the number of words of each.
        target: word indices, (tgt_len, b), from <s> to </s>.
    """
    words_to_predict = int((target[1:] != model.vocab.tgt["<pad>"]).sum())
    scores, words, places = word_scores(model, Batch(source, source_lengths, target, words_to_predict))
    losses = F.cross_entropy(scores, words, reduction="none")
    sums = losses.new_zeros(target.size(1))
    return sums.index_add(0, places % target.size(1), -losses)


def word_scores(model: Any, batch: Batch, decode: Decode | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Return the scores of all target words for each word that is to be predicted; softmax makes them probabilities.

    <s> is given, not predicted, and padding is neither: on what isn't a word no time is spent.

    Returns:
        scores, (words, |tgt|); the right words' indices, (words,); and the place of each in target[1:], read row
        by row, (words,).
    """
    with torch.autocast(batch.source.device.type, enabled=False):  # cuDNN's LSTM would compute in fp16, not bf16
        enc_hiddens, dec_init_state = model.encode(batch.source, batch.source_lengths)
    enc_masks = padding_mask(enc_hiddens, batch.source_lengths)
    outputs = (decode or model.decode)(enc_hiddens, enc_masks, dec_init_state, batch.target)  # (tgt_len - 1, b, h)
    predicted = batch.target[1:].flatten()
    is_padding = predicted == model.vocab.tgt["<pad>"]
    places = is_padding.byte().argsort(stable=True)[: batch.words]  # nonzero() would wait for a GPU to count them
    scores = model.target_vocab_projection(outputs.flatten(0, 1)[places])
    return scores, predicted[places], places


def padding_mask(enc_hiddens: Tensor, source_lengths: list[int]) -> Tensor:
    """Return 1 where the source is padding and 0 where it is a word, (b, src_len), for enc_hiddens (b, src_len, 2h)."""
    position = torch.arange(enc_hiddens.size(1), device=enc_hiddens.device)
    lengths = torch.tensor(source_lengths)
    if enc_hiddens.is_cuda:  # a copy from memory that is not pinned would wait for all that the GPU has to do
        lengths = lengths.pin_memory().to(enc_hiddens.device, non_blocking=True)
    return (position >= lengths.unsqueeze(1)).to(enc_hiddens.dtype)
