"""Assignment 3's training loop: the same curve after a kill, what ends it, and what is saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from sanity.training.checkpoint import CheckpointError, Checkpoints

A3 = Callable[[str], ModuleType]


class Notes:
    """A tracker that keeps what it is told, and stops after some updates."""

    def __init__(self, stop: int = 10**9, kill: int = 0) -> None:
        self.stop, self.kill = stop, kill
        self.losses, self.scores = dict[int, float](), dict[int, float]()

    def begin(self, update: int, updates: int) -> None: ...

    def step(self, update: int) -> bool:
        if update == self.kill:
            raise KeyboardInterrupt
        return update >= self.stop

    def log(self, report: Any) -> None:
        self.losses[report.update] = report.loss

    def validated(self, progress: Any, result: Any, improved: bool) -> None:
        self.scores[progress.update] = result.score

    def say(self, line: str) -> None: ...


class Setting:
    """A small training."""

    def __init__(self, a3: A3, **changes: Any) -> None:
        self.a3, recipe = a3, a3("parsing.recipe")
        small = {"hidden_size": 16, "embed_size": 8, "batch_size": 64, "log_every": 1, "valid_niter": 7}
        self.recipe = recipe.Recipe(**{**small, "lr": 5e-3, "schedule": "constant", "max_updates": 40, **changes})
        bank = a3("parsing.treebank").load_treebank("toy")
        self.train, self.dev = bank.train[:60], bank.dev[:20]
        self.vocabulary = a3("parsing.vocabulary").Vocabulary.of(self.train)
        self.instances = a3("parsing.features").instances_of(self.train, self.vocabulary)
        self.validate = a3("parsing.validation").validation_on(
            self.dev, self.vocabulary, a3("parser_transitions").minibatch_parse
        )

    def model(self) -> Any:
        """Return a new model."""
        return self.a3("parsing.recipe").new_model(self.a3("parser_model").ParserModel, self.vocabulary, self.recipe)

    def run(self, folder: Path, notes: Notes, resume: bool = False, model: Any = None) -> Any:
        """Train; return the result and the model."""
        model = model or self.model()
        result = self.a3("parsing.training").train(
            model, self.instances, self.vocabulary, self.recipe, self.validate, notes, folder,
            torch.device("cpu"), resume,
        )  # fmt: skip
        return result, model


def test_after_a_kill_the_curve_goes_on_as_if_there_had_been_none(a3: A3, tmp_path: Path) -> None:
    setting = Setting(a3)
    whole, first, second = Notes(), Notes(kill=17), Notes()
    result, model = setting.run(tmp_path / "whole", whole)
    with pytest.raises(KeyboardInterrupt):
        setting.run(tmp_path / "parts", first)
    assert Checkpoints(tmp_path / "parts").newest().name == "checkpoint-0000014.bin"
    again, resumed = setting.run(tmp_path / "parts", second, resume=True)
    assert min(second.losses) == 15
    assert {**first.losses, **second.losses} == whole.losses
    assert (again.best_update, again.best_score) == (result.best_update, result.best_score)
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), resumed.parameters(), strict=True))


def test_a_training_learns_and_has_its_best_weights_in_the_end(a3: A3, tmp_path: Path) -> None:
    setting, notes = Setting(a3, max_updates=150, batch_size=128), Notes()
    result, model = setting.run(tmp_path, notes)
    assert notes.scores[result.best_update] == result.best_score == max(notes.scores.values()) > 40
    with torch.no_grad():
        assert setting.validate(model, None).score == result.best_score


@pytest.mark.parametrize(
    ("changes", "ended"),
    [({"max_updates": 5}, "max_updates"), ({"max_epoch": 1, "max_updates": None}, "max_epoch"), ({}, "stopped")],
)
def test_what_ends_it(a3: A3, tmp_path: Path, changes: dict[str, Any], ended: str) -> None:
    setting = Setting(a3, **changes)
    result, _ = setting.run(tmp_path, Notes(stop=9 if ended == "stopped" else 10**9))
    assert result.ended == ended
    if ended == "max_epoch":
        assert result.progress.update == -(-len(setting.instances.classes) // 64)


def test_dev_that_stops_improving_ends_it(a3: A3, tmp_path: Path) -> None:
    setting = Setting(a3, lr=0.0, patience=2)
    result, _ = setting.run(tmp_path, Notes())
    assert (result.ended, result.progress.update, result.best_update) == ("patience", 21, 7)


def test_numbers_that_are_not_finite_are_one_line(a3: A3, tmp_path: Path) -> None:
    setting = Setting(a3)
    model = setting.model()
    with torch.no_grad():
        next(model.parameters()).fill_(torch.nan)
    with pytest.raises(a3("parsing.training").Diverged, match="the loss is nan at update 1: there is no better model"):
        setting.run(tmp_path, Notes(), model=model)


def test_a_checkpoint_of_another_training_is_refused(a3: A3, tmp_path: Path) -> None:
    Setting(a3, max_updates=7).run(tmp_path, Notes())
    with pytest.raises(CheckpointError, match=r"made with --lr 0.005, not 0.1: resume with the same"):
        Setting(a3, lr=0.1).run(tmp_path, Notes(), resume=True)
    for path in tmp_path.glob("checkpoint-*"):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="not a model or a checkpoint of this program, or a damaged one"):
        Setting(a3).run(tmp_path, Notes(), resume=True)


def test_a_saved_model_parses_as_before(a3: A3, tmp_path: Path) -> None:
    setting, checkpoint = Setting(a3, max_updates=10), a3("parsing.checkpoint")
    _, model = setting.run(tmp_path, Notes())
    checkpoint.save_model(tmp_path / "model.bin", model, setting.vocabulary, setting.recipe)
    loaded, vocabulary = checkpoint.load_model(tmp_path / "model.bin", a3("parser_model").ParserModel)
    assert vocabulary.to_plain() == setting.vocabulary.to_plain()
    predict, minibatch_parse = a3("parsing.decoding").predict, a3("parser_transitions").minibatch_parse
    assert predict(loaded, vocabulary, setting.dev, minibatch_parse) == predict(
        model, setting.vocabulary, setting.dev, minibatch_parse
    )
    for content in (b"", b"nothing", torch.save({"weights": 1}, tmp_path / "x") or (tmp_path / "x").read_bytes()):
        (tmp_path / "model.bin").write_bytes(content)
        with pytest.raises(CheckpointError):
            checkpoint.load_model(tmp_path / "model.bin", a3("parser_model").ParserModel)


def test_without_relations_the_classes_are_the_courses_three(a3: A3) -> None:
    setting = Setting(a3)
    vocabulary = a3("parsing.vocabulary").Vocabulary.of(setting.train, labelled=False)
    assert vocabulary.n_classes == 3 and not vocabulary.labelled
    assert set(a3("parsing.features").instances_of(setting.train, vocabulary).classes.tolist()) == {0, 1, 2}
