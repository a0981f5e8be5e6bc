"""Assignment 5, part 3: the reference is what torch has, its gradients are slopes, and statistics hardly ever err."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.course.assignment import handout_folder, load_assignment
from sanity.a5 import continuation, initialisation
from sanity.core.recordings import fixed_cases

torch = pytest.importorskip("torch")
COURSE = load_assignment("a5")


def module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def recurrent() -> ModuleType:
    return module_at(COURSE.solutions / "recurrent.py")


def drawn(*shape: int, seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(sum(shape) + 100 * seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()


def copied(cell: Any, B: int, D: int, H: int) -> tuple[Any, ...]:
    """Return an input and the weights of one of torch's cells, in the order in which ours takes them."""
    return drawn(B, D), *(p.detach() for p in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh))


def test_the_gru_is_torchs(recurrent: ModuleType) -> None:
    B, D, H = 3, 4, 5
    cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
    x, *weights = copied(cell, B, D, H)
    h = drawn(B, H)
    torch.testing.assert_close(recurrent.gru_cell(x, h, *weights), cell(x, h))
    assert not torch.allclose(recurrent.gru_cell(x, h, *weights, reset_after=False), cell(x, h))


def test_both_grus_are_one_without_a_past_to_reset(recurrent: ModuleType) -> None:
    x, W_x, W_h, b_x, b_h = drawn(3, 4), drawn(15, 4), drawn(15, 5), drawn(15), torch.zeros(15, dtype=torch.float64)
    h = torch.zeros(3, 5, dtype=torch.float64)
    after, before = (recurrent.gru_cell(x, h, W_x, W_h, b_x, b_h, reset_after=way) for way in (True, False))
    torch.testing.assert_close(after, before)


def test_the_lstm_is_torchs(recurrent: ModuleType) -> None:
    B, D, H = 3, 4, 5
    cell = torch.nn.LSTMCell(D, H, dtype=torch.float64)
    x, *weights = copied(cell, B, D, H)
    state = drawn(B, H), drawn(B, H, seed=1)
    torch.testing.assert_close(recurrent.lstm_cell(x, state, *weights), cell(x, state))


def test_a_language_model_is_an_lstm_of_torch(recurrent: ModuleType) -> None:
    B, T, D, H, V = 3, 6, 4, 5, 7
    layer = torch.nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
    E, W, b = drawn(V, D), drawn(V, H), drawn(V)
    words = torch.arange(B * T).reshape(B, T) % V
    h, c = drawn(B, H), drawn(B, H, seed=1)
    W_x, W_h, b_x, b_h = (parameter.detach() for parameter in layer.parameters())
    cell = partial(recurrent.lstm_cell, W_x=W_x, W_h=W_h, b_x=b_x, b_h=b_h)
    logits, state = recurrent.language_model(words, (h, c), cell, E, W, b)
    outputs, last = layer(E[words], (h[None], c[None]))
    torch.testing.assert_close(logits, outputs @ W.T + b)
    torch.testing.assert_close(state, tuple(part[0] for part in last))


def test_perplexity_is_the_exponential_of_torchs_cross_entropy(recurrent: ModuleType) -> None:
    logits, targets = drawn(2, 3, 5), torch.tensor([[1, 2, 4], [3, 4, 4]])
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=4)
    torch.testing.assert_close(recurrent.perplexity(logits, targets, 4), loss.exp())


@pytest.mark.parametrize("theta", [0.5, 100.0])
def test_clipping_is_torchs(recurrent: ModuleType, theta: float) -> None:
    parameters = [torch.nn.Parameter(drawn(*shape)) for shape in ((2, 3), (4,))]
    for parameter in parameters:
        parameter.grad = drawn(*parameter.shape, seed=1).detach()
    found = recurrent.clip_by_norm([p.grad.clone() for p in parameters], theta)
    torch.nn.utils.clip_grad_norm_(parameters, theta)
    for one, parameter in zip(found, parameters, strict=True):
        torch.testing.assert_close(one, parameter.grad, rtol=1e-5, atol=1e-6)  # torch adds 1e-6 to the norm


def test_layer_norm_is_torchs(recurrent: ModuleType) -> None:
    x, gain, bias = drawn(2, 3, 5), drawn(5), drawn(5, seed=1)
    want = torch.nn.functional.layer_norm(x, (5,), gain, bias, 0.1)
    torch.testing.assert_close(recurrent.layer_norm(x, gain, bias, 0.1), want)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_is_torchs(recurrent: ModuleType, training: bool) -> None:
    layer = torch.nn.BatchNorm1d(4, dtype=torch.float64).train(training)
    x, running = drawn(6, 4), (layer.running_mean.clone(), layer.running_var.clone())
    y, mean, variance = recurrent.batch_norm(x, layer.weight.detach(), layer.bias.detach(), *running, training)
    torch.testing.assert_close(y, layer(x))
    torch.testing.assert_close((mean, variance), (layer.running_mean, layer.running_var))


def test_layer_norm_keeps_examples_apart_and_batch_norm_does_not(recurrent: ModuleType) -> None:
    x, one, zero = drawn(4, 6).detach(), torch.ones(6, dtype=torch.float64), torch.zeros(6, dtype=torch.float64)
    others = ~torch.eye(4, dtype=torch.bool)
    by_layer = recurrent.influence(lambda x: recurrent.layer_norm(x, one, zero), x)
    in_training, in_evaluation = (
        recurrent.influence(lambda x, way=way: recurrent.batch_norm(x, one, zero, zero, one, way)[0], x)
        for way in (True, False)
    )
    assert by_layer[others].max() == in_evaluation[others].max() == 0 < in_training.min()


def test_smoothing_is_torchs(recurrent: ModuleType) -> None:
    logits, targets = drawn(4, 5), torch.tensor([1, 3, 0, 3])
    want = torch.nn.functional.cross_entropy(logits, targets, ignore_index=0, label_smoothing=0.1)
    torch.testing.assert_close(recurrent.smoothed_cross_entropy(logits, targets, 0), want)


def test_the_variance_of_xaviers_weights_is_that_of_the_rule(recurrent: ModuleType) -> None:
    weight = recurrent.xavier_uniform(300, 200, torch.Generator().manual_seed(3))
    assert float(weight.var()) == pytest.approx(2 / 500, rel=0.02)


def test_without_tanh_gradients_grow_with_the_spectral_radius(recurrent: ModuleType) -> None:
    W, h, w = drawn(6, 6).detach(), drawn(6).detach(), drawn(6, seed=1).detach()
    for radius in (0.5, 1.5):
        norms = recurrent.gradient_norms(recurrent.with_radius(W, radius), h, w, 400, True)
        assert float((norms[400] / norms[200]) ** (1 / 200)) == pytest.approx(radius, rel=0.02)


def test_every_gradient_of_the_reference_is_a_slope(recurrent: ModuleType) -> None:
    words, targets, N = torch.tensor([[1, 2, 0]]), torch.tensor([[2, 0, 3]]), torch.tensor([1, 3])
    running = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    weights = drawn(6, 3), drawn(6, 2), drawn(6), drawn(6, seed=1)
    lstm = drawn(8, 3), drawn(8, 2), drawn(8), drawn(8, seed=1)

    def cell(x: Any, state: Any) -> Any:
        return recurrent.lstm_cell(x, state, *lstm)

    def model(h: Any, c: Any, *arguments: Any) -> Any:
        return recurrent.language_model(words, (h, c), cell, *arguments)[0]

    for function, inputs in (
        (recurrent.gru_cell, (drawn(2, 3), drawn(2, 2), *weights)),
        (lambda *all: recurrent.gru_cell(*all, reset_after=False), (drawn(2, 3), drawn(2, 2), *weights)),
        (lambda x, h, c, *all: recurrent.lstm_cell(x, (h, c), *all), (drawn(2, 3), drawn(2, 2), drawn(2, 2), *lstm)),
        (model, (drawn(1, 2), drawn(1, 2), drawn(4, 3), drawn(4, 2), drawn(4))),
        (lambda logits: recurrent.perplexity(logits, targets, 0), (drawn(1, 3, 4),)),
        (recurrent.layer_norm, (drawn(2, 3), drawn(3), drawn(3))),
        (lambda *all: recurrent.batch_norm(*all, *running, True)[0], (drawn(4, 3), drawn(3), drawn(3))),
        (lambda x, W, b: recurrent.highway(x, torch.sin, W, b), (drawn(2, 3), drawn(3, 3), drawn(3))),
        (lambda logits: recurrent.smoothed_cross_entropy(logits, N, 0), (drawn(2, 4),)),
    ):
        assert torch.autograd.gradcheck(function, inputs)


def test_a_right_draw_hardly_ever_fails() -> None:
    """What chance allows is such that twice the words' Hoeffding bound is the odds stated."""
    allowed = np.sqrt(np.log(10 / continuation.FALSE_ALARMS) / (2 * continuation.DRAWS))
    assert 5 * 2 * np.exp(-2 * continuation.DRAWS * allowed**2) == pytest.approx(continuation.FALSE_ALARMS)
    assert allowed < 0.1


def test_a_right_initialisation_hardly_ever_fails() -> None:
    """By the inequality of Dvoretzky, Kiefer, Wolfowitz and Massart; that the largest is small is rarer still."""
    for case in fixed_cases(initialisation.WEIGHTS):
        size = case.rows * case.columns
        allowed = np.sqrt(np.log(2 / initialisation.FALSE_ALARMS) / (2 * size))
        assert 2 * np.exp(-2 * size * allowed**2) == pytest.approx(initialisation.FALSE_ALARMS)
        assert 0.95**size < initialisation.FALSE_ALARMS


def test_every_model_to_continue_says_more_than_one_word(recurrent: ModuleType) -> None:
    """Else a state that is lost would not show."""
    from sanity.a5.beside.continuation import model

    cases = [*fixed_cases(continuation.MODELS), *continuation.MODELS.drawn_cases(3, 10)]
    said = [recurrent.generate(*model(case), [int(w) for w in case.prefix], case.length) for case in cases]
    assert sum(len(set(words)) > 2 for words in said) >= 0.9 * len(said)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the handout with the reference's file, from which scripts are imported."""
    folder = shutil.copytree(handout_folder("a5"), tmp_path / "a5")
    shutil.copy(COURSE.solutions / "recurrent.py", folder)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "recurrent", raising=False)
    return folder


@pytest.mark.slow
def test_a_model_of_the_text_is_trained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert module_at(folder / "train_language_model.py").main(["--epochs", "20"]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head == "96 sentences to train on, 12 held out, 188 words"
    _, known, held_out, *_ = rows[4].split()
    assert float(known) < 12 and float(held_out) < 40


@pytest.mark.slow
def test_the_plot_is_drawn(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    assert module_at(folder / "plot_depth.py").main() == 0
    assert (folder / "depth.png").stat().st_size > 10_000


def test_what_is_not_answered_yet_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(handout_folder("a5") / "recurrent.py", folder)
    assert module_at(folder / "train_language_model.py").main([]) == 2
    assert capsys.readouterr().err == "train_language_model.py: 3c: not implemented yet\n"
