"""Checkpoints: a line for each file that is of no use, and which of them are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sanity.training import checkpoint
from sanity.training.atomic import write_atomically
from tests.support.tiny import weights


def test_what_is_no_checkpoint_is_one_line(tmp_path: Path) -> None:
    whole = tmp_path / "whole.bin"
    write_atomically(whole, lambda file: torch.save({"weights": {"a": torch.zeros(1000)}}, file))
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


def test_weights_of_another_shape_are_one_line() -> None:
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


def test_the_newest_and_the_best_are_kept(tmp_path: Path) -> None:
    checkpoints = checkpoint.Checkpoints(tmp_path / "new" / "folder")
    assert checkpoints.newest() is None
    kept = []
    for update, best in ((9, 9), (10, 10), (11, 10), (100, 10), (101, 101)):
        checkpoints.save(update, {"weights": {}}, best)
        kept.append([int(path.stem.split("-")[1]) for path in checkpoints.all()])
        assert checkpoints.newest() == checkpoints.path(update)
    assert kept == [[9], [10], [10, 11], [10, 100], [101]]
    checkpoints.remove()
    assert checkpoints.all() == []
