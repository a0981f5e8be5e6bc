"""The decoder's loop as CUDA graphs, one for each shape of batch. For staff: FastNMT uses them on a GPU.

A step of the decoder is about twenty small kernels, and a GPU runs each of them in less time than Python takes to
launch it. A CUDA graph is a recording of all launches, forward and backward; replaying it is a single launch. A graph
has fixed shapes, so batches are padded to a few shapes, and the outputs are cut back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nmt.corpus import note

DecoderState = tuple[Tensor, Tensor]
Decode = Callable[[Any, Tensor, Tensor | None, DecoderState, Tensor], Tensor]
"""`NMT.decode` as a function of the model, enc_hiddens, enc_masks or None, dec_init_state and target_padded."""

Inputs = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""The arguments of `decode` as tensors: enc_hiddens, enc_masks, h_0, c_0, target_padded."""

Record = Callable[[nn.Module, Inputs], Callable[..., Tensor]]
"""Returns a callable equivalent to the module, for inputs of the same shapes and types. Raises RuntimeError."""

SENTENCES, WORDS = 8, 4
"""Shapes are rounded up to multiples of these."""

MAX_GRAPHS = 64
"""Each graph holds its outputs and gradients, for a large model some hundred MB. The memory of intermediate results is
shared by all, since one graph has finished before another is replayed."""


class RecordedDecode:
    """A model's `decode`, replayed from CUDA graphs in training; anything that can't be recorded runs step by step."""

    def __init__(
        self, model: Any, decode: Decode, record: Record | None = None, warn: Callable[[str], None] = note
    ) -> None:
        """Start without graphs; each is recorded at the first batch of its shape.

        Args:
            model: an NMT on its device.
            decode: the method to record, as a function.
            record: by default as a CUDA graph.
            warn: called with one line if a recording fails, for example for want of memory, or because the loop
                reads numbers back from the GPU. After that no new shape is recorded.
        """
        self.model, self.decode, self.warn = model, decode, warn
        self.record = record or partial(cuda_graph, torch.cuda.graph_pool_handle())
        self.graphs: dict[tuple[object, ...], Callable[..., Tensor]] = {}
        self.max_graphs = MAX_GRAPHS

    def __call__(
        self, enc_hiddens: Tensor, enc_masks: Tensor | None, dec_init_state: DecoderState, target_padded: Tensor
    ) -> Tensor:
        """Return the combined outputs, (tgt_len - 1, b, h). Backpropagate before decoding the next batch."""
        b, steps = enc_hiddens.size(0), len(target_padded) - 1
        if enc_hiddens.is_cuda and torch.is_autocast_enabled():
            enc_hiddens = enc_hiddens.bfloat16()  # once; autocast would convert all of it at each step
        if (self.max_graphs or self.graphs) and self.model.training and torch.is_grad_enabled():
            padding = self.model.vocab.tgt["<pad>"]
            inputs = rounded_up(enc_hiddens, enc_masks, dec_init_state, target_padded, padding)
            replay = self._graph(inputs)
            if replay is not None:
                return replay(*inputs)[:steps, :b]
        return self.decode(self.model, enc_hiddens, enc_masks, dec_init_state, target_padded)

    def _graph(self, inputs: Inputs) -> Callable[..., Tensor] | None:
        """Return the graph for inputs of these shapes, recorded now if there is room for it, or None."""
        mixed = inputs[0].is_cuda and torch.is_autocast_enabled()
        # A graph reads the weights at their addresses: a model that was moved since then needs new graphs.
        addresses = tuple(weight.data_ptr() for weight in self.model.parameters())
        key = (mixed, addresses, *((tensor.shape, tensor.dtype, tensor.requires_grad) for tensor in inputs))
        if key not in self.graphs and len(self.graphs) < self.max_graphs:
            try:
                self.graphs[key] = self.record(Loop(self.model, self.decode, mixed), inputs)
            except RuntimeError as error:
                self.max_graphs = 0
                torch.cuda.empty_cache()  # frees the memory of the failed recording; does nothing without a GPU
                reason = str(error).partition("\n")[0]
                self.warn(f"can't record the decoder for the GPU; batches of new shapes run step by step: {reason}")
        return self.graphs.get(key)


class Loop(nn.Module):
    """`decode` as a module with tensors as inputs, which a CUDA graph can be made of."""

    def __init__(self, model: Any, decode: Decode, mixed: bool) -> None:
        super().__init__()
        self.model, self.decode, self.mixed = model, decode, mixed

    def forward(self, enc_hiddens: Tensor, enc_masks: Tensor, h_0: Tensor, c_0: Tensor, target: Tensor) -> Tensor:
        """Decode. In mixed precision the 16-bit copies of weights are made here, once, and dropped at the end."""
        with torch.autocast(enc_hiddens.device.type, torch.bfloat16, enabled=self.mixed):
            torch.clear_autocast_cache()
            outputs = self.decode(self.model, enc_hiddens, enc_masks, (h_0, c_0), target)
            torch.clear_autocast_cache()
        return outputs


def cuda_graph(pool: Any, loop: nn.Module, inputs: Inputs) -> Callable[..., Tensor]:
    """Record a module, forward and backward, as a CUDA graph in a memory pool. Raises RuntimeError."""
    device = inputs[0].device
    samples = tuple(tensor.detach().clone().requires_grad_(tensor.requires_grad) for tensor in inputs)
    with (
        torch.cuda.device(device),
        # Recording runs the loop several times. The draws of dropout in training must not depend on when a shape was
        # recorded, or a resumed run, which records again, would draw other masks.
        torch.random.fork_rng([device], device_type="cuda"),
        torch.cuda.stream(torch.cuda.current_stream(device)),  # a failed recording leaves its own stream current
        torch.autocast("cuda", enabled=False),  # the module itself sets its precision
    ):
        rehearse(loop, samples)
        replay: Callable[..., Tensor] = torch.cuda.make_graphed_callables(
            loop, samples, allow_unused_input=True, pool=pool
        )
    return replay


def rehearse(loop: nn.Module, samples: tuple[Tensor, ...]) -> None:
    """Run a module once. Raises RuntimeError if it waits for the GPU, which would spoil a recording under way."""
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        wanted = [tensor for tensor in (*samples, *loop.parameters()) if tensor.requires_grad]
        torch.autograd.grad(loop(*samples).sum(), wanted, allow_unused=True)
    finally:
        torch.cuda.set_sync_debug_mode(before)


def rounded_up(
    enc_hiddens: Tensor, enc_masks: Tensor | None, dec_init_state: DecoderState, target: Tensor, padding: int
) -> Inputs:
    """Pad the arguments of `decode` to the next larger shape, with empty sentences and padding words.

    The padding words of a sentence are masked. Those of an added sentence are not: the softmax of minus infinities
    only would be NaN, and its gradient would spoil all others.
    """
    b, src_len, _ = enc_hiddens.shape
    rows = -b % SENTENCES
    columns = -src_len % WORDS
    steps = -(len(target) - 1) % WORDS
    if enc_masks is None:
        enc_masks = enc_hiddens.new_zeros(b, src_len)
    masks = F.pad(F.pad(enc_masks, (0, columns), value=1), (0, 0, 0, rows))
    h_0, c_0 = (F.pad(part, (0, 0, 0, rows)) for part in dec_init_state)
    return (
        F.pad(enc_hiddens, (0, 0, 0, columns, 0, rows)),
        masks,
        h_0,
        c_0,
        F.pad(target, (0, rows, 0, steps), value=padding),
    )
