"""The step of a beam search with FastNMT (fast_nmt.py), for all rows at once, on a CPU. For staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from fast_nmt import FastNMT, Linear, packed, product, squash

if TYPE_CHECKING:
    from nmt.beams import Beams, Memory, Source

BEAMS = 5
"""About so many rows a sentence has in a beam search; `packed` wants to know."""


class Searching:
    """NMT.step and the scores of the next word, in a beam search.

    What a word's vector gives to the gates is computed once for each word that occurs, and what o_{t-1} and h_{t-1}
    give once for all rows that go on from the same one. The rows of a sentence look at the same source words, so
    attention is a product of matrices for each sentence, and nothing of the source is copied for each row; a sentence
    with fewer rows than another has rows of zeros instead.
    """

    def __init__(self, model: FastNMT, source: Source, memory: Memory) -> None:
        """Bring the weights and the source into the shapes that a step wants."""
        e, h, cell = model.embed_size, model.hidden_size, model.decoder
        W_x, W_o = cell.weight_ih.split((e, h), dim=1)
        U_a, U_h = model.combined_output_projection.weight.split((2 * h, h), dim=1)
        V = model.target_vocab_projection.weight
        R = torch.cat((W_o, cell.weight_hh), dim=1)
        self.W_x, self.R, self.U_h, self.V = (packed(w, BEAMS * len(source.projected)) for w in (W_x, R, U_h, V))
        self.bias, self.embed = cell.bias_ih + cell.bias_hh, model.model_embeddings.target
        self.read, self.is_read = R.new_empty(len(V), 4 * h), torch.zeros(len(V), dtype=torch.bool)
        self.K, self.P = source.projected, Linear.apply(source.hiddens, U_a)
        self.mask = torch.zeros_like(source.masks).masked_fill_(source.masks.bool(), float("-inf")).unsqueeze(1)
        self.sentences = torch.arange(len(self.K))
        h_0, c_0, o_0 = memory
        self.r, self.start = torch.cat((o_0, h_0), dim=1), (c_0, self.sentences)

    def step(self, beams: Beams) -> tuple[Memory, Tensor]:
        """Return what `nmt.beams.Decoder.step` does. What is carried: c_t, and the row of r_t = [o_t ; h_t]."""
        c_before, row = beams.memory
        rows, which = row.unique(return_inverse=True)
        z = product(self.r.index_select(0, rows), self.R).index_select(0, which).add_(self.words(beams.words[:, -1]))
        c, self.r = torch.empty_like(c_before), self.r.new_empty(len(c_before), self.r.size(1))
        o_t, h_t = self.r.chunk(2, dim=1)
        squash(z, c_before, c, torch.empty_like(c), h_t)
        torch.tanh(self.attend(h_t, beams.sentence).add_(product(h_t, self.U_h)), out=o_t)
        return (c, torch.arange(len(c))), product(o_t, self.V)

    def words(self, words: Tensor) -> Tensor:
        """Return W_x x_t and the biases, (rows, 4h), for the indices of words (rows,)."""
        new = words[~self.is_read[words]].unique()
        if len(new):
            self.read[new] = product(self.embed(new), self.W_x).add_(self.bias)
            self.is_read[new] = True
        return self.read.index_select(0, words)

    def attend(self, h: Tensor, sentence: Tensor) -> Tensor:
        """Return U_a a_t, (rows, h), for states of the decoder (rows, h) and the sentence of each row."""
        sentences, s, rows = sentence.unique_consecutive(return_inverse=True, return_counts=True)
        if len(sentences) < len(self.sentences):  # some are finished
            going_on = torch.searchsorted(self.sentences, sentences)
            self.sentences, self.K, self.P, self.mask = (
                part.index_select(0, going_on) for part in (self.sentences, self.K, self.P, self.mask)
            )
        most = int(rows.max())
        place = torch.arange(len(s)) + (torch.arange(len(rows)) * most - (rows.cumsum(0) - rows))[s]
        queries = h.new_zeros(len(rows) * most, h.size(1)).index_copy_(0, place, h).view(len(rows), most, -1)
        alpha = torch.softmax(torch.baddbmm(self.mask, queries, self.K.transpose(1, 2)), dim=2)
        return torch.bmm(alpha, self.P).flatten(0, 1).index_select(0, place)
