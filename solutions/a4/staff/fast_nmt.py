"""NMT trained several times faster: the same parameters and checkpoints, losses and gradients. For staff.

On a CPU the plain model reads word by word, and autograd walks back the same way, adding to the gradient of every
weight at each word. Here everything that doesn't depend on the previous word is computed for all words at once, and
only the rest is a loop, forward and backward:

1. An LSTM's gates are functions of W_ih y_t + W_hh h_{t-1}. All W_ih y_t are one product, before the loop. In the
   decoder y_t = [x_t ; o_{t-1}] for the word's embedding x_t, W_ih = [W_x W_o], and all W_x x_t are one product.
2. Attention's part of v_t = U_a a_t + U_h h_t, for a_t = Σ_i α_ti s_i over the source words i, is Σ_i α_ti (U_a s_i):
   all U_a s_i are one product, too.
3. The gradient of a weight is a sum of outer products over words. The backward loop keeps their factors (`z_grad`),
   and one product of two matrices sums them.
4. The softmax over the target vocabulary skips padding, and is turned into its gradient in place.
5. These products use oneDNN where it is faster (products.py).

The loops are in kernels.py, and the beam search's step in fast_search.py.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from cuda_graphs import RecordedDecode
from fast_search import FastBeamDecoder
from kernels import AttentionDecoder, EncoderLSTM, WordLosses
from nmt.batches import Batch
from nmt.losses import word_logits
from nmt.search import BeamDecoder, BeamState, EncodedSource
from nmt_model import NMT, DecoderState
from products import Linear


class FastNMT(NMT):
    """NMT with a faster `encode`, `decode`, loss and beam search on a CPU; `step` is the same.

    On a GPU the decoder's loop runs as CUDA graphs (cuda_graphs.py), and cuDNN runs the encoder as in NMT.
    """

    _recorded: RecordedDecode | None = None

    def word_losses(self, batch: Batch, smoothing: float = 0.0) -> Tensor:
        """Return the cross-entropy of each target word, in nats, (words,): see `nmt.losses.word_losses`."""
        if batch.source.device.type != "cpu":
            logits, words, _ = word_logits(self, batch)
            return F.cross_entropy(logits, words, reduction="none", label_smoothing=smoothing)
        enc_hiddens, dec_init_state = self.encode(batch.source, batch.source_lengths)
        enc_masks = self.generate_sent_masks(enc_hiddens, batch.source_lengths)
        outputs = self.decode(enc_hiddens, enc_masks, dec_init_state, batch.target)
        predicted = batch.target[1:].flatten()
        [real] = torch.nonzero(predicted != self.vocab.tgt["<pad>"], as_tuple=True)
        outputs = outputs.flatten(0, 1).index_select(0, real)
        losses: Tensor = WordLosses.apply(outputs, self.target_vocab_projection.weight, predicted[real], smoothing)
        return losses

    def encode(self, source_padded: Tensor, source_lengths: list[int]) -> tuple[Tensor, DecoderState]:
        """Return enc_hiddens, (b, src_len, 2h), and the decoder's first state, (b, h) twice, as NMT.encode does."""
        if source_padded.device.type != "cpu" or not torch.is_grad_enabled():  # PyTorch's is faster without gradients
            return super().encode(source_padded, source_lengths)
        if source_lengths != sorted(source_lengths, reverse=True):
            raise ValueError(f"source_lengths: expected the longest sentence first, got {source_lengths}")
        source_padded = source_padded[: source_lengths[0]]
        embedded = self.model_embeddings.source(source_padded)
        mixed = self.post_embed_cnn(embedded.permute(1, 2, 0)).permute(2, 0, 1)
        alive = [sum(length > t for length in source_lengths) for t in range(len(source_padded))]
        read = []
        for suffix in ("l0", "l0_reverse"):
            W_ih, W_hh, b_ih, b_hh = (
                getattr(self.encoder, f"{name}_{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            x = Linear.apply(mixed, W_ih) + (b_ih + b_hh)
            read.append(EncoderLSTM.apply(x, W_hh, alive, suffix == "l0_reverse"))
        hiddens, last_hidden, last_cell = (torch.cat(both, dim=-1) for both in zip(*read, strict=True))
        return hiddens.transpose(0, 1), (self.h_projection(last_hidden), self.c_projection(last_cell))

    def decode(
        self, enc_hiddens: Tensor, enc_masks: Tensor | None, dec_init_state: DecoderState, target_padded: Tensor
    ) -> Tensor:
        """Return the combined output of each step, (tgt_len - 1, b, h), as NMT.decode does."""
        if target_padded.device.type != "cpu":
            if self._recorded is None:
                self._recorded = RecordedDecode(self, NMT.decode)
            return self._recorded(enc_hiddens, enc_masks, dec_init_state, target_padded)
        e, h, cell = self.embed_size, self.hidden_size, self.decoder
        W_x, W_o = cell.weight_ih.split((e, h), dim=1)
        U_a, U_h = self.combined_output_projection.weight.split((2 * h, h), dim=1)
        x = Linear.apply(self.model_embeddings.target(target_padded[:-1]), W_x) + (cell.bias_ih + cell.bias_hh)
        K, P = Linear.apply(enc_hiddens, torch.cat((self.att_projection.weight, U_a))).chunk(2, dim=2)
        mask = K.new_zeros(len(K), 1, K.size(1))
        if enc_masks is not None:
            mask.masked_fill_(enc_masks.bool().unsqueeze(1), float("-inf"))
        dropout_mask = self.dropout(x.new_ones(*x.shape[:2], h))
        outputs: Tensor = AttentionDecoder.apply(
            x, *dec_init_state, K, P, torch.cat((W_o, cell.weight_hh), dim=1), U_h.contiguous(), mask, dropout_mask
        )
        return outputs

    def beam_decoder(self, source: EncodedSource, state: BeamState) -> FastBeamDecoder | BeamDecoder:
        """Return the decoder for a beam search: see `nmt.search.begin`."""
        on_cpu = source.hiddens.device.type == "cpu"
        return FastBeamDecoder(self, source, state) if on_cpu else BeamDecoder(self, source, state)
