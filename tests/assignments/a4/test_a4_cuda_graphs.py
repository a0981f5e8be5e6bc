"""The decoder's loop as CUDA graphs: here with a recording that only calls the loop, to see its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.support.tiny import Modules, Tiny


class Recorder:
    """Returns the loop itself, and notes the shapes of its inputs."""

    def __init__(self) -> None:
        self.shapes: list[list[tuple[int, ...]]] = []

    def __call__(self, loop: Any, inputs: tuple[Tensor, ...]) -> Callable[..., Tensor]:
        self.shapes.append([tuple(tensor.shape) for tensor in inputs])
        return loop


@pytest.fixture
def tiny(a4: Modules) -> Tiny:
    return Tiny(a4, number=30, dropout=0.0)


def recorded_decode(tiny: Tiny, model: Any, *arguments: Any) -> Any:
    return tiny.a4("cuda_graphs").RecordedDecode(model, type(model).decode, *arguments)


@pytest.mark.parametrize("size", [1, 5, 8, 9, 30])
@pytest.mark.parametrize("masks", [True, False])
def test_rounded_up_and_cut_back_it_is_the_same(tiny: Tiny, size: int, masks: bool) -> None:
    model, batch, record = tiny.model().double(), tiny.batch(size), Recorder()
    recorded = recorded_decode(tiny, model, record)
    found = []
    for decode in (model.decode, recorded):
        model.zero_grad()
        enc_hiddens, state = model.encode(batch.source, batch.source_lengths)
        enc_masks = model.generate_sent_masks(enc_hiddens, batch.source_lengths) if masks else None
        outputs = decode(enc_hiddens, enc_masks, state, batch.target)
        (outputs * torch.arange(outputs.numel()).view_as(outputs).sin()).sum().backward()
        grads = [weight.grad for weight in model.parameters() if weight.grad is not None]
        found.append([outputs, *grads])
    for plain, cut in zip(*found, strict=True):
        torch.testing.assert_close(cut, plain, rtol=1e-12, atol=1e-12)
    [(enc, mask, h_0, c_0, target)] = record.shapes
    assert enc[0] % 8 == enc[1] % 4 == (target[0] - 1) % 4 == 0
    assert enc[0] - batch.source.size(1) < 8
    assert mask == enc[:2] and h_0 == c_0 == (enc[0], 4) and target[1] == enc[0]


def test_similar_shapes_share_a_graph(tiny: Tiny) -> None:
    model, record = tiny.model(), Recorder()
    decode = recorded_decode(tiny, model, record)
    for b, src_len, tgt_len in [(5, 6, 8), (8, 8, 6), (3, 5, 9), (9, 5, 9), (3, 5, 10)]:
        state = (torch.zeros(b, 4), torch.zeros(b, 4))
        outputs = decode(torch.zeros(b, src_len, 8), None, state, torch.full((tgt_len, b), 1))
        assert outputs.shape == (tgt_len - 1, b, 4)
    assert [(shape[0], shape[-1]) for shape in record.shapes] == [
        ((8, 8, 8), (9, 8)),
        ((16, 8, 8), (9, 16)),
        ((8, 8, 8), (13, 8)),
    ]


def test_the_number_of_graphs_is_limited(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny.a4("cuda_graphs"), "MAX_GRAPHS", 2)
    model, record = tiny.model(), Recorder()
    decode = recorded_decode(tiny, model, record)
    for tgt_len in (2, 6, 10, 14, 6):
        outputs = decode(torch.zeros(3, 2, 8), None, (torch.zeros(3, 4),) * 2, torch.full((tgt_len, 3), 1))
        assert outputs.shape == (tgt_len - 1, 3, 4)
    assert len(record.shapes) == 2


def test_outside_training_nothing_is_recorded(tiny: Tiny) -> None:
    model, record = tiny.model(), Recorder()
    decode = recorded_decode(tiny, model, record)
    inputs = torch.zeros(3, 2, 8), None, (torch.zeros(3, 4),) * 2, torch.full((5, 3), 1)
    with torch.no_grad():
        decode(*inputs)
    model.eval()
    decode(*inputs)
    assert record.shapes == []


def test_a_loop_that_cannot_be_recorded_runs_step_by_step(tiny: Tiny) -> None:
    tries, warnings = [], []

    def fail(loop: Any, inputs: tuple[Tensor, ...]) -> Callable[..., Tensor]:
        tries.append(inputs)
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nand more")

    model = tiny.model()
    decode = recorded_decode(tiny, model, fail, warnings.append)
    inputs = torch.ones(3, 2, 8), None, (torch.zeros(3, 4),) * 2, torch.full((5, 3), 1)
    for _ in range(2):
        assert torch.equal(decode(*inputs), model.decode(*inputs))
    assert len(tries) == 1
    assert warnings == [
        "can't record the decoder for the GPU; batches of new shapes run step by step: "
        "CUDA error: operation not permitted when stream is capturing"
    ]


def test_graphs_stay_in_use_when_memory_is_exhausted(tiny: Tiny) -> None:
    warnings: list[str] = []
    first = Recorder()

    def record(loop: Any, inputs: tuple[Tensor, ...]) -> Callable[..., Tensor]:
        if first.shapes:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return lambda *given: first(loop, given)(*given)

    model = tiny.model()
    decode = recorded_decode(tiny, model, record, warnings.append)
    state = (torch.zeros(3, 4),) * 2
    for tgt_len in (5, 9, 13, 5):
        given = torch.ones(3, 2, 8), None, state, torch.full((tgt_len, 3), 1)
        torch.testing.assert_close(decode(*given), model.decode(*given))
    assert len(first.shapes) == 2 and len(warnings) == 1


def test_a_sentence_added_to_fill_the_batch_is_not_masked(tiny: Tiny) -> None:
    """A softmax over masked words only would be NaN."""
    rounded_up = tiny.a4("cuda_graphs").rounded_up
    state = (torch.ones(2, 4), torch.ones(2, 4))
    mask = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    enc, masks, h_0, _, target = rounded_up(torch.ones(2, 3, 8), mask, state, torch.full((4, 2), 5), 7)
    assert masks.tolist() == [[0, 0, 0, 1], [0, 0, 1, 1], *[[0, 0, 0, 0]] * 6]
    assert enc[2:].abs().sum() == enc[:, 3:].abs().sum() == h_0[2:].abs().sum() == 0
    assert (target == 5).sum() == 8 and (target == 7).sum() == target.numel() - 8


def test_before_a_recording_the_loop_is_rehearsed(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an error for operations that wait for the GPU, which would spoil a recording; this needs no GPU."""
    modes: list[Any] = []
    monkeypatch.setattr(torch.cuda, "get_sync_debug_mode", lambda: 0)
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", modes.append)
    graphs, model = tiny.a4("cuda_graphs"), tiny.model()
    inputs = torch.ones(3, 2, 8), torch.zeros(3, 2), torch.zeros(3, 4), torch.zeros(3, 4), torch.full((5, 3), 1)
    graphs.rehearse(graphs.Loop(model, type(model).decode, False), inputs)
    assert modes == ["error", 0]

    def waits(model: Any, *inputs: Tensor) -> Tensor:
        raise RuntimeError("called a synchronizing CUDA operation")

    with pytest.raises(RuntimeError, match="synchronizing"):
        graphs.rehearse(graphs.Loop(model, waits, False), inputs)
    assert modes == ["error", 0] * 2
    assert all(weight.grad is None for weight in model.parameters())


def test_a_model_that_was_moved_is_recorded_again(tiny: Tiny) -> None:
    """A graph reads the weights where they were."""
    model, record = tiny.model(), Recorder()
    decode = recorded_decode(tiny, model, record)
    inputs = torch.zeros(3, 2, 8), None, (torch.zeros(3, 4),) * 2, torch.full((5, 3), 1)
    decode(*inputs)
    decode(*inputs)
    assert len(record.shapes) == 1
    for weight in model.parameters():
        weight.data = weight.data.clone()
    decode(*inputs)
    assert len(record.shapes) == 2


def test_the_fast_model_replays_its_decoder_on_a_gpu_and_only_there(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The meta device stands for the GPU."""
    made: list[Any] = []

    def recorded(model: Any, decode: Any) -> Any:
        made.append((model, decode))
        return lambda *inputs: "replayed"

    monkeypatch.setattr(tiny.a4("fast_nmt"), "RecordedDecode", recorded)
    model, batch = tiny.a4("fast_nmt").FastNMT(5, 4, tiny.vocab, 0.0), tiny.batch()
    assert model.word_losses(batch).shape == (batch.words,)
    assert made == []
    target = batch.target.to("meta")
    assert [model.decode(None, None, (None, None), target) for _ in range(2)] == ["replayed"] * 2
    assert made == [(model, tiny.a4("nmt_model").NMT.decode)]
    assert model.state_dict().keys() == tiny.model().state_dict().keys()
