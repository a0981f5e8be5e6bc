"""The fast model is the plain one: losses, gradients, checkpoints, translations."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graders.course.assignment import handout_folder, load_assignment
from graders.course.stubs import derive_stubs
from tests.support.tiny import Modules, Tiny

DOUBLE = {"rtol": 1e-10, "atol": 1e-12}
CAPABILITIES = ["AVX2", "AVX512"]
"""By which products.py chooses between MKL and oneDNN; both work here."""
SINGLE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def tiny(a4: Modules) -> Tiny:
    return Tiny(a4, number=12)


@pytest.fixture(scope="module")
def kernels(a4: Modules) -> ModuleType:
    return a4("kernels")


def models(tiny: Tiny, dropout: float = 0.0, dtype: torch.dtype = torch.float64) -> tuple[Any, Any]:
    """A plain model and a fast one, of the same weights."""
    torch.manual_seed(0)
    plain = tiny.a4("nmt_model").NMT(5, 4, tiny.vocab, dropout)
    tiny.a4("nmt.recipe").initialise(plain, replace(tiny.recipe, uniform_init=1.0))
    fast = tiny.a4("fast_nmt").FastNMT(5, 4, tiny.vocab, dropout)
    fast.load_state_dict(plain.state_dict())
    return plain.to(dtype), fast.to(dtype)


def batch_of(tiny: Tiny, lengths: list[tuple[int, int]]) -> Any:
    """Sentences of these lengths, drawn from all words."""
    dice = torch.Generator().manual_seed(1)
    src, tgt = tiny.vocab.src, tiny.vocab.tgt

    def words(number: int, entry: Any) -> list[int]:
        return torch.randint(4, len(entry), (number,), generator=dice).tolist()

    pairs = [(words(m, src), [tgt["<s>"], *words(n, tgt), tgt["</s>"]]) for m, n in lengths]
    return tiny.a4("nmt.batches").make_batch(pairs, (src["<pad>"], tgt["<pad>"]))


def plain_losses(tiny: Tiny, model: Any, batch: Any, smoothing: float) -> Tensor:
    """As the course would: over everything, padding thrown away at the end."""
    enc_hiddens, state = model.encode(batch.source, batch.source_lengths)
    enc_masks = model.generate_sent_masks(enc_hiddens, batch.source_lengths)
    scores = model.target_vocab_projection(model.decode(enc_hiddens, enc_masks, state, batch.target))
    predicted = batch.target[1:]
    losses = F.cross_entropy(scores.movedim(2, 1), predicted, reduction="none", label_smoothing=smoothing)
    return losses[predicted != tiny.vocab.tgt["<pad>"]]


def backward(model: Any, losses: Tensor) -> list[Tensor]:
    """Return all gradients, of losses weighted differently."""
    model.zero_grad()
    (losses * torch.linspace(0.5, 1.5, len(losses), dtype=losses.dtype)).sum().backward()
    return [weight.grad for weight in model.parameters()]


@settings(max_examples=25)
@given(
    lengths=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 4)), min_size=1, max_size=5),
    smoothing=st.sampled_from([0.0, 0.1]),
    dtype=st.sampled_from([torch.float64, torch.float32]),
    capability=st.sampled_from(CAPABILITIES),
)
def test_losses_and_gradients_of_all_weights_are_the_same(
    tiny: Tiny, lengths: list[tuple[int, int]], smoothing: float, dtype: torch.dtype, capability: str
) -> None:
    plain, fast = models(tiny, dtype=dtype)
    batch = batch_of(tiny, lengths)
    close = DOUBLE if dtype == torch.float64 else SINGLE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny.a4("products"), "CAPABILITY", capability)
        expected, losses = plain_losses(tiny, plain, batch, smoothing), fast.word_losses(batch, smoothing)
        assert losses.shape == (batch.words,)
        torch.testing.assert_close(losses, expected, **close)
        for name, ours, theirs in zip(
            dict(plain.named_parameters()), backward(fast, losses), backward(plain, expected), strict=True
        ):
            torch.testing.assert_close(ours, theirs, **close, msg=lambda said, name=name: f"{name}: {said}")


def test_a_mistake_in_the_gradient_would_show(tiny: Tiny, kernels: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(h_grad: Tensor, c_grad: Tensor, *others: Tensor) -> None:
        right(h_grad, c_grad, *others)
        c_grad.zero_()

    right = kernels.lstm_cell_backward
    monkeypatch.setattr(kernels, "lstm_cell_backward", forgetful)
    with pytest.raises(AssertionError, match="model_embeddings"):
        test_losses_and_gradients_of_all_weights_are_the_same.hypothesis.inner_test(
            tiny, [(3, 3)], 0.0, torch.float64, "AVX2"
        )


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_the_gradient_of_the_decoder_is_the_numerical_one(kernels: ModuleType, dropout: float) -> None:
    torch.manual_seed(2)
    n, b, src_len, h = 3, 2, 4, 3
    sizes = [(n, b, 4 * h), (b, h), (b, h), (b, src_len, h), (b, src_len, h), (4 * h, 2 * h), (h, h)]
    inputs = [torch.randn(size, dtype=torch.float64, requires_grad=True) for size in sizes]
    mask = torch.zeros(b, 1, src_len, dtype=torch.float64)
    mask[1, :, 2:] = float("-inf")
    kept = F.dropout(torch.ones(n, b, h, dtype=torch.float64), dropout)
    assert torch.autograd.gradcheck(lambda *given: kernels.AttentionDecoder.apply(*given, mask, kept), inputs)


@pytest.mark.parametrize("backwards", [False, True])
def test_the_gradient_of_the_encoder_is_the_numerical_one(kernels: ModuleType, backwards: bool) -> None:
    torch.manual_seed(3)
    inputs = [torch.randn(size, dtype=torch.float64, requires_grad=True) for size in [(4, 3, 8), (8, 2)]]
    assert torch.autograd.gradcheck(lambda *given: kernels.EncoderLSTM.apply(*given, [3, 2, 2, 1], backwards), inputs)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_gradient_of_the_losses_is_the_numerical_one(kernels: ModuleType, smoothing: float) -> None:
    torch.manual_seed(4)
    inputs = [torch.randn(size, dtype=torch.float64, requires_grad=True) for size in [(5, 3), (7, 3)]]
    words = torch.tensor([0, 6, 2, 2, 5])
    assert torch.autograd.gradcheck(lambda *given: kernels.WordLosses.apply(*given, words, smoothing), inputs)


def test_losses_of_huge_scores_are_finite(kernels: ModuleType) -> None:
    x = torch.tensor([[1e4], [-1e4]])
    losses = kernels.WordLosses.apply(x, torch.tensor([[1.0], [-1.0]]), torch.tensor([0, 0]), 0.0)
    assert losses.tolist() == [0.0, 2e4]


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("wide", [False, True])
def test_products_of_any_layout_are_right(
    a4: Modules, wide: bool, capability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = a4("products")
    monkeypatch.setattr(products, "CAPABILITY", capability)
    torch.manual_seed(5)
    x, weight = torch.randn(6, 10), torch.randn(7, 20)
    cases = [(x, weight[:, :10]), (x, weight[:, 10:]), (x[:, :4], weight[:, 5:9]), (x.t(), weight[:6, :6])]
    for left, right in cases if wide else [(x, weight[:, :10].contiguous()), (x, torch.randn(10, 3).t())]:
        torch.testing.assert_close(products.product(left, right), left @ right.t())
        torch.testing.assert_close(products.product(left, products.prepacked(right, 6)), left @ right.t())


def test_dropout_falls_on_the_outputs_as_in_the_plain_model(tiny: Tiny) -> None:
    """The same share of zeros, others scaled; another mask at each step and call; none when it is switched off."""
    plain, fast = models(tiny, dropout=0.5)
    batch = batch_of(tiny, [(4, 40)] * 20)
    enc_hiddens, state = fast.encode(batch.source, batch.source_lengths)
    one, other = (fast.decode(enc_hiddens, None, state, batch.target) for _ in range(2))
    for outputs in (one, other, plain.decode(enc_hiddens, None, state, batch.target)):
        assert abs((outputs == 0).double().mean() - 0.5) < 0.05
        assert 1 < outputs.abs().max() <= 2
    assert ((one == 0) != (other == 0)).any()
    assert ((one[0] == 0) != (one[1] == 0)).any()
    ours, theirs = (model.eval().decode(enc_hiddens, None, state, batch.target) for model in (fast, plain))
    torch.testing.assert_close(ours, theirs, **DOUBLE)


def test_with_the_same_masks_dropout_gives_the_same_losses_and_gradients(tiny: Tiny) -> None:
    plain, fast = models(tiny, dropout=0.3)
    batch = batch_of(tiny, [(4, 3), (2, 5)])
    steps, b = len(batch.target) - 1, 2
    masks = F.dropout(torch.ones(steps, b, 4, dtype=torch.float64), 0.3)

    class Given(torch.nn.Module):
        """Dropout with masks prepared: all at once, or the next step's."""

        def __init__(self) -> None:
            super().__init__()
            self.next = iter(masks)

        def forward(self, x: Tensor) -> Tensor:
            return x * (masks if x.dim() == 3 else next(self.next))

    plain.dropout, fast.dropout = Given(), Given()
    expected, losses = plain_losses(tiny, plain, batch, 0.0), fast.word_losses(batch)
    torch.testing.assert_close(losses, expected, **DOUBLE)
    torch.testing.assert_close(backward(fast, losses), backward(plain, expected), **DOUBLE)


def test_checkpoints_are_exchanged(tiny: Tiny, tmp_path: Path) -> None:
    FastNMT = tiny.a4("fast_nmt").FastNMT
    plain, _ = models(tiny, dtype=torch.float32)
    plain.save(tmp_path / "model.bin")
    loaded = FastNMT.load(tmp_path / "model.bin")
    assert type(loaded) is FastNMT
    loaded.save(tmp_path / "again.bin")
    again = type(plain).load(tmp_path / "again.bin")
    for name, weight in plain.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight)


def test_the_handouts_loss_and_beam_search_work_with_it(tiny: Tiny) -> None:
    plain, fast = models(tiny)
    word_losses, beam_search = tiny.a4("nmt.losses").word_losses, tiny.a4("nmt.search").beam_search
    batch = tiny.batch()
    torch.testing.assert_close(word_losses(fast, batch, 0.1), word_losses(plain, batch, 0.1), **DOUBLE)
    sentences = [["ka", "lo", "mi"], ["nu"]]
    ours, theirs = (beam_search(model, sentences, 3, 8) for model in (fast, plain))
    assert [[h.value for h in some] for some in ours] == [[h.value for h in some] for some in theirs]


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_its_own_step_finds_the_same_translations(
    tiny: Tiny, capability: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With beams that end at other times, and sentences that leave the batch."""
    monkeypatch.setattr(tiny.a4("products"), "CAPABILITY", capability)
    plain, fast = models(tiny, dtype=dtype)
    words = list(tiny.vocab.src.word2id)[4:]
    sentences = [words[: 1 + i % 5] for i in range(9)] + [[]]
    for beam_size, best_only in ((1, True), (4, True), (4, False)):
        ours, theirs = (
            tiny.a4("nmt.search").beam_search(model, sentences, beam_size, 12, best_only=best_only)
            for model in (fast, plain)
        )
        assert [[h.value for h in some] for some in ours] == [[h.value for h in some] for some in theirs]
        for some, others in zip(ours, theirs, strict=True):
            assert [h.score for h in some] == pytest.approx([h.score for h in others], rel=1e-4)


def test_it_trains_to_the_same_losses(tiny: Tiny) -> None:
    plain, fast = models(tiny)
    batch, curves = tiny.batch(), []
    for model in (plain, fast):
        model, curve = copy.deepcopy(model), []
        adam = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(10):
            losses = tiny.a4("nmt.losses").word_losses(model, batch)
            curve.append(losses.mean().item())
            adam.zero_grad()
            losses.sum().backward()
            adam.step()
        curves.append(curve)
    assert curves[0] == pytest.approx(curves[1], rel=1e-9)
    assert curves[0][-1] < curves[0][0]


def test_padding_that_no_sentence_needs_changes_nothing(tiny: Tiny) -> None:
    _, fast = models(tiny)
    batch = batch_of(tiny, [(3, 2), (2, 4)])
    longer = batch._replace(source=F.pad(batch.source, (0, 0, 0, 2), value=tiny.vocab.src["<pad>"]))
    torch.testing.assert_close(fast.word_losses(longer), fast.word_losses(batch), **DOUBLE)


def test_sentences_in_another_order_are_refused(tiny: Tiny) -> None:
    _, fast = models(tiny)
    with pytest.raises(ValueError, match=r"source_lengths: expected the longest sentence first, got \[1, 2\]"):
        fast.encode(torch.ones(2, 2, dtype=torch.long), [1, 2])


def test_students_do_not_get_it() -> None:
    staff = {path.name for path in (load_assignment("a4").solutions / "staff").iterdir()}
    assert {"fast_nmt.py", "fast_search.py", "cuda_graphs.py", "kernels.py", "products.py"} <= staff
    assert not staff & {path.name for path in handout_folder("a4").rglob("*")}
    assert not staff & {path.name for path in derive_stubs(load_assignment("a4"))}
    assert not staff & set(load_assignment("a4").manifest.submit)
