"""Beams: the unfinished translations of many sentences as rows of one batch, and their extension by one word.

Among equal scores the first row and word wins, so that the translation of a sentence doesn't depend on the other
sentences of its batch. `torch.topk` alone promises no order among equals.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from nmt.losses import padding_mask

Fields = TypeVar("Fields", bound=NamedTuple)
BeamState = tuple[Tensor, ...]
"""What the decoder carries from word to word, one row each. `BeamDecoder` carries h_t, c_t and o_t, (rows, h)."""


class Beams(NamedTuple):
    """The unfinished translations of all sentences as rows: those of a sentence are adjacent, best first."""

    sentence: Tensor
    """The sentence that a row translates, an index, (rows,), ascending."""
    scores: Tensor
    """The log-probability of its words, (rows,)."""
    words: Tensor
    """Their indices, from <s> on, (rows, number of words)."""
    state: BeamState


class EncodedSource(NamedTuple):
    """The encoder's output that attention reads, for each sentence or for each row."""

    hiddens: Tensor
    """(rows, src_len, 2h)."""
    projected: Tensor
    """The same through att_projection, (rows, src_len, h)."""
    masks: Tensor
    """1 on padding, else 0, (rows, src_len)."""


class Extensions(NamedTuple):
    """Beams extended by one word each, in the order of Beams, n of them."""

    row: Tensor
    """The row of the beam, (n,)."""
    word: Tensor
    """The index of the new word, (n,)."""
    score: Tensor
    """The log-probability of all words including the new one, (n,)."""


def begin(model: Any, sentences: list[list[int]]) -> tuple[EncodedSource, Beams]:
    """Encode sentences, word indices with the longest sentence first; return one beam for each, which holds <s>."""
    weight = model.model_embeddings.target.weight
    lengths = [len(sentence) for sentence in sentences]
    padding = model.vocab.src["<pad>"]
    padded = pad_sequence([torch.tensor(sentence) for sentence in sentences], padding_value=padding).to(weight.device)
    hiddens, (h_0, c_0) = model.encode(padded, lengths)
    h_0, c_0 = h_0.to(weight.dtype), c_0.to(weight.dtype)
    number = torch.arange(len(sentences), device=weight.device)
    scores = torch.zeros(len(sentences), dtype=torch.promote_types(weight.dtype, torch.float32), device=weight.device)
    starts = torch.full_like(number, model.vocab.tgt["<s>"]).unsqueeze(1)
    beams = Beams(number, scores, starts, (h_0, c_0, torch.zeros_like(h_0)))
    return EncodedSource(hiddens, model.att_projection(hiddens), padding_mask(hiddens, lengths)), beams


class BeamDecoder:
    """Runs a model's decoder, one step for all rows at once."""

    def __init__(self, model: Any, source: EncodedSource, state: BeamState) -> None:
        self.model, self.source = model, source
        self.initial_state = state
        self.source_of_rows, self.sentence = source, torch.arange(len(source.hiddens), device=source.hiddens.device)

    def step(self, beams: Beams) -> tuple[BeamState, Tensor]:
        """Read the last word of each row.

        Returns:
            The new decoder state, and the logits of the next word, (rows, |tgt|).
        """
        if not torch.equal(self.sentence, beams.sentence):  # copy the source only when rows came or went
            self.source_of_rows, self.sentence = take_rows(self.source, beams.sentence), beams.sentence
        h, c, o_prev = beams.state
        Y_t = self.model.model_embeddings.target(beams.words[:, -1])
        (h, c), o_t, _ = self.model.step(torch.cat((Y_t, o_prev), dim=1), (h, c), *self.source_of_rows)
        h, c, o_t = (part.to(Y_t.dtype) for part in (h, c, o_t))  # a student's step may compute in another precision
        return (h, c, o_t), self.model.target_vocab_projection(o_t)


def beam_decoder(model: Any, source: EncodedSource, state: BeamState) -> Any:
    """Return a `BeamDecoder`, or the result of the model's method `beam_decoder(source, state)` if it has one.

    That must have `initial_state` and `step` too; it may carry another state.
    """
    if hasattr(model, "beam_decoder"):
        return model.beam_decoder(source, state)
    return BeamDecoder(model, source, state)


def select_best(beams: Beams, scores: Tensor, widths: Tensor) -> Extensions:
    """Return the best extensions of each sentence; among equal scores the first row and word wins.

    Args:
        beams: the unfinished translations.
        scores: the log-probability of each row's words with each possible next word, (rows, |tgt|). Entries that
            are minus infinity, and rows that are NaN, are never selected.
        widths: how many extensions to select for each sentence, (sentences,); it has no more rows than that.
    """
    # A stable sort of all scores would take longer than the decoder's step, and top-k alone leaves it open which of
    # equal scores it returns: so only the few scores that reach a threshold are sorted.
    enough = threshold(beams.sentence, scores, widths).clamp(min=torch.finfo(scores.dtype).min)
    row, word = (scores >= enough[beams.sentence].unsqueeze(1)).nonzero(as_tuple=True)
    score = scores[row, word]
    order = score.argsort(descending=True, stable=True)
    order = order[beams.sentence[row[order]].argsort(stable=True)]
    sentence = beams.sentence[row[order]]
    rank = torch.arange(len(order), device=order.device) - torch.searchsorted(sentence, sentence)
    return take_rows(Extensions(row, word, score), order[rank < widths[sentence]])


def threshold(sentence: Tensor, scores: Tensor, k: Tensor) -> Tensor:
    """Return a score of each sentence that at least k of its scores reach, but not many more, (sentences,).

    It is the k-th highest of the rows' maxima, which are found several times faster than the k highest scores. Where a
    sentence has fewer rows than k, as in the first step, all rows are cut into chunks, and each chunk has a maximum.
    The threshold is minus infinity for a sentence with fewer than k maxima.

    Args:
        sentence: the sentence of each row, (rows,), ascending.
        scores: (rows, |tgt|).
        k: (sentences,).
    """
    rows = rows_per_sentence(sentence, k)
    most = int(rows.max())
    chunks = int(((k + rows - 1) // rows.clamp(min=1)).where(rows > 0, 1).max())
    chunks = min(chunks, scores.size(1))
    width = scores.size(1) // chunks  # the columns left over don't matter: any k scores make a threshold
    maxima = scores[:, : chunks * width].unflatten(1, (chunks, width)).amax(dim=2)
    maxima = maxima.nan_to_num(nan=float("-inf"), neginf=float("-inf"))
    rank = torch.arange(len(sentence), device=sentence.device) - (rows.cumsum(0) - rows)[sentence]
    of_sentence = maxima.new_full((len(k) * most, chunks), float("-inf"))
    of_sentence = of_sentence.index_copy_(0, sentence * most + rank, maxima).view(len(k), -1)
    best = of_sentence.sort(dim=1, descending=True).values
    kth = best.gather(1, (k.clamp(1, best.size(1)) - 1).unsqueeze(1)).squeeze(1)
    return kth.where(k <= best.size(1), float("-inf"))


def rows_per_sentence(sentence: Tensor, like: Tensor) -> Tensor:
    """Return the number of rows of each sentence, (sentences,) as `like`. `bincount` would wait for the GPU twice."""
    return torch.zeros_like(like).index_add_(0, sentence, torch.ones_like(sentence))


def advance(beams: Beams, state: BeamState, extensions: Extensions) -> Beams:
    """Return the extended beams; state is the decoder's after reading the last word of each row of beams."""
    row, word, score = extensions
    words = torch.cat((beams.words[row], word.unsqueeze(1)), dim=1)
    return Beams(beams.sentence[row], score, words, tuple(part.index_select(0, row) for part in state))


def take_rows(fields: Fields, rows: Tensor) -> Fields:
    """Return a tuple of tensors with these rows of each, in this order; a row may occur several times."""
    return type(fields)(*(part.index_select(0, rows) for part in fields))
