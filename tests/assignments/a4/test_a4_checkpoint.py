"""Files that training goes on from: complete or not there, and a line for each that is of no use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.tiny import Modules, Tiny, weights


def test_a_file_is_replaced_only_when_it_is_complete(a4: Modules, tmp_path: Path) -> None:
    atomic, path = a4("nmt.atomic"), tmp_path / "file"
    atomic.write_atomically(path, lambda file: file.write(b"first"))

    def fails(file: Any, error: BaseException = RuntimeError("pool\nand more")) -> None:  # noqa: B008
        file.write(b"second")
        raise error

    with pytest.raises(KeyboardInterrupt):
        atomic.write_atomically(path, lambda file: fails(file, KeyboardInterrupt()))
    with pytest.raises(atomic.SaveError) as error:
        atomic.write_atomically(path, fails)
    assert str(error.value) == f"{path}: can't be written: pool; the previous content is intact"
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("numbers", [10, 100_000])  # torch meets a full disk here while closing, there while writing
def test_a_full_disk_is_what_the_system_says_it_is(a4: Modules, tmp_path: Path, numbers: int) -> None:
    atomic, path = a4("nmt.atomic"), tmp_path / "file"
    (tmp_path / "file.part").symlink_to("/dev/full")
    with pytest.raises(atomic.SaveError) as error:
        atomic.write_atomically(path, lambda file: torch.save({"weights": torch.zeros(numbers)}, file))
    assert str(error.value) == f"{path}: can't be written: No space left on device; the previous content is intact"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_one_line(a4: Modules, tmp_path: Path) -> None:
    atomic, path = a4("nmt.atomic"), tmp_path / "none" / "file"
    with pytest.raises(atomic.SaveError, match=r"can't be written: No such file or directory; the previous"):
        atomic.write_atomically(path, lambda file: file.write(b"x"))


def test_what_is_no_checkpoint_is_one_line(a4: Modules, tmp_path: Path) -> None:
    checkpoint = a4("nmt.checkpoint")
    whole = tmp_path / "whole.bin"
    a4("nmt.atomic").write_atomically(whole, lambda file: torch.save({"weights": {"a": torch.zeros(1000)}}, file))
    assert checkpoint.read(whole)["weights"]["a"].shape == (1000,)
    content = whole.read_bytes()
    other, evil = tmp_path / "other.bin", tmp_path / "evil.bin"
    torch.save([1, 2], other)
    torch.save({"weights": Path("/")}, evil)  # a class: only code can read it
    files = {"empty": b"", "text": b"hello\n", "cut": content[:-30], "short": content[:500], "zeros": bytes(900)}
    for name, written in files.items():
        (tmp_path / name).write_bytes(written)
    for path in [other, evil, *(tmp_path / name for name in files)]:
        with pytest.raises(checkpoint.CheckpointError) as error:
            checkpoint.read(path)
        assert str(error.value) == f"{path}: not a model or a checkpoint of this program, or a damaged one"
    with pytest.raises(checkpoint.CheckpointError) as error:
        checkpoint.read(tmp_path / "none")
    assert str(error.value) == f"{tmp_path / 'none'}: can't be read: No such file or directory"


def test_weights_of_another_shape_are_one_line(a4: Modules) -> None:
    checkpoint = a4("nmt.checkpoint")
    model, path = torch.nn.Linear(2, 3), Path("m.bin")
    for other, said in (
        (torch.nn.Linear(2, 4), "weight is (4, 2) there and (3, 2) here"),
        (torch.nn.Linear(2, 3, bias=False), "bias is missing there and (3,) here"),
        (torch.nn.Sequential(torch.nn.Linear(2, 3)), "weight is missing there and (3, 2) here"),
    ):
        before = weights(model).clone()
        with pytest.raises(checkpoint.CheckpointError) as error:
            checkpoint.load_weights(model, other.state_dict(), path)
        assert str(error.value) == f"m.bin: made for another model: {said}"
        assert torch.equal(weights(model), before)


def test_a_model_is_what_it_was(a4: Modules, tmp_path: Path) -> None:
    checkpoint, NMT = a4("nmt.checkpoint"), a4("nmt_model").NMT
    tiny, path = Tiny(a4), tmp_path / "model.bin"
    model = tiny.model()
    a4("nmt.atomic").write_atomically(path, model.save)
    for again in (checkpoint.load_model(path, NMT), NMT.load(path)):
        assert torch.equal(weights(model), weights(again))
        assert again.vocab.to_plain() == tiny.vocab.to_plain()
        assert again.dropout_rate == tiny.recipe.dropout


def test_a_checkpoint_is_not_taken_for_a_model(a4: Modules, tmp_path: Path) -> None:
    checkpoint = a4("nmt.checkpoint")
    Tiny(a4, max_epoch=1).train(tmp_path)
    (path,) = tmp_path.iterdir()
    with pytest.raises(checkpoint.CheckpointError) as error:
        checkpoint.load_model(path, a4("nmt_model").NMT)
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
    checkpoint, path = a4("nmt.checkpoint"), tmp_path / "model.bin"
    Tiny(a4).model().save(path)
    torch.save(torch.load(path) | {part: wrong}, path)
    with pytest.raises(checkpoint.CheckpointError) as error:
        checkpoint.load_model(path, a4("nmt_model").NMT)
    assert str(error.value) == f"{path}: not a model or a checkpoint of this program, or a damaged one"


@pytest.mark.parametrize("wrong", [None, {}, {"src_word2id": {}, "tgt_word2id": {}}])
def test_a_model_without_words_is_one_line(a4: Modules, tmp_path: Path, wrong: object) -> None:
    checkpoint, path = a4("nmt.checkpoint"), tmp_path / "model.bin"
    Tiny(a4).model().save(path)
    torch.save(torch.load(path) | {"vocab": wrong}, path)
    with pytest.raises(checkpoint.CheckpointError) as error:
        checkpoint.load_model(path, a4("nmt_model").NMT)
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
    checkpoint = a4("nmt.checkpoint")
    Tiny(a4, max_epoch=1).train(tmp_path)
    path = checkpoint.Checkpoints(tmp_path).newest()
    torch.save(edited(torch.load(path), where, wrong), path)
    harmless = where in (["state", "epoch"], ["optimizer", "state"], ["optimizer", "state", 0])
    try:
        Tiny(a4, max_epoch=2).train(tmp_path, resume=True)
    except checkpoint.CheckpointError as error:
        said = str(error)
        assert said.startswith(f"{path}: ") and "\n" not in said
    else:
        assert harmless


@pytest.mark.parametrize(("name", "wrong"), [("batches", 99), ("update", -1), ("decay", "half"), ("enough", 3)])
def test_a_state_that_cannot_be_is_one_line(a4: Modules, tmp_path: Path, name: str, wrong: object) -> None:
    checkpoint = a4("nmt.checkpoint")
    Tiny(a4, max_epoch=1).train(tmp_path)
    path = checkpoint.Checkpoints(tmp_path).newest()
    torch.save(edited(torch.load(path), ["state", name], wrong), path)
    with pytest.raises(checkpoint.CheckpointError) as error:
        Tiny(a4).train(tmp_path, resume=True)
    assert str(error.value) == f"{path}: not a model or a checkpoint of this program, or a damaged one"


def test_a_model_is_not_taken_for_a_checkpoint(a4: Modules, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint-0000009.bin"
    Tiny(a4).model().save(path)
    with pytest.raises(a4("nmt.checkpoint").CheckpointError) as error:
        Tiny(a4).train(tmp_path, resume=True)
    assert str(error.value) == f"{path}: a model, not a checkpoint; remove it, or start again with --restart"


def test_the_newest_and_the_best_are_kept(a4: Modules, tmp_path: Path) -> None:
    checkpoints = a4("nmt.checkpoint").Checkpoints(tmp_path / "new" / "folder")
    assert checkpoints.newest() is None
    kept = []
    for update, best in ((9, 9), (10, 10), (11, 10), (100, 10), (101, 101)):
        checkpoints.save(update, {"weights": {}}, best)
        kept.append([int(path.stem.split("-")[1]) for path in checkpoints.all()])
        assert checkpoints.newest() == checkpoints.path(update)
    assert kept == [[9], [10], [10, 11], [10, 100], [101]]
    checkpoints.remove()
    assert checkpoints.all() == []
