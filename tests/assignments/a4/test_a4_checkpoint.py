"""Models and checkpoints: what was saved is what is read, and a line for each that was edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from sanity.training.atomic import write_atomically
from sanity.training.checkpoint import CheckpointError, Checkpoints
from tests.support.tiny import Modules, Tiny, weights


def test_a_model_is_what_it_was(a4: Modules, tmp_path: Path) -> None:
    NMT, load_model = a4("nmt_model").NMT, a4("nmt.checkpoint").load_model
    tiny, path = Tiny(a4), tmp_path / "model.bin"
    model = tiny.model()
    write_atomically(path, model.save)
    for again in (load_model(path, NMT), NMT.load(path)):
        assert torch.equal(weights(model), weights(again))
        assert again.vocab.to_plain() == tiny.vocab.to_plain()
        assert again.dropout_rate == tiny.recipe.dropout


def test_a_checkpoint_is_not_taken_for_a_model(a4: Modules, tmp_path: Path) -> None:
    Tiny(a4, max_epoch=1).train(tmp_path)
    (path,) = tmp_path.iterdir()
    with pytest.raises(CheckpointError) as error:
        a4("nmt.checkpoint").load_model(path, a4("nmt_model").NMT)
    assert str(error.value) == f"{path}: a checkpoint, not a model; the model is model.bin in the same folder"


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("sizes", 5),
        ("sizes", {"embed_size": 5}),
        ("sizes", {"embed_size": "five", "hidden_size": 4, "dropout_rate": 0.3}),
        ("sizes", {"embed_size": 0, "hidden_size": 4, "dropout_rate": 0.3}),
        ("sizes", {"embed_size": 5, "hidden_size": 4, "dropout_rate": 3}),
        ("weights", None),
        ("weights", {"a": 5}),
    ],
)
def test_an_edited_model_is_one_line(a4: Modules, tmp_path: Path, part: str, wrong: object) -> None:
    path = tmp_path / "model.bin"
    Tiny(a4).model().save(path)
    torch.save(torch.load(path) | {part: wrong}, path)
    with pytest.raises(CheckpointError) as error:
        a4("nmt.checkpoint").load_model(path, a4("nmt_model").NMT)
    assert str(error.value) == f"{path}: not a model or a checkpoint of this program, or a damaged one"


@pytest.mark.parametrize("wrong", [None, {}, {"src_word2id": {}, "tgt_word2id": {}}])
def test_a_model_without_words_is_one_line(a4: Modules, tmp_path: Path, wrong: object) -> None:
    path = tmp_path / "model.bin"
    Tiny(a4).model().save(path)
    torch.save(torch.load(path) | {"vocab": wrong}, path)
    with pytest.raises(CheckpointError) as error:
        a4("nmt.checkpoint").load_model(path, a4("nmt_model").NMT)
    assert str(error.value) == f"{path}: not a vocabulary; `python vocab.py` makes one"


def test_a_mistake_in_the_student_s_model_is_not_the_file_s(a4: Modules, tmp_path: Path) -> None:
    def make(**options: object) -> None:
        raise TypeError("mine")

    Tiny(a4).model().save(tmp_path / "model.bin")
    with pytest.raises(TypeError, match="mine"):
        a4("nmt.checkpoint").load_model(tmp_path / "model.bin", make)


def edited(content: dict[str, Any], where: list[Any], wrong: object) -> dict[str, Any]:
    """The same checkpoint with something else in one place, or nothing if wrong is KeyError."""
    *within, last = where
    part: Any = content
    for name in within:
        part = part[name]
    part[last] = wrong
    if wrong is KeyError:
        del part[last]
    return content


@pytest.mark.parametrize("wrong", [KeyError, None, 5, {}, torch.zeros(3)])
@pytest.mark.parametrize(
    "where",
    [
        ["fingerprint"],
        ["state"],
        ["state", "epoch"],
        ["weights"],
        ["weights", "h_projection.weight"],
        ["optimizer"],
        ["optimizer", "state"],
        ["optimizer", "state", 0],
        ["optimizer", "state", 0, "exp_avg"],
        ["random"],
        ["random", "cpu"],
    ],
)
def test_an_edited_checkpoint_is_one_line_or_does_no_harm(
    a4: Modules, tmp_path: Path, where: list[Any], wrong: object
) -> None:
    Tiny(a4, max_epoch=1).train(tmp_path)
    path = Checkpoints(tmp_path).newest()
    torch.save(edited(torch.load(path), where, wrong), path)
    harmless = where in (["state", "epoch"], ["optimizer", "state"], ["optimizer", "state", 0])
    try:
        Tiny(a4, max_epoch=2).train(tmp_path, resume=True)
    except CheckpointError as error:
        said = str(error)
        assert said.startswith(f"{path}: ") and "\n" not in said
    else:
        assert harmless


@pytest.mark.parametrize(("name", "wrong"), [("batches", 99), ("update", -1), ("decay", "half"), ("enough", 3)])
def test_a_state_that_cannot_be_is_one_line(a4: Modules, tmp_path: Path, name: str, wrong: object) -> None:
    Tiny(a4, max_epoch=1).train(tmp_path)
    path = Checkpoints(tmp_path).newest()
    torch.save(edited(torch.load(path), ["state", name], wrong), path)
    with pytest.raises(CheckpointError) as error:
        Tiny(a4).train(tmp_path, resume=True)
    assert str(error.value) == f"{path}: not a model or a checkpoint of this program, or a damaged one"


def test_a_model_is_not_taken_for_a_checkpoint(a4: Modules, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint-0000009.bin"
    Tiny(a4).model().save(path)
    with pytest.raises(CheckpointError) as error:
        Tiny(a4).train(tmp_path, resume=True)
    assert str(error.value) == f"{path}: a model, not a checkpoint; remove it, or start again with --restart"
