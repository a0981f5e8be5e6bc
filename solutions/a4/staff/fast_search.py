"""The decoder step of beam search with FastNMT's weights, for all rows at once, on a CPU. For staff."""

from __future__ import annotations

import torch
from torch import Tensor

from kernels import lstm_cell
from nmt.search import Beams, BeamState, EncodedSource
from nmt_model import NMT
from products import Linear, prepacked, product

BEAMS = 5
"""The usual number of rows per sentence, for `prepacked`."""


class FastBeamDecoder:
    """A faster `nmt.search.BeamDecoder`: NMT.step and the logits of the next word.

    W_x x_t is computed once for each word that occurs, and W_o o_{t-1} + W_hh h_{t-1} once for all rows that extend
    the same row. The rows of a sentence attend to the same source words, so attention is one product of matrices per
    sentence, and the source isn't copied for each row; sentences with fewer rows than others are padded with zeros.
    """

    def __init__(self, model: NMT, source: EncodedSource, state: BeamState) -> None:
        """Prepare the weights and the source; state is h_0, c_0 and o_0, (sentences, h) each."""
        e, h, cell = model.embed_size, model.hidden_size, model.decoder
        W_x, W_o = cell.weight_ih.split((e, h), dim=1)
        U_a, U_h = model.combined_output_projection.weight.split((2 * h, h), dim=1)
        V = model.target_vocab_projection.weight
        R = torch.cat((W_o, cell.weight_hh), dim=1)
        self.W_x, self.R, self.U_h, self.V = (prepacked(w, BEAMS * len(source.projected)) for w in (W_x, R, U_h, V))
        self.bias, self.embed = cell.bias_ih + cell.bias_hh, model.model_embeddings.target
        self.inputs, self.is_known = R.new_empty(len(V), 4 * h), torch.zeros(len(V), dtype=torch.bool)
        self.K, self.P = source.projected, Linear.apply(source.hiddens, U_a)
        self.mask = torch.zeros_like(source.masks).masked_fill_(source.masks.bool(), float("-inf")).unsqueeze(1)
        self.sentences = torch.arange(len(self.K))
        h_0, c_0, o_0 = state
        self.r, self.initial_state = torch.cat((o_0, h_0), dim=1), (c_0, self.sentences)

    def step(self, beams: Beams) -> tuple[BeamState, Tensor]:
        """Return what `BeamDecoder.step` does; the state is c_t, (rows, h), and the row of r_t = [o_t ; h_t]."""
        c_before, row = beams.state
        rows, which = row.unique(return_inverse=True)
        z = product(self.r.index_select(0, rows), self.R).index_select(0, which)
        z += self.input_gates(beams.words[:, -1])
        c, self.r = torch.empty_like(c_before), self.r.new_empty(len(c_before), self.r.size(1))
        o_t, h_t = self.r.chunk(2, dim=1)
        lstm_cell(z, c_before, c, torch.empty_like(c), h_t)
        torch.tanh(self.attend(h_t, beams.sentence).add_(product(h_t, self.U_h)), out=o_t)
        return (c, torch.arange(len(c))), product(o_t, self.V)

    def input_gates(self, words: Tensor) -> Tensor:
        """Return W_x x_t and the biases, (rows, 4h), for the indices of words (rows,)."""
        new = words[~self.is_known[words]].unique()
        if len(new):
            self.inputs[new] = product(self.embed(new), self.W_x).add_(self.bias)
            self.is_known[new] = True
        return self.inputs.index_select(0, words)

    def attend(self, h: Tensor, sentence: Tensor) -> Tensor:
        """Return U_a a_t, (rows, h), for decoder states (rows, h) and the sentence of each row."""
        sentences, s, rows = sentence.unique_consecutive(return_inverse=True, return_counts=True)
        if len(sentences) < len(self.sentences):  # some are finished
            unfinished = torch.searchsorted(self.sentences, sentences)
            self.sentences, self.K, self.P, self.mask = (
                part.index_select(0, unfinished) for part in (self.sentences, self.K, self.P, self.mask)
            )
        most = int(rows.max())
        place = torch.arange(len(s)) + (torch.arange(len(rows)) * most - (rows.cumsum(0) - rows))[s]
        queries = h.new_zeros(len(rows) * most, h.size(1)).index_copy_(0, place, h).view(len(rows), most, -1)
        alpha = torch.softmax(torch.baddbmm(self.mask, queries, self.K.transpose(1, 2)), dim=2)
        return torch.bmm(alpha, self.P).flatten(0, 1).index_select(0, place)
