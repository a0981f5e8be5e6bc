"""The hyper-parameters, and the first weights that they give."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from sanity.training.recipe import RecipeError
from tests.support.tiny import Modules, Tiny


def test_the_defaults_are_the_courses(a4: Modules) -> None:
    recipe = a4("nmt.recipe").Recipe()
    names = ("embed_size", "hidden_size", "dropout", "lr", "batch_size", "clip_grad", "valid_niter", "patience")
    assert [getattr(recipe, name) for name in names] == [256, 256, 0.3, 5e-4, 32, 5.0, 200, 1]
    names = ("max_num_trial", "beam_size", "uniform_init", "lr_decay", "max_epoch", "log_every")
    assert [getattr(recipe, name) for name in names] == [5, 5, 0.1, 0.5, 30, 10]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"batch_size": 0}, "--batch-size is 0; expected at least 1"),
        ({"dropout": 1.5}, "--dropout is 1.5; expected from 0 to 1"),
        ({"lr": -1.0}, "--lr is -1.0; expected at least 0"),
        ({"lr": float("nan")}, "--lr is nan; expected at least 0"),
        ({"max_updates": 0}, "--max-updates is 0; expected at least 1"),
        ({"seed": 2**64}, "--seed is 18446744073709551616; expected from 0 to 9223372036854775807"),
        ({"schedule": "cosine"}, "--schedule is 'cosine'; expected plateau or linear"),
    ],
)
def test_a_number_that_makes_no_sense_is_one_line(a4: Modules, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError) as error:
        a4("nmt.recipe").Recipe(**wrong)
    assert str(error.value) == said


def test_uniform_weights_leave_the_rows_of_padding_zero(a4: Modules) -> None:
    tiny = Tiny(a4, uniform_init=0.2)
    model = tiny.model()
    for weight in model.parameters():
        assert 0 < weight.abs().max() <= 0.2
    assert not model.model_embeddings.source.weight[tiny.vocab.src["<pad>"]].any()
    assert not model.model_embeddings.target.weight[tiny.vocab.tgt["<pad>"]].any()
    assert model.model_embeddings.source.weight[1:].all()


def test_without_uniform_weights_they_are_pytorchs(a4: Modules) -> None:
    tiny = Tiny(a4, uniform_init=0.0)
    torch.manual_seed(0)
    model = a4("nmt_model").NMT(5, 4, tiny.vocab)
    before = [weight.clone() for weight in model.parameters()]
    a4("nmt.recipe").initialise(model, tiny.recipe)
    assert all(map(torch.equal, before, model.parameters()))


def test_a_sentence_means_the_same_alone_and_in_a_batch(a4: Modules, tmp_path: Any) -> None:
    """The trap: the convolution reads the padding's row, which uniform weights would make a word like any other."""
    tiny = Tiny(a4, uniform_init=0.5, lr=0.1)
    model = tiny.model()
    for _ in range(2):  # with its first weights, and after training
        model.eval()
        source = [tiny.vocab.src.indices2words(words) for words, _ in tiny.pairs]
        search = a4("nmt.search").beam_search
        for sentence, found in zip(source, search(model, source, 3, 8), strict=True):
            (alone,) = search(model, [sentence], 3, 8)
            assert [h.value for h in alone] == [h.value for h in found]
            assert [h.score for h in alone] == pytest.approx([h.score for h in found], abs=1e-4)
        loss = a4("nmt.losses").word_losses
        together = loss(model, tiny.batch()).sum().item()
        alone = sum(loss(model, a4("nmt.batches").make_batch([pair], (0, 0))).sum().item() for pair in tiny.pairs)
        assert together == pytest.approx(alone, rel=1e-5)
        tiny.train(tmp_path, model=model)


def test_the_recipe_needs_no_torch(a4_folder: Any) -> None:
    import subprocess
    import sys

    code = "import sys, nmt.recipe; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=a4_folder).returncode == 0
