"""The losses of the words to predict, and of no others."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch

from tests.support.tiny import Modules, Tiny


@pytest.fixture
def tiny(a4: Modules) -> Tiny:
    return Tiny(a4, dropout=0.0)


def by_hand(model: Any, source: list[int], target: list[int]) -> list[float]:
    """The losses of a sentence's words, one step of the decoder after the other."""
    hiddens, state = model.encode(torch.tensor(source).unsqueeze(1), [len(source)])
    projected, o_prev = model.att_projection(hiddens), torch.zeros(1, model.hidden_size)
    losses = []
    for word, following in pairwise(target):
        Ybar_t = torch.cat((model.model_embeddings.target(torch.tensor([word])), o_prev), dim=1)
        state, o_prev, _ = model.step(Ybar_t, state, hiddens, projected, None)
        losses.append(-model.target_vocab_projection(o_prev).log_softmax(1)[0, following].item())
    return losses


def test_each_predicted_word_has_its_loss(a4: Modules, tiny: Tiny) -> None:
    model, batch = tiny.model(), tiny.batch()
    losses = a4("nmt.losses").word_losses(model, batch)
    assert losses.shape == (batch.words,)
    expected = sorted(loss for source, target in tiny.pairs for loss in by_hand(model, source, target))
    assert losses.sort().values.tolist() == pytest.approx(expected, rel=1e-4)


def test_in_mixed_precision_the_encoder_computes_in_32_bits(a4: Modules, tiny: Tiny) -> None:
    """cuDNN would compute an LSTM in fp16 there, whose range is too small for gradients."""
    model, batch, seen = tiny.model(), tiny.batch(), []
    encode, step = model.encode, model.step
    model.encode = lambda *given: seen.append(torch.is_autocast_enabled("cpu")) or encode(*given)
    model.step = lambda *given: seen.append(torch.is_autocast_enabled("cpu")) or step(*given)
    with torch.autocast("cpu", torch.bfloat16):
        losses = a4("nmt.losses").word_losses(model, batch)
    assert seen[0] is False and all(seen[1:]) and len(seen) > 1
    torch.testing.assert_close(losses.float(), a4("nmt.losses").word_losses(model, batch), rtol=0.05, atol=0.05)


def test_forward_gives_the_log_likelihood_of_each_sentence(tiny: Tiny) -> None:
    model = tiny.model()
    pairs = sorted(tiny.pairs[:7], key=lambda pair: -len(pair[0]))
    source = [tiny.vocab.src.indices2words(words) for words, _ in pairs]
    target = [tiny.vocab.tgt.indices2words(words) for _, words in pairs]
    expected = [-sum(by_hand(model, *pair)) for pair in pairs]
    assert model(source, target).tolist() == pytest.approx(expected, rel=1e-4)


def test_a_sentence_is_as_likely_in_a_batch_as_alone(a4: Modules, tiny: Tiny) -> None:
    model, losses = tiny.model(), a4("nmt.losses")
    together = losses.word_losses(model, tiny.batch()).sum().item()
    make_batch = a4("nmt.batches").make_batch
    alone = sum(losses.word_losses(model, make_batch([pair], (0, 0))).sum().item() for pair in tiny.pairs)
    assert together == pytest.approx(alone, rel=1e-5)


def test_smoothing_shares_some_probability_among_all_words(a4: Modules, tiny: Tiny) -> None:
    model, batch, losses = tiny.model(), tiny.batch(), a4("nmt.losses")
    logits, words, _ = losses.word_logits(model, batch)
    log_probs = logits.log_softmax(1)
    expected = -0.9 * log_probs[torch.arange(len(words)), words] - 0.1 * log_probs.mean(1)
    assert torch.allclose(losses.word_losses(model, batch, 0.1), expected, atol=1e-5)


def test_a_model_may_compute_its_losses_itself(a4: Modules, tiny: Tiny) -> None:
    class Other:
        def word_losses(self, batch: Any, smoothing: float) -> Any:
            return batch, smoothing

    batch = tiny.batch()
    assert a4("nmt.losses").word_losses(Other(), batch, 0.2) == (batch, 0.2)


def test_perplexity_is_by_word_and_without_dropout(a4: Modules, tiny: Tiny) -> None:
    model = tiny.model()
    model.dropout.p = 0.5
    model.train()
    losses = [loss for source, target in tiny.pairs for loss in by_hand(model.eval(), source, target)]
    model.train()
    expected = math.exp(sum(losses) / len(losses))
    for size in (1, 6, 100):
        assert a4("nmt.losses").evaluate_ppl(model, tiny.pairs, size) == pytest.approx(expected, rel=1e-4)
    assert model.training


def test_a_huge_perplexity_is_finite(a4: Modules) -> None:
    assert math.isfinite(a4("nmt.losses").perplexity(1e9, 1))


def test_masks_are_those_of_the_model(a4: Modules, tiny: Tiny) -> None:
    hiddens = torch.zeros(3, 4, 2)
    mask = a4("nmt.losses").padding_mask(hiddens, [4, 2, 1])
    assert mask.tolist() == [[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 1, 1]]
    assert torch.equal(mask, tiny.model().generate_sent_masks(hiddens, [4, 2, 1]))
