"""Autograd functions of FastNMT: loss, encoder and decoder with hand-written gradients, on a CPU. For staff.

In the comments x* is the gradient of the loss with respect to x, ⊙ the element-wise product.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from products import prepacked, product


class WordLosses(Function):
    """-log p of the target words, p the softmax of x weight^T; with label smoothing as in F.cross_entropy."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, words: Tensor, smoothing: float) -> Tensor:
        """Return (words,) of x (words, h), weight (V, h) and the indices of words (words,)."""
        logits = product(x, weight)
        logits -= logits.amax(dim=1, keepdim=True)
        right = logits.gather(1, words.unsqueeze(1)).squeeze(1)
        share = smoothing / len(weight)  # of each word
        expected = (1 - smoothing) * right + (share * logits.sum(dim=1) if smoothing else 0)
        total = logits.exp_().sum(dim=1)
        # logits* = p - (target distribution), here times total, which saves dividing all of exp(logits)
        if smoothing:
            logits -= share * total.unsqueeze(1)
        logits.scatter_add_(1, words.unsqueeze(1), -(1 - smoothing) * total.unsqueeze(1))
        ctx.save_for_backward(x, weight, logits, total)
        return total.log() - expected

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return x* and weight*."""
        x, weight, logits_grad, total = ctx.saved_tensors
        scale = (grad / total).unsqueeze(1)
        return product(logits_grad, weight.t()) * scale, product(logits_grad.t(), (x * scale).t()), None, None


def lstm_cell(z: Tensor, c_before: Tensor, c: Tensor, tanh_c: Tensor, h: Tensor) -> None:
    """Apply an LSTM cell to its pre-activations z (b, 4h), in place, and write its new state; gates in PyTorch's order:

    i, f, g, q = σ(z_i), σ(z_f), tanh(z_g), σ(z_q);   c = f ⊙ c_before + i ⊙ g;   h = q ⊙ tanh(c)
    """
    i, f, g, q = z.chunk(4, dim=1)
    z[:, : 2 * i.size(1)].sigmoid_()
    torch.mul(f, c_before, out=c).addcmul_(i, g.tanh_())
    torch.mul(q.sigmoid_(), torch.tanh(c, out=tanh_c), out=h)


def lstm_cell_slopes(gates: Tensor, cells_before: Tensor, tanh_cells: Tensor) -> tuple[Tensor, Tensor]:
    """Return the derivatives that `lstm_cell_backward` multiplies with, for all steps of an LSTM at once."""
    i, f, g, q = gates.chunk(4, dim=2)
    by_c = q * (1 - tanh_cells * tanh_cells)
    by_z = (g * i * (1 - i), cells_before * f * (1 - f), i * (1 - g * g), tanh_cells * q * (1 - q))
    return by_c, torch.stack(by_z, dim=2)  # (n, b, h), (n, b, 4, h)


def lstm_cell_backward(
    h_grad: Tensor, c_grad: Tensor, gates: Tensor, by_c: Tensor, by_z: Tensor, z_grad: Tensor
) -> None:
    """Backpropagate through `lstm_cell`: turn c* into c_before*, in place, and write z* (b, 4, h).

    c* += h* ⊙ q ⊙ (1 - tanh²(c));   c_before* = c* ⊙ f
    z* = [c* ⊙ g ⊙ i(1 - i) ; c* ⊙ c_before ⊙ f(1 - f) ; c* ⊙ i ⊙ (1 - g²) ; h* ⊙ tanh(c) ⊙ q(1 - q)]
    """
    c_grad.addcmul_(h_grad, by_c)
    torch.mul(c_grad.unsqueeze(1), by_z[:, :3], out=z_grad[:, :3])
    torch.mul(h_grad, by_z[:, 3], out=z_grad[:, 3])
    c_grad *= gates.chunk(4, dim=1)[1]


class EncoderLSTM(Function):
    """One direction of the encoder's LSTM, over sentences of different lengths, longest first."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, W_hh: Tensor, alive: list[int], backwards: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Return the hidden states, (n, b, h) and zero on padding, and the final hidden and cell state, (b, h).

        Args:
            ctx: saves the tensors for backward.
            x: W_ih y_t and the biases, (n, b, 4h).
            W_hh: (4h, h).
            alive: the number of sentences that are longer than t, for each t.
            backwards: read from the last word to the first.
        """
        n, b, h = *x.shape[:2], W_hh.size(1)
        gates, hiddens = torch.zeros_like(x), x.new_zeros(n, b, h)
        before = x.new_zeros(2, n, b, h)  # of each step: the hidden and the cell state
        tanh_cells, state, cell = x.new_zeros(n, b, h), x.new_zeros(b, h), x.new_zeros(b, h)
        steps, weight = range(n)[:: -1 if backwards else 1], prepacked(W_hh, b)
        for t in steps:
            k = alive[t]
            before[0, t, :k], before[1, t, :k] = state[:k], cell[:k]
            torch.add(x[t, :k], product(state[:k], weight), out=gates[t, :k])
            lstm_cell(gates[t, :k], before[1, t, :k], cell[:k], tanh_cells[t, :k], state[:k])
            hiddens[t, :k] = state[:k]
        ctx.save_for_backward(gates, before, tanh_cells, W_hh)
        ctx.alive, ctx.steps = alive, steps
        return hiddens, state, cell

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, hiddens_grad: Tensor, h_grad: Tensor, c_grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return x* and W_hh*."""
        gates, before, tanh_cells, W_hh = ctx.saved_tensors
        by_c, by_z = lstm_cell_slopes(gates, before[1], tanh_cells)
        z_grad, h_grad, c_grad = torch.zeros_like(by_z), h_grad.clone(), c_grad.clone()
        weight = prepacked(W_hh.t(), len(h_grad))
        for t in reversed(ctx.steps):
            k = ctx.alive[t]
            h_grad[:k] += hiddens_grad[t, :k]
            lstm_cell_backward(h_grad[:k], c_grad[:k], gates[t, :k], by_c[t, :k], by_z[t, :k], z_grad[t, :k])
            h_grad[:k] = product(z_grad[t, :k].flatten(1), weight)
        x_grad = z_grad.flatten(2)
        return x_grad, product(x_grad.flatten(0, 1).t(), before[0].flatten(0, 1).t()), None, None


class AttentionDecoder(Function):
    """The decoder's steps, n of them, with attention and input feeding (Luong et al., 2015).

    With o_0 = 0, r_t = [o_{t-1} ; h_{t-1}], R = [W_o W_hh], and for source words i of states s_i the rows W_att s_i of
    K and U_a s_i of P, and m_t the dropout factors:

        z_t = x_t + R r_t;   h_t, c_t from z_t, c_{t-1} by `lstm_cell`
        e_t = K h_t, -inf on padding;   α_t = softmax(e_t)
        v_t = P^T α_t + U_h h_t;   o_t = m_t ⊙ tanh(v_t)
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, h_0: Tensor, c_0: Tensor, K: Tensor, P: Tensor, R: Tensor, U_h: Tensor,
        mask: Tensor, dropout_mask: Tensor,
    ) -> Tensor:  # fmt: skip
        """Return all o_t, (n, b, h).

        Args:
            ctx: saves the tensors for backward.
            x: W_x x_t and the biases, (n, b, 4h).
            h_0, c_0: the first state, (b, h) each.
            K, P: (b, src_len, h) each.
            R: (4h, 2h).
            U_h: (h, h).
            mask: 0, and -inf on padding, (b, 1, src_len).
            dropout_mask: m, (n, b, h).
        """
        n, b, h = dropout_mask.shape
        gates, alpha = torch.empty_like(x), x.new_empty(n, b, K.size(1))
        cells, tanh_cells, r = x.new_empty(n + 1, b, h), x.new_empty(n, b, h), x.new_zeros(n + 1, b, 2 * h)
        cells[0], r[0, :, h:] = c_0, h_0
        by_r, by_h = prepacked(R, b), prepacked(U_h, b)
        to_source = K.transpose(1, 2)  # row times matrix: MKL takes eight times as long for matrix times column
        for t in range(n):
            o_t, h_t = r[t + 1].chunk(2, dim=1)
            torch.add(x[t], product(r[t], by_r), out=gates[t])
            lstm_cell(gates[t], cells[t], cells[t + 1], tanh_cells[t], h_t)
            torch.softmax(torch.baddbmm(mask, h_t.unsqueeze(1), to_source).squeeze(1), dim=1, out=alpha[t])
            v_t = torch.bmm(alpha[t].unsqueeze(1), P).squeeze(1).add_(product(h_t, by_h))
            torch.mul(v_t.tanh_(), dropout_mask[t], out=o_t)
        ctx.save_for_backward(gates, alpha, cells, tanh_cells, r, K, P, R, U_h, dropout_mask)
        return r[1:, :, :h].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs_grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the arguments of forward.

        From the last step to the first, with r_{t+1}* and c_t* of the step after (0 at first):

            o_t* += its part of r_{t+1}*;   v_t* = o_t* ⊙ m_t ⊙ (1 - tanh²(v_t))
            α_t* = P v_t*;   e_t* = α_t ⊙ (α_t* - α_t^T α_t*)
            h_t* = its part of r_{t+1}* + U_h^T v_t* + K^T e_t*
            z_t*, c_{t-1}* from h_t*, c_t* by `lstm_cell_backward`;   r_t* = R^T z_t*
        """
        gates, alpha, cells, tanh_cells, r, K, P, R, U_h, dropout_mask = ctx.saved_tensors
        n, b, h = dropout_mask.shape
        outputs, hiddens = r[1:].chunk(2, dim=2)
        by_v = dropout_mask - outputs * outputs / dropout_mask.clamp(
            min=1
        )  # o_t = m_t ⊙ tanh(v_t), where m_t is 0 or at least 1
        by_c, by_z = lstm_cell_slopes(gates, cells[:n], tanh_cells)
        z_grad, v_grad, e_grad = torch.empty_like(by_z), torch.empty_like(by_v), torch.empty_like(alpha)
        r_grad, c_grad = r.new_zeros(b, 2 * h), r.new_zeros(b, h)
        to_r, to_h = prepacked(R.t(), b), prepacked(U_h.t(), b)
        for t in reversed(range(n)):
            torch.mul(r_grad[:, :h].add_(outputs_grad[t]), by_v[t], out=v_grad[t])
            alpha_grad = torch.bmm(v_grad[t].unsqueeze(1), P.transpose(1, 2)).squeeze(1)
            inner = torch.linalg.vecdot(alpha[t], alpha_grad).unsqueeze(1)
            torch.mul(alpha[t], alpha_grad - inner, out=e_grad[t])
            h_grad = torch.bmm(e_grad[t].unsqueeze(1), K).squeeze(1)
            h_grad += r_grad[:, h:] + product(v_grad[t], to_h)
            lstm_cell_backward(h_grad, c_grad, gates[t], by_c[t], by_z[t], z_grad[t])
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
