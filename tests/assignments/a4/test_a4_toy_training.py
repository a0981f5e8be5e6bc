"""Training on the toy languages tells right models from wrong ones, at as many updates. Minutes: see `-m slow`.

Not every mistake: final states that are reshaped instead of joined cost no BLEU, because attention finds in the
encoder's states all that the decoder's first state lacks. The checks of 1d tell those, and the rule of 1h that a
translation must not change with its batch: see tests/graders/training/test_company.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from sanity.training.tracking import ValidationResult
from tests.support.tiny import Modules, Recorder

THRESHOLD = 90.0
FAR_UNDER = 45.0

pytestmark = pytest.mark.slow


def without_attention(nmt: type) -> type:
    class Wrong(nmt):  # type: ignore[misc, valid-type]
        """a_t is zero."""

        def step(self, Ybar: Tensor, state: Any, hiddens: Tensor, projected: Tensor, masks: Tensor | None) -> Any:
            return super().step(Ybar, state, torch.zeros_like(hiddens), projected, masks)

    return Wrong


def softmax_over_the_batch(nmt: type) -> type:
    class Wrong(nmt):  # type: ignore[misc, valid-type]
        """The weights of a word's place add up to 1 over the sentences; so large scores stand in for the mask."""

        def step(self, Ybar: Tensor, state: Any, hiddens: Tensor, projected: Tensor, masks: Tensor | None) -> Any:
            state = self.decoder(Ybar, state)
            e_t = torch.bmm(projected, state[0].unsqueeze(2)).squeeze(2)
            if masks is not None:
                e_t = e_t.masked_fill(masks.bool(), -1e9)  # a whole column of padding would be not a number
            a_t = torch.bmm(torch.softmax(e_t, dim=0).unsqueeze(1), hiddens).squeeze(1)
            V_t = self.combined_output_projection(torch.cat((a_t, state[0]), dim=1))
            return state, self.dropout(torch.tanh(V_t)), e_t

    return Wrong


def learnt(a4: Modules, model_class: Callable[..., Any], seed: int, folder: Path, until: float) -> float:
    """Return the BLEU on test of the best of the toy recipe's updates, or of the first with so much on dev."""
    corpus, recipe = a4("nmt.datasets").toy_corpus(seed), replace(a4("nmt.recipe").TOY, seed=seed)
    bleu, translate = a4("nmt.scoring").bleu, a4("nmt.search").translate
    vocab = a4("nmt.recipe").vocabulary(corpus.train.source, corpus.train.target, recipe)
    torch.manual_seed(seed)
    model = model_class(recipe.embed_size, recipe.hidden_size, vocab, recipe.dropout)
    a4("nmt.recipe").initialise(model, recipe)

    def validate(model: Any, progress: Any) -> Any:
        dev = bleu(translate(model, corpus.dev.source, beam_size=1), corpus.dev.target)
        return ValidationResult(dev, {"bleu/dev": dev}, enough=dev >= until)

    pairs = a4("nmt.batches").indexed(corpus.train, vocab)
    a4("nmt.training").train(model, pairs, recipe, validate, Recorder(), folder, torch.device("cpu"))
    found: float = bleu(translate(model, corpus.test.source, recipe.beam_size), corpus.test.target)
    return found


@pytest.mark.parametrize("seed", [0, 4])
def test_the_reference_reaches_the_threshold(a4: Modules, seed: int, tmp_path: Path) -> None:
    assert learnt(a4, a4("nmt_model").NMT, seed, tmp_path, until=THRESHOLD + 4) >= THRESHOLD


@pytest.mark.parametrize("mistake", [without_attention, softmax_over_the_batch])
def test_a_wrong_model_stays_far_under_it(a4: Modules, mistake: Callable[[type], type], tmp_path: Path) -> None:
    assert learnt(a4, mistake(a4("nmt_model").NMT), 0, tmp_path, until=101) < FAR_UNDER
