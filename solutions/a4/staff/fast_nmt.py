"""NMT trained several times faster on a CPU: the same parameters and checkpoints, losses and gradients. For staff.

The plain model reads word by word, and autograd walks the same way back, adding to the gradient of every weight at
each word. Here what needs no word before is done for all words at once, and only the rest is a loop, forward and back:

1. An LSTM's gates are squashed from W_ih y_t + W_hh h_{t-1}. All W_ih y_t are one product, before the loop. In the
   decoder y_t = [x_t ; o_{t-1}] for the word's vector x_t, W_ih = [W_x W_o], and all W_x x_t are one product.
2. Attention's part of v_t = U_a a_t + U_h h_t, for a_t = Σ_i α_ti s_i over the source words i, is Σ_i α_ti (U_a s_i):
   all U_a s_i are one product, too.
3. The gradient of a weight is a sum over words of outer products. The loop back keeps their halves (`z_grad`), and
   one product of two matrices adds them up.
4. The softmax over the target words is taken of real words only, and turned into its gradient where it stands.
5. These products are oneDNN's where it is quicker (`product`).

In the comments x* is the gradient of the loss by x, ⊙ the product entry by entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from nmt_model import NMT, DecoderState

if TYPE_CHECKING:
    from fast_search import Searching
    from nmt.batches import Batch
    from nmt.beams import Decoder, Memory, Source

CAPABILITY = torch.backends.cpu.get_cpu_capability()


def product(x: Tensor, weight: Tensor) -> Tensor:
    """Return x weight^T, (rows, out), of (rows, in) and (out, in) or what `packed` made of it, without a gradient.

    `torch.mm` calls MKL, which uses AVX-512 on Intel's processors only: on others that have it, MKL's float32 products
    take twice as long as oneDNN's. PyTorch has both, and calls oneDNN where it compiles a model; its operator is here.
    """
    if by_onednn(x):
        if not (weight.is_mkldnn or weight.is_contiguous() or weight.t().is_contiguous()):
            weight = weight.contiguous()  # oneDNN is a hundred times slower on a part of wider rows
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
        return result
    return x @ weight.t()


def packed(weight: Tensor, rows: int) -> Tensor:
    """Return a weight as oneDNN wants it for products with about so many rows: it would be put so for each of them."""
    if not by_onednn(weight):
        return weight
    result: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
    return result


def by_onednn(x: Tensor) -> bool:
    """Return whether oneDNN is to multiply numbers like these here. Without AVX-512 MKL is a little quicker."""
    return x.dtype == torch.float32 and torch.backends.mkldnn.is_available() and CAPABILITY == "AVX512"


class Linear(Function):
    """x weight^T of (…, in) and (out, in)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        """Return (…, out)."""
        ctx.save_for_backward(x, weight)
        return product(x.flatten(0, -2), weight).unflatten(0, x.shape[:-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        """Return x* and weight*."""
        x, weight = ctx.saved_tensors
        rows = grad.flatten(0, -2)
        return product(rows, weight.t()).view_as(x), product(rows.t(), x.flatten(0, -2).t())


class WordLosses(Function):
    """-log p of the target words, p the softmax of x weight^T; with label smoothing as in F.cross_entropy."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, words: Tensor, smoothing: float) -> Tensor:
        """Return (words,) of x (words, h), weight (V, h) and the indices of words (words,)."""
        logits = product(x, weight)
        logits -= logits.amax(dim=1, keepdim=True)
        right = logits.gather(1, words.unsqueeze(1)).squeeze(1)
        share = smoothing / len(weight)  # of each word that is not meant
        aim = (1 - smoothing) * right + (share * logits.sum(dim=1) if smoothing else 0)
        total = logits.exp_().sum(dim=1)
        # logits* = p - (the distribution aimed at), here times total, so that exp(logits) is nowhere divided
        if smoothing:
            logits -= share * total.unsqueeze(1)
        logits.scatter_add_(1, words.unsqueeze(1), -(1 - smoothing) * total.unsqueeze(1))
        ctx.save_for_backward(x, weight, logits, total)
        return total.log() - aim

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return x* and weight*."""
        x, weight, logits_grad, total = ctx.saved_tensors
        scale = (grad / total).unsqueeze(1)
        return product(logits_grad, weight.t()) * scale, product(logits_grad.t(), (x * scale).t()), None, None


def squash(z: Tensor, c_before: Tensor, c: Tensor, tanh_c: Tensor, h: Tensor) -> None:
    """Squash an LSTM's four gates z (b, 4h) in place, and write its new state, in PyTorch's order of gates:

    i, f, g, q = σ(z_i), σ(z_f), tanh(z_g), σ(z_q);   c = f ⊙ c_before + i ⊙ g;   h = q ⊙ tanh(c)
    """
    i, f, g, q = z.chunk(4, dim=1)
    z[:, : 2 * i.size(1)].sigmoid_()
    torch.mul(f, c_before, out=c).addcmul_(i, g.tanh_())
    torch.mul(q.sigmoid_(), torch.tanh(c, out=tanh_c), out=h)


def slopes(gates: Tensor, cells_before: Tensor, tanh_cells: Tensor) -> tuple[Tensor, Tensor]:
    """Return, for all steps of an LSTM at once, what `unsquash` multiplies gradients by."""
    i, f, g, q = gates.chunk(4, dim=2)
    by_c = q * (1 - tanh_cells * tanh_cells)
    by_z = (g * i * (1 - i), cells_before * f * (1 - f), i * (1 - g * g), tanh_cells * q * (1 - q))
    return by_c, torch.stack(by_z, dim=2)  # (n, b, h), (n, b, 4, h)


def unsquash(h_grad: Tensor, c_grad: Tensor, gates: Tensor, by_c: Tensor, by_z: Tensor, z_grad: Tensor) -> None:
    """Go back through `squash`: make c*, in place, that of the state before, and write z* (b, 4, h).

    c* += h* ⊙ q ⊙ (1 - tanh²(c));   c_before* = c* ⊙ f
    z* = [c* ⊙ g ⊙ i(1 - i) ; c* ⊙ c_before ⊙ f(1 - f) ; c* ⊙ i ⊙ (1 - g²) ; h* ⊙ tanh(c) ⊙ q(1 - q)]
    """
    c_grad.addcmul_(h_grad, by_c)
    torch.mul(c_grad.unsqueeze(1), by_z[:, :3], out=z_grad[:, :3])
    torch.mul(h_grad, by_z[:, 3], out=z_grad[:, 3])
    c_grad *= gates.chunk(4, dim=1)[1]


class Reading(Function):
    """One direction of the encoder's LSTM, over sentences of different lengths, longest first."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, W_hh: Tensor, alive: list[int], backwards: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Return the hidden states, (n, b, h) and zero on padding, and the final hidden and cell state, (b, h).

        Args:
            ctx: keeps what the way back needs.
            x: W_ih y_t and the biases, (n, b, 4h).
            W_hh: (4h, h).
            alive: the number of sentences that are longer than t, for each t.
            backwards: from the last word to the first.
        """
        n, b, h = *x.shape[:2], W_hh.size(1)
        gates, hiddens = torch.zeros_like(x), x.new_zeros(n, b, h)
        before = x.new_zeros(2, n, b, h)  # of each step: the hidden and the cell state
        tanh_cells, state, cell = x.new_zeros(n, b, h), x.new_zeros(b, h), x.new_zeros(b, h)
        steps, weight = range(n)[:: -1 if backwards else 1], packed(W_hh, b)
        for t in steps:
            k = alive[t]
            before[0, t, :k], before[1, t, :k] = state[:k], cell[:k]
            torch.add(x[t, :k], product(state[:k], weight), out=gates[t, :k])
            squash(gates[t, :k], before[1, t, :k], cell[:k], tanh_cells[t, :k], state[:k])
            hiddens[t, :k] = state[:k]
        ctx.save_for_backward(gates, before, tanh_cells, W_hh)
        ctx.alive, ctx.steps = alive, steps
        return hiddens, state, cell

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, hiddens_grad: Tensor, h_grad: Tensor, c_grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return x* and W_hh*."""
        gates, before, tanh_cells, W_hh = ctx.saved_tensors
        by_c, by_z = slopes(gates, before[1], tanh_cells)
        z_grad, h_grad, c_grad = torch.zeros_like(by_z), h_grad.clone(), c_grad.clone()
        weight = packed(W_hh.t(), len(h_grad))
        for t in reversed(ctx.steps):
            k = ctx.alive[t]
            h_grad[:k] += hiddens_grad[t, :k]
            unsquash(h_grad[:k], c_grad[:k], gates[t, :k], by_c[t, :k], by_z[t, :k], z_grad[t, :k])
            h_grad[:k] = product(z_grad[t, :k].flatten(1), weight)
        x_grad = z_grad.flatten(2)
        return x_grad, product(x_grad.flatten(0, 1).t(), before[0].flatten(0, 1).t()), None, None


class Writing(Function):
    """The decoder's steps, n of them, with attention and input feeding (Luong et al., 2015).

    With o_0 = 0, r_t = [o_{t-1} ; h_{t-1}], R = [W_o W_hh], and for source words i of states s_i the rows W_att s_i of
    K and U_a s_i of P, and m_t what dropout multiplies by:

        z_t = x_t + R r_t;   h_t, c_t from z_t, c_{t-1} by `squash`
        e_t = K h_t, -inf on padding;   α_t = softmax(e_t)
        v_t = P^T α_t + U_h h_t;   o_t = m_t ⊙ tanh(v_t)
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, h_0: Tensor, c_0: Tensor, K: Tensor, P: Tensor, R: Tensor, U_h: Tensor,
        mask: Tensor, kept: Tensor,
    ) -> Tensor:  # fmt: skip
        """Return all o_t, (n, b, h).

        Args:
            ctx: keeps what the way back needs.
            x: W_x x_t and the biases, (n, b, 4h).
            h_0, c_0: the first state, (b, h) each.
            K, P: (b, src_len, h) each.
            R: (4h, 2h).
            U_h: (h, h).
            mask: 0, and -inf on padding, (b, 1, src_len).
            kept: m, (n, b, h).
        """
        n, b, h = kept.shape
        gates, alpha = torch.empty_like(x), x.new_empty(n, b, K.size(1))
        cells, tanh_cells, r = x.new_empty(n + 1, b, h), x.new_empty(n, b, h), x.new_zeros(n + 1, b, 2 * h)
        cells[0], r[0, :, h:] = c_0, h_0
        by_r, by_h = packed(R, b), packed(U_h, b)
        to_source = K.transpose(1, 2)  # a row times a matrix: MKL takes eight times as long for a matrix times a column
        for t in range(n):
            o_t, h_t = r[t + 1].chunk(2, dim=1)
            torch.add(x[t], product(r[t], by_r), out=gates[t])
            squash(gates[t], cells[t], cells[t + 1], tanh_cells[t], h_t)
            torch.softmax(torch.baddbmm(mask, h_t.unsqueeze(1), to_source).squeeze(1), dim=1, out=alpha[t])
            v_t = torch.bmm(alpha[t].unsqueeze(1), P).squeeze(1).add_(product(h_t, by_h))
            torch.mul(v_t.tanh_(), kept[t], out=o_t)
        ctx.save_for_backward(gates, alpha, cells, tanh_cells, r, K, P, R, U_h, kept)
        return r[1:, :, :h].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs_grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of what forward was given.

        From the last step to the first, with r_{t+1}* and c_t* of the step after (0 at first):

            o_t* += its part of r_{t+1}*;   v_t* = o_t* ⊙ m_t ⊙ (1 - tanh²(v_t))
            α_t* = P v_t*;   e_t* = α_t ⊙ (α_t* - α_t^T α_t*)
            h_t* = its part of r_{t+1}* + U_h^T v_t* + K^T e_t*
            z_t*, c_{t-1}* from h_t*, c_t* by `unsquash`;   r_t* = R^T z_t*
        """
        gates, alpha, cells, tanh_cells, r, K, P, R, U_h, kept = ctx.saved_tensors
        n, b, h = kept.shape
        outputs, hiddens = r[1:].chunk(2, dim=2)
        by_v = kept - outputs * outputs / kept.clamp(min=1)  # o_t = m_t ⊙ tanh(v_t), where m_t is 0 or at least 1
        by_c, by_z = slopes(gates, cells[:n], tanh_cells)
        z_grad, v_grad, e_grad = torch.empty_like(by_z), torch.empty_like(by_v), torch.empty_like(alpha)
        r_grad, c_grad = r.new_zeros(b, 2 * h), r.new_zeros(b, h)
        to_r, to_h = packed(R.t(), b), packed(U_h.t(), b)
        for t in reversed(range(n)):
            torch.mul(r_grad[:, :h].add_(outputs_grad[t]), by_v[t], out=v_grad[t])
            alpha_grad = torch.bmm(v_grad[t].unsqueeze(1), P.transpose(1, 2)).squeeze(1)
            inner = torch.linalg.vecdot(alpha[t], alpha_grad).unsqueeze(1)
            torch.mul(alpha[t], alpha_grad - inner, out=e_grad[t])
            h_grad = torch.bmm(e_grad[t].unsqueeze(1), K).squeeze(1)
            h_grad += r_grad[:, h:] + product(v_grad[t], to_h)
            unsquash(h_grad, c_grad, gates[t], by_c[t], by_z[t], z_grad[t])
            r_grad = product(z_grad[t].flatten(1), to_r)
        x_grad = z_grad.flatten(2)
        return (
            x_grad,
            r_grad[:, h:],
            c_grad,
            torch.bmm(e_grad.permute(1, 2, 0), hiddens.transpose(0, 1)),
            torch.bmm(alpha.permute(1, 2, 0), v_grad.transpose(0, 1)),
            product(x_grad.flatten(0, 1).t(), r[:n].flatten(0, 1).t()),
            product(v_grad.flatten(0, 1).t(), hiddens.flatten(0, 1).t()),
            None,
            None,
        )


class FastNMT(NMT):
    """NMT with a faster `encode`, `decode` and loss, and a faster step for beam search; `step` is the same.

    On a GPU it is NMT and no more: there nmt/capture.py makes the loop fast, and cuDNN the encoder.
    """

    def word_losses(self, batch: Batch, smoothing: float = 0.0) -> Tensor:
        """Return -log p of each real target word, in nats, (words,), as `nmt.likelihood.word_losses` does."""
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
        if source_padded.device.type != "cpu" or not torch.is_grad_enabled():  # PyTorch's own loop has no way back
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
            read.append(Reading.apply(x, W_hh, alive, suffix == "l0_reverse"))
        hiddens, last_hidden, last_cell = (torch.cat(both, dim=-1) for both in zip(*read, strict=True))
        return hiddens.transpose(0, 1), (self.h_projection(last_hidden), self.c_projection(last_cell))

    def decode(
        self, enc_hiddens: Tensor, enc_masks: Tensor | None, dec_init_state: DecoderState, target_padded: Tensor
    ) -> Tensor:
        """Return the combined output of each step, (tgt_len - 1, b, h), as NMT.decode does."""
        if target_padded.device.type != "cpu":
            return super().decode(enc_hiddens, enc_masks, dec_init_state, target_padded)
        e, h, cell = self.embed_size, self.hidden_size, self.decoder
        W_x, W_o = cell.weight_ih.split((e, h), dim=1)
        U_a, U_h = self.combined_output_projection.weight.split((2 * h, h), dim=1)
        x = Linear.apply(self.model_embeddings.target(target_padded[:-1]), W_x) + (cell.bias_ih + cell.bias_hh)
        K, P = Linear.apply(enc_hiddens, torch.cat((self.att_projection.weight, U_a))).chunk(2, dim=2)
        mask = K.new_zeros(len(K), 1, K.size(1))
        if enc_masks is not None:
            mask.masked_fill_(enc_masks.bool().unsqueeze(1), float("-inf"))
        kept = self.dropout(x.new_ones(*x.shape[:2], h))
        outputs: Tensor = Writing.apply(
            x, *dec_init_state, K, P, torch.cat((W_o, cell.weight_hh), dim=1), U_h.contiguous(), mask, kept
        )
        return outputs

    def beam_decoder(self, source: Source, memory: Memory) -> Searching | Decoder:
        """Return what takes a step for all rows of a beam search (nmt/beams.py)."""
        from fast_search import Searching
        from nmt.beams import Decoder

        on_cpu = source.hiddens.device.type == "cpu"
        return Searching(self, source, memory) if on_cpu else Decoder(self, source, memory)
