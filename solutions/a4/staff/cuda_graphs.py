"""The decoder's loop as one piece of work for a GPU.

A step of the decoder is some twenty small operations, and a GPU does each in less time than Python takes to ask for
it. A CUDA graph is a recording of all that was asked for, with the gradient's part; to replay it is one request. A
recording has fixed shapes, so batches are padded up to a few of them, and what comes out is cut back.
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
Decode = Callable[[Tensor, Tensor | None, DecoderState, Tensor], Tensor]
"""As `model.decode`, of enc_hiddens, enc_masks or None, dec_init_state and target_padded."""

Inputs = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""What `decode` is given, with masks, and both parts of the state one after the other."""

Record = Callable[[nn.Module, Inputs], Callable[..., Tensor]]
"""Returns what does as the module does, for inputs of the same shapes and types."""

SENTENCES, WORDS = 8, 4
"""Shapes are rounded up to multiples of these."""

RECORDINGS = 64
"""At most so many shapes are recorded. Each recording holds what comes out and the gradients, of a large model some
hundred MB; what is computed on the way is in memory that all share, for one is done with before another is replayed."""


def decoder(model: Any, record: Record | None = None, tell: Callable[[str], None] = note) -> Decode:
    """Return what does as `model.decode` does, and in training quicker on a GPU. On a CPU it is `model.decode`.

    Args:
        model: an NMT on its device. If its loop can't be recorded (it may look at the numbers, say), it runs as it is.
        record: how to record; the default is a CUDA graph on a GPU.
        tell: gets a line if it can't be recorded, or no more of it for want of memory.
    """
    if record is None and next(model.parameters()).device.type == "cpu":
        decode: Decode = model.decode
        return decode
    return Recorded(model, record or partial(cuda_graph, torch.cuda.graph_pool_handle()), tell)


class Recorded:
    """A model's `decode`, replayed from recordings, one for each shape."""

    def __init__(self, model: Any, record: Record, tell: Callable[[str], None]) -> None:
        self.model, self.record, self.tell = model, record, tell
        self.recordings: dict[tuple[object, ...], Callable[..., Tensor]] = {}
        self.room = RECORDINGS

    def __call__(
        self, enc_hiddens: Tensor, enc_masks: Tensor | None, dec_init_state: DecoderState, target_padded: Tensor
    ) -> Tensor:
        """Return the combined outputs, (tgt_len - 1, b, h). Take their gradient before you decode the next batch."""
        b, steps = enc_hiddens.size(0), len(target_padded) - 1
        if enc_hiddens.is_cuda and torch.is_autocast_enabled():
            enc_hiddens = enc_hiddens.bfloat16()  # once; autocast would copy all of it at each step
        if (self.room or self.recordings) and self.model.training and torch.is_grad_enabled():
            padding = self.model.vocab.tgt["<pad>"]
            inputs = rounded_up(enc_hiddens, enc_masks, dec_init_state, target_padded, padding)
            replay = self._recording(inputs)
            if replay is not None:
                return replay(*inputs)[:steps, :b]
        outputs: Tensor = self.model.decode(enc_hiddens, enc_masks, dec_init_state, target_padded)
        return outputs

    def _recording(self, inputs: Inputs) -> Callable[..., Tensor] | None:
        """Return the recording for inputs like these, made now if there is room; else None."""
        mixed = inputs[0].is_cuda and torch.is_autocast_enabled()
        key = (mixed, *((tensor.shape, tensor.dtype, tensor.requires_grad) for tensor in inputs))
        if key not in self.recordings and len(self.recordings) < self.room:
            try:
                self.recordings[key] = self.record(Loop(self.model, mixed), inputs)
            except RuntimeError as error:
                self.room = 0
                torch.cuda.empty_cache()  # what a recording that failed had taken; nothing without a GPU
                reason = str(error).partition("\n")[0]
                self.tell(f"can't record the decoder for the GPU; batches of new shapes run step by step: {reason}")
        return self.recordings.get(key)


class Loop(nn.Module):
    """`decode` as a module, with tensors for inputs: what a CUDA graph can be made of."""

    def __init__(self, model: Any, mixed: bool) -> None:
        super().__init__()
        self.model, self.mixed = model, mixed

    def forward(self, enc_hiddens: Tensor, enc_masks: Tensor, h_0: Tensor, c_0: Tensor, target: Tensor) -> Tensor:
        """Decode. In mixed precision, the 16-bit copies of weights are made here, once, and forgotten at the end."""
        with torch.autocast(enc_hiddens.device.type, torch.bfloat16, enabled=self.mixed):
            torch.clear_autocast_cache()
            outputs: Tensor = self.model.decode(enc_hiddens, enc_masks, (h_0, c_0), target)
            torch.clear_autocast_cache()
        return outputs


def cuda_graph(pool: Any, loop: nn.Module, inputs: Inputs) -> Callable[..., Tensor]:
    """Record a module for a GPU, forward and backward, in a pool of memory; raise RuntimeError if that can't be."""
    device = inputs[0].device
    samples = tuple(tensor.detach().clone().requires_grad_(tensor.requires_grad) for tensor in inputs)
    with (
        torch.cuda.device(device),
        torch.random.fork_rng([device], device_type="cuda"),  # dropout must not hang on when a shape was recorded
        torch.cuda.stream(torch.cuda.current_stream(device)),  # a recording that fails leaves its own stream current
        torch.autocast("cuda", enabled=False),  # the module says itself what it computes in
    ):
        rehearse(loop, samples)
        replay: Callable[..., Tensor] = torch.cuda.make_graphed_callables(
            loop, samples, allow_unused_input=True, pool=pool
        )
    return replay


def rehearse(loop: nn.Module, samples: tuple[Tensor, ...]) -> None:
    """Run a module once; raise RuntimeError if it waits for the GPU, before a recording is begun and spoilt by that."""
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
    """Pad what `decode` is given to the next larger shape: sentences of nothing, and padding after the words.

    The words added to a sentence are masked. Those of an added sentence are not: a softmax over nothing but minus
    infinity is no number, and its gradient would spoil all others.
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
