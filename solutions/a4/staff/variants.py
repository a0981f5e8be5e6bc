"""Variants of the model for the ablations: another attention, or one part left out.

With s the decoder's state and h a state of the encoder, attention scores a source word by sᵀh (dot), sᵀWh
(multiplicative, the reference) or vᵀ tanh(W₁h + W₂s) (additive).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nmt_model import NMT, DecoderState
from vocab import Vocab


@dataclass(frozen=True)
class Variant:
    """The choices that make a model."""

    about: str
    attention: str = "multiplicative"
    input_feeding: bool = True
    bidirectional: bool = True
    convolution: bool = True
    masks: bool = True


VARIANTS = {
    "reference": Variant("as in 1c to 1f: attention e = sᵀWh"),
    "dot": Variant("e = sᵀh, where h is the sum of both directions", attention="dot"),
    "additive": Variant("e = vᵀ tanh(W₁h + W₂s)", attention="additive"),
    "no-attention": Variant("a = 0: the final states must represent the whole sentence", attention="none"),
    "no-input-feeding": Variant("the decoder doesn't read the previous combined output", input_feeding=False),
    "one-direction": Variant("the encoder reads forward only, with 2h units", bidirectional=False),
    "no-convolution": Variant("the encoder reads the embeddings themselves", convolution=False),
    "no-masks": Variant("attention includes padding", masks=False),
}


class VariantNMT(NMT):
    """An NMT with one part changed. All vectors keep their sizes, so that nothing else differs."""

    def __init__(
        self, embed_size: int, hidden_size: int, vocab: Vocab, dropout_rate: float = 0.2, variant: Variant | None = None
    ) -> None:
        """Make the layers of a variant, by default those of the reference."""
        super().__init__(embed_size, hidden_size, vocab, dropout_rate)
        self.variant = variant or VARIANTS["reference"]
        if not self.variant.convolution:
            self.post_embed_cnn = nn.Identity()
        if not self.variant.bidirectional:
            self.encoder = nn.LSTM(embed_size, 2 * hidden_size)
        if self.variant.attention == "dot":  # a dot product needs h numbers instead of 2h
            self.att_projection = SumOfDirections()
        elif self.variant.attention == "none":
            self.att_projection = nn.Identity()
        elif self.variant.attention == "additive":  # att_projection is W₁
            self.att_query = nn.Linear(hidden_size, hidden_size, bias=False)  # W₂
            self.att_vector = nn.Linear(hidden_size, 1, bias=False)  # v

    def encode(self, source_padded: Tensor, source_lengths: list[int]) -> tuple[Tensor, DecoderState]:
        """Encode source sentences as NMT.encode does, or forward only."""
        if self.variant.bidirectional:
            return super().encode(source_padded, source_lengths)
        embedded = self.model_embeddings.source(source_padded)
        mixed = self.post_embed_cnn(embedded.permute(1, 2, 0)).permute(2, 0, 1)
        packed, (last_hidden, last_cell) = self.encoder(pack_padded_sequence(mixed, source_lengths))
        enc_hiddens, _ = pad_packed_sequence(packed, batch_first=True)
        return enc_hiddens, (self.h_projection(last_hidden[0]), self.c_projection(last_cell[0]))

    def step(
        self,
        Ybar_t: Tensor,
        dec_state: DecoderState,
        enc_hiddens: Tensor,
        enc_hiddens_proj: Tensor,
        enc_masks: Tensor | None,
    ) -> tuple[DecoderState, Tensor, Tensor]:
        """Take one step of the decoder as NMT.step does, except for the part that the variant changes."""
        if not self.variant.input_feeding:
            Ybar_t = torch.cat((Ybar_t[:, : self.embed_size], torch.zeros_like(Ybar_t[:, self.embed_size :])), dim=1)
        dec_state = self.decoder(Ybar_t, dec_state)
        h_dec, _ = dec_state
        e_t = self.scores(h_dec, enc_hiddens_proj)
        if enc_masks is not None and self.variant.masks:
            e_t = e_t.masked_fill(enc_masks.bool(), float("-inf"))
        a_t = torch.bmm(F.softmax(e_t, dim=1).unsqueeze(1), enc_hiddens).squeeze(1)
        if self.variant.attention == "none":
            a_t = torch.zeros_like(a_t)
        V_t = self.combined_output_projection(torch.cat((a_t, h_dec), dim=1))
        return dec_state, self.dropout(torch.tanh(V_t)), e_t

    def scores(self, h_dec: Tensor, enc_hiddens_proj: Tensor) -> Tensor:
        """Return the attention scores e_t, (b, src_len), for h_dec (b, h) and enc_hiddens_proj (b, src_len, h)."""
        if self.variant.attention == "none":
            return enc_hiddens_proj.new_zeros(enc_hiddens_proj.shape[:2])
        if self.variant.attention == "additive":
            return self.att_vector(torch.tanh(enc_hiddens_proj + self.att_query(h_dec).unsqueeze(1))).squeeze(2)
        return torch.bmm(enc_hiddens_proj, h_dec.unsqueeze(2)).squeeze(2)


class SumOfDirections(nn.Module):
    """Adds the backward half of encoder states (…, 2h) to the forward half."""

    def forward(self, states: Tensor) -> Tensor:
        """Return (…, h)."""
        forward, backward = states.chunk(2, dim=-1)
        return forward + backward
