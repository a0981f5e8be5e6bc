"""The training loop: its counters, its limits, and that a killed training resumes as if it had not been killed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from sanity.training import checkpoint
from sanity.training.atomic import SaveError
from sanity.training.checkpoint import CheckpointError
from sanity.training.tracking import ValidationResult
from tests.support.tiny import Modules, Recorder, Tiny, weights

CPU = torch.device("cpu")


class Clock:
    """A time that only moves when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Killed(BaseException):
    """Stands for the kill: nothing may catch it."""


def test_loss_is_counted_by_sentence_and_perplexity_by_predicted_word(a4: Modules, tmp_path: Path) -> None:
    tiny = Tiny(a4, lr=0.0, dropout=0.0, log_every=5, valid_niter=5, max_epoch=2)  # 5 batches are an epoch
    recorder = Recorder()
    tiny.train(tmp_path, recorder)
    model = tiny.model()
    source = [tiny.vocab.src.indices2words(source) for source, _ in tiny.pairs]
    target = [tiny.vocab.tgt.indices2words(target) for _, target in tiny.pairs]
    loss = -sum(model([s], [t]).item() for s, t in zip(source, target, strict=True))
    words = sum(len(t) - 1 for t in target)
    assert len(recorder.reports) == 2
    for report in recorder.reports:
        assert report.loss == pytest.approx(loss / 20, rel=1e-5)
        assert report.perplexity == pytest.approx(math.exp(loss / words), rel=1e-5)


def test_examples_are_counted_from_one_validation_to_the_next(a4: Modules, tmp_path: Path) -> None:
    recorder = Recorder()
    Tiny(a4).train(tmp_path, recorder)
    counted = [(report.update, report.examples) for report in recorder.reports]
    assert counted == [(2, 8), (4, 16), (6, 8), (8, 16), (10, 8), (12, 16), (14, 8)]


def test_speed_is_that_of_learning(a4: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny, clock = Tiny(a4, log_every=5, valid_niter=3, max_epoch=2), Clock()
    monkeypatch.setattr(a4("nmt.training"), "time", clock)

    class Slow(Recorder):
        def step(self, update: int) -> None:
            clock.now += 2

    def validate(model: Any, progress: Any) -> Any:
        clock.now += 1000
        return ValidationResult(progress.update, {})

    recorder = Slow()
    tiny.train(tmp_path, recorder, validate)
    words = sum(len(target) - 1 for _, target in tiny.pairs)
    assert [report.speed for report in recorder.reports] == [pytest.approx(words / 10)] * 2
    assert [report.seconds for report in recorder.reports] == [1010, 3020]


def test_the_gradient_is_that_of_the_mean_over_sentences(a4: Modules) -> None:
    tiny = Tiny(a4, lr=0.0, dropout=0.0, clip_grad=1e9)
    model, batch = tiny.model(), tiny.batch()
    optimizer = a4("nmt.optimization").ModelOptimizer(model, tiny.recipe, CPU, 10)
    for _ in range(2):  # the second one is not added to the first
        assert optimizer.step(batch, 0.0).item() > 0
    got = [weight.grad.clone() for weight in model.parameters()]
    model.zero_grad()
    (a4("nmt.losses").word_losses(model, batch).sum() / len(tiny.pairs)).backward()
    for ours, weight in zip(got, model.parameters(), strict=True):
        assert torch.allclose(ours, weight.grad, atol=1e-6)


def test_the_gradient_norm_is_clipped(a4: Modules, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Tiny(a4, clip_grad=0.01, dropout=0.0)
    model, norms = tiny.model(), []

    def stepping(self: Any) -> None:
        norms.append(torch.cat([weight.grad.flatten() for weight in model.parameters()]).norm().item())

    monkeypatch.setattr(torch.optim.Adam, "step", stepping)
    a4("nmt.optimization").ModelOptimizer(model, tiny.recipe, CPU, 10).step(tiny.batch(), 0.1)
    assert norms == [pytest.approx(0.01, rel=1e-2)]


def test_the_learning_rate_warms_up_and_falls(a4: Modules) -> None:
    tiny = Tiny(a4, lr=1.0, warmup=4)
    optimizer = a4("nmt.optimization").ModelOptimizer(tiny.model(), tiny.recipe, CPU, 10)
    assert [optimizer.learning_rate(done, 0.5) for done in (0, 1, 3, 4, 9)] == [0.125, 0.25, 0.5, 0.5, 0.5]
    tiny = Tiny(a4, lr=1.0, schedule="linear")
    optimizer = a4("nmt.optimization").ModelOptimizer(tiny.model(), tiny.recipe, CPU, 10)
    assert [optimizer.learning_rate(done, 1.0) for done in (0, 5, 9, 10)] == pytest.approx([1, 0.5, 0.1, 0])


def test_validation_is_without_dropout_and_training_has_it_again(
    a4: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    step = a4("nmt.optimization").ModelOptimizer.step

    def spied(self: Any, batch: Any, rate: float) -> Any:
        loss = step(self, batch, rate)
        modes.append(self.model.dropout.training)
        return loss

    def validate(model: Any, progress: Any) -> Any:
        assert not model.training
        assert not torch.is_grad_enabled()
        return ValidationResult(progress.update, {})

    monkeypatch.setattr(a4("nmt.optimization").ModelOptimizer, "step", spied)
    Tiny(a4).train(tmp_path, validate=validate)
    assert modes == [True] * 15


def scripted(a4: Modules, tmp_path: Path, scores: list[float], **recipe: Any) -> tuple[Any, Any, list[Any], list[str]]:
    """Train, validating after each update with these scores; return result, model, weights at validation, and lines."""
    tiny = Tiny(a4, valid_niter=1, max_epoch=50, **recipe)
    model, recorder, seen = tiny.model(), Recorder(), []

    def validate(model: Any, progress: Any) -> Any:
        seen.append(weights(model))
        return ValidationResult(scores[progress.update - 1], {})

    trained = tiny.train(tmp_path, recorder, validate, model=model)
    return trained, model, seen, recorder.lines


def test_training_returns_to_the_best_weights_with_a_lower_rate(a4: Modules, tmp_path: Path) -> None:
    kept: list[dict[str, Any]] = []
    save = checkpoint.Checkpoints.save

    def spied(self: Any, update: int, content: Any, best: int) -> None:
        save(self, update, content, best)
        kept.append(checkpoint.read(self.path(update)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint.Checkpoints, "save", spied)
        scores = [1.0, 5.0, 4.0, 4.5, 3.0, 3.0, 3.0, 3.0]
        trained, model, seen, lines = scripted(a4, tmp_path, scores, patience=2, max_num_trial=3, lr=0.01)
    assert trained.ended == "patience"
    assert (trained.best_score, trained.best_update, trained.progress.update) == (5.0, 2, 8)
    assert torch.equal(weights(model), seen[1])
    for after in (4, 6):  # trials: what training went on from
        content, best = kept[after - 1], kept[1]
        assert all(torch.equal(content["weights"][name], best["weights"][name]) for name in best["weights"])
        for ours, theirs in zip(
            content["optimizer"]["state"].values(), best["optimizer"]["state"].values(), strict=True
        ):
            assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert [content["state"]["decay"] for content in kept] == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]
    assert lines == [
        "no better than at iter 2: back to its weights with learning rate 0.005 (trial 1 of 3)",
        "no better than at iter 2: back to its weights with learning rate 0.0025 (trial 2 of 3)",
    ]


def test_the_decayed_rate_is_the_one_used(a4: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    step = torch.optim.Adam.step

    def spied(self: Any, *args: Any) -> Any:
        rates.append(self.param_groups[0]["lr"])
        return step(self, *args)

    monkeypatch.setattr(torch.optim.Adam, "step", spied)
    scripted(a4, tmp_path, [2.0, 1.0, 1.0, 1.0], patience=1, max_num_trial=3, lr=0.01)
    assert rates == pytest.approx([0.01, 0.01, 0.005, 0.0025])


def test_a_better_model_starts_patience_anew(a4: Modules, tmp_path: Path) -> None:
    trained, *_ = scripted(a4, tmp_path, [1, 0, 2, 0, 3, 0, 0], patience=2, max_num_trial=1)
    assert (trained.best_update, trained.progress.update) == (5, 7)


def test_a_linear_schedule_has_no_patience(a4: Modules, tmp_path: Path) -> None:
    trained, *_ = scripted(a4, tmp_path, [5.0] + [0.0] * 8, schedule="linear", max_updates=9)
    assert (trained.ended, trained.best_update, trained.progress.update) == ("max_updates", 1, 9)


def test_a_model_that_is_good_enough_ends_training(a4: Modules, tmp_path: Path) -> None:
    def validate(model: Any, progress: Any) -> Any:
        return ValidationResult(progress.update, {}, enough=progress.update >= 8)

    trained = Tiny(a4).train(tmp_path, validate=validate)
    assert (trained.ended, trained.progress.update) == ("enough", 8)


def test_the_last_updates_are_validated_too(a4: Modules, tmp_path: Path) -> None:
    recorder, improvements = Recorder(), []
    trained = Tiny(a4, valid_niter=100).train(tmp_path, recorder, on_improvement=lambda: improvements.append(1))
    assert (trained.ended, trained.progress.epoch, trained.progress.update) == ("max_epoch", 3, 15)
    assert [progress.update for progress, _, _ in recorder.validations] == [15]
    assert improvements == [1]


def test_training_learns(a4: Modules, tmp_path: Path) -> None:
    recorder = Recorder()
    tiny = Tiny(a4, embed_size=32, hidden_size=32, max_epoch=45, lr=0.02, dropout=0.1, valid_niter=50)
    trained = tiny.train(tmp_path, recorder)
    assert recorder.reports[0].perplexity > 5
    assert -trained.best_score < 1.5


def curve_after_kills(
    a4: Modules, folder: Path, moments: list[tuple[str, int]], **recipe: Any
) -> tuple[list[tuple[float, ...]], torch.Tensor]:
    """Train; at these moments all is lost but the folder, and what was logged, and training is begun again."""
    tiny = Tiny(a4, dropout=0.4, max_num_trial=9, **recipe)
    recorder = Recorder()
    left = list(moments)

    def reached(moment: str, update: int) -> None:
        if (moment, update) in left:
            left.remove((moment, update))
            raise Killed

    class Mortal(Recorder):
        def step(self, update: int) -> None:
            reached("in the middle of an epoch", update)

        def validated(self, progress: Any, result: Any, improved: bool) -> None:
            super().validated(progress, result, improved)
            reached("after a validation", progress.update)

    def write(path: Path, save: Any) -> None:
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            save(file)
        update = int(path.stem.removeprefix("checkpoint-"))
        if ("while a checkpoint is written", update) in left:
            part.write_bytes(part.read_bytes()[:1000])
        reached("while a checkpoint is written", update)
        part.replace(path)
        reached("before the older ones are removed", update)

    recorder = Mortal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "write_atomically", write)
        while True:
            torch.manual_seed(len(left))  # a new process has other random numbers
            torch.rand(5)
            model = tiny.model()
            try:
                tiny.train(folder, recorder, model=model, resume=len(left) < len(moments))
            except Killed:
                continue
            assert not left
            return recorder.curve(), weights(model)


MOMENTS = [
    ("in the middle of an epoch", 2),
    ("in the middle of an epoch", 7),
    ("after a validation", 4),
    ("after a validation", 12),
    ("while a checkpoint is written", 4),
    ("while a checkpoint is written", 8),
    ("before the older ones are removed", 8),
    ("in the middle of an epoch", 15),
]


@pytest.mark.parametrize(
    "recipe", [{}, {"lr": 0.5}, {"schedule": "linear", "warmup": 5}], ids=["plain", "wild", "linear"]
)
def test_a_killed_training_resumes_to_the_same_curve(a4: Modules, tmp_path: Path, recipe: dict[str, Any]) -> None:
    whole, last = curve_after_kills(a4, tmp_path / "whole", [], **recipe)
    assert len(whole) == 7 + 4  # reports and validations
    for i, moments in enumerate([[moment] for moment in MOMENTS] + [MOMENTS]):
        curve, weights = curve_after_kills(a4, tmp_path / str(i), moments, **recipe)
        assert curve == whole, moments
        assert torch.equal(weights, last), moments


def test_resuming_what_is_done_changes_nothing(a4: Modules, tmp_path: Path) -> None:
    tiny = Tiny(a4)
    model, again, recorder = tiny.model(), tiny.model(), Recorder()
    first = tiny.train(tmp_path, model=model)
    second = tiny.train(tmp_path, recorder, model=again, resume=True)
    assert (first.ended, first.best_score) == (second.ended, second.best_score)
    assert recorder.steps == []
    assert torch.equal(weights(model), weights(again))


def test_resuming_with_more_epochs_goes_on(a4: Modules, tmp_path: Path) -> None:
    recorder = Recorder()
    Tiny(a4, max_epoch=2).train(tmp_path)
    trained = Tiny(a4, max_epoch=4).train(tmp_path, recorder, resume=True)
    assert recorder.began == [(10, 20)]
    assert trained.progress.update == 20


def test_resuming_nothing_begins(a4: Modules, tmp_path: Path) -> None:
    recorder = Recorder()
    Tiny(a4).train(tmp_path, recorder, resume=True)
    assert recorder.began == [(0, 15)]


def test_training_anew_removes_what_an_older_one_left(a4: Modules, tmp_path: Path) -> None:
    (tmp_path / "checkpoint-0000099.bin").touch()

    class Killer(Recorder):
        def step(self, update: int) -> None:
            raise Killed

    with pytest.raises(Killed):
        Tiny(a4).train(tmp_path, Killer())
    assert list(tmp_path.iterdir()) == []  # or --resume would go on from there


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"batch_size": 5}, "made with --batch-size 4, not 5"),
        ({"seed": 3}, "made with --seed 0, not 3"),
        ({"hidden_size": 6}, "made with --hidden-size 4, not 6"),
        ({"lr": 5.0}, "made with --lr 0.01, not 5.0"),
        ({"schedule": "linear"}, "made with --schedule plateau, not linear"),
        ({"patience": 2}, "made with --patience 1, not 2"),
    ],
)
def test_a_checkpoint_of_another_recipe_is_one_line(
    a4: Modules, tmp_path: Path, other: dict[str, Any], said: str
) -> None:
    Tiny(a4, max_epoch=1).train(tmp_path)
    with pytest.raises(CheckpointError) as error:
        Tiny(a4, **other).train(tmp_path, resume=True)
    path = tmp_path / "checkpoint-0000005.bin"
    assert str(error.value) == f"{path}: {said}: resume with the same, or train in another folder"


def test_resuming_with_other_limits_goes_on(a4: Modules, tmp_path: Path) -> None:
    Tiny(a4, max_epoch=1).train(tmp_path)
    others = {"max_updates": 9, "max_num_trial": 2, "log_every": 3, "beam_size": 2, "max_decoding_time_step": 9}
    assert Tiny(a4, **others).train(tmp_path, resume=True).progress.update == 9


def test_a_checkpoint_of_other_text_is_one_line(a4: Modules, tmp_path: Path) -> None:
    Tiny(a4, max_epoch=1).train(tmp_path)
    others, error = Tiny(a4), CheckpointError
    others.pairs = others.pairs[1:] + others.pairs[:1]
    with pytest.raises(error, match=r"made with training pairs 20, \w{8}, not 20, \w{8}: resume with the same, or"):
        others.train(tmp_path, resume=True)
    with pytest.raises(error, match=r"made with pairs of dev 0, \w{8}, not 1, \w{8}: resume with the same, or train"):
        Tiny(a4).train(tmp_path, resume=True, dev=others.pairs[:1])
    others.vocab.tgt.add("ZU")
    with pytest.raises(error, match=r"made with vocabulary 10/10 words, \w{8}, not 10/11 words, \w{8}: resume with"):
        others.train(tmp_path, resume=True)


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_training(a4: Modules, tmp_path: Path, poison: float) -> None:
    tiny = Tiny(a4)
    model = tiny.model()

    class Poisoner(Recorder):
        def step(self, update: int) -> None:
            if update == 6:
                model.h_projection.weight.data.fill_(poison)

    with pytest.raises(a4("nmt.training").Diverged) as error:
        tiny.train(tmp_path, Poisoner(), model=model)
    best = "the best weights, of update 4, are kept; try a smaller learning rate"
    assert str(error.value) == f"the loss is nan at update 8: {best}"
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-0000004.bin"]


def test_a_loss_that_never_was_a_number_ends_training(a4: Modules, tmp_path: Path) -> None:
    tiny = Tiny(a4, log_every=100)
    model = tiny.model()
    model.c_projection.weight.data.fill_(float("nan"))
    with pytest.raises(a4("nmt.training").Diverged, match="there is no better model yet"):
        tiny.train(tmp_path, model=model)
    assert list(tmp_path.iterdir()) == []


def test_a_score_that_is_no_number_ends_training(a4: Modules, tmp_path: Path) -> None:
    with pytest.raises(a4("nmt.training").Diverged, match="the score on dev is nan at update 3: the best weights, of"):
        scripted(a4, tmp_path, [1.0, 2.0, math.nan])


def test_a_full_disk_is_one_line_and_costs_nothing(a4: Modules, tmp_path: Path) -> None:
    whole, recorder = Recorder(), Recorder()
    Tiny(a4).train(tmp_path / "whole", whole)
    folder = tmp_path / "full"
    folder.mkdir()
    path = folder / "checkpoint-0000008.bin"
    path.with_name(path.name + ".part").symlink_to("/dev/full")
    with pytest.raises(SaveError) as error:
        Tiny(a4).train(folder, recorder)
    assert str(error.value) == f"{path}: can't be written: No space left on device; the previous content is intact"
    assert [path.name for path in folder.iterdir()] == ["checkpoint-0000004.bin"]
    Tiny(a4).train(folder, recorder, resume=True)
    assert recorder.curve() == whole.curve()
