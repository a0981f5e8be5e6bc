"""`run.py check`: a right model is worth training, a wrong one is told from it, in a line that names the cause."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graders.course.assignment import load_assignment
from graders.course.planted import load_bugs, load_variants
from tests.assignments.a4.test_a4_run import SMALL, files  # noqa: F401  (a fixture)
from tests.support.tiny import Modules, Tiny

pytest.importorskip("sacrebleu")
pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")


@pytest.fixture
def checked(
    a4: Modules,
    files: list[str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    """Check a model, which changes some methods of the reference; return the status, and what was printed."""

    def run(*options: str, **methods: Any) -> tuple[int, str, str]:
        model = type("NMT", (a4("nmt_model").NMT,), methods)
        monkeypatch.setattr(a4("nmt_model"), "NMT", model)
        status = a4("run").main(["check", *files, *SMALL, *options])
        return status, *capsys.readouterr()

    return run


def failing(result: tuple[int, str, str]) -> str:
    """The one line of a check that failed."""
    status, _, err = result
    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith("run.py: ")
    return err.removeprefix("run.py: ").rstrip("\n")


def parent(a4: Modules) -> Any:
    return a4("nmt_model").NMT


def test_a_right_model_is_ready(checked: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    status, out, err = checked()
    assert (status, err) == (0, "")
    number = r"\d+\.\d\d"
    expected = [
        rf"{tmp_path.name}, src to tgt: 20 training pairs",
        r"A small model learns 8 short sentences by heart:",
        rf"  loss       falls from {number} to 0.0\d per sentence in \d+ updates, \d+\.\d s",
        r"  gradients  reach 21 weights",
        r"  decoding   gives the sentences as they were learnt",
        r"  note       PyTorch's warning of padding='same' and an even kernel is expected: .*",
        r"Your model of \d+ numbers, on this corpus and machine \(cpu, 1 thread\):",
        r"  speed      [\d,]+ words/s",
        r"  epoch      \d+\.\d s, 5 updates",
        r"  end        after \d+\.\d s at most \(10 updates, 2 epochs\), besides the validations on dev",
        r"  memory     1 MB for weights, gradients and Adam, 1 MB for the largest batch",
        r"Ready: python run.py train, with the same options\.",
    ]
    for line, pattern in zip(out.splitlines(), expected, strict=True):
        assert re.fullmatch(pattern, line), line
    assert sorted(tmp_path.rglob("*")) == before  # nothing is written


def test_weights_without_a_gradient_are_named(checked: Callable[..., tuple[int, str, str]], a4: Modules) -> None:
    NMT = parent(a4)

    def encode(self: Any, *source: Any) -> Any:
        hiddens, (h, c) = NMT.encode(self, *source)
        return hiddens.detach(), (h.detach(), c)

    def step(self: Any, Ybar: Tensor, state: Any, hiddens: Tensor, projected: Tensor, masks: Any) -> Any:
        return NMT.step(self, Ybar, state, hiddens, projected.detach(), masks)

    because = "the loss doesn't depend on it, or .detach(), .data, .item() or torch.tensor() cuts it off"
    assert failing(checked(step=step)) == f"no gradient reaches att_projection: {because}"
    assert failing(checked(encode=encode, step=NMT.step)) == f"no gradient reaches h_projection: {because}"


def test_a_layer_of_ones_own_that_is_not_used_is_no_reason_to_fail(
    checked: Callable[..., tuple[int, str, str]], a4: Modules
) -> None:
    NMT = parent(a4)

    def __init__(self: Any, *sizes: Any, **more: Any) -> None:
        NMT.__init__(self, *sizes, **more)
        self.spare = nn.Linear(2, 2)

    status, out, _ = checked(__init__=__init__)
    assert status == 0
    assert "  gradients  reach 21 weights, all but those of spare: is that used?\n" in out


def test_a_loss_that_is_no_number(checked: Callable[..., tuple[int, str, str]], a4: Modules) -> None:
    NMT = parent(a4)
    said = failing(checked(decode=lambda self, *given: NMT.decode(self, *given) * float("nan")))
    assert said.startswith("the loss of 8 sentences is nan at update 1: look for a division by 0, ")


def test_a_loss_that_does_not_fall(
    checked: Callable[..., tuple[int, str, str]], a4: Modules, monkeypatch: pytest.MonkeyPatch
) -> None:
    NMT, heart = parent(a4), a4("nmt.commands.overfitting")
    monkeypatch.setattr(heart, "UPDATES", 30)
    said = failing(checked(decode=lambda self, *given: NMT.decode(self, *given) * 0.01))
    pattern = (
        r"the loss does not fall as it should: \d+\.\d\d to \d+\.\d\d per sentence in 30 updates, where a right model "
    )
    assert re.match(pattern, said)


def test_other_words_than_were_learnt(checked: Callable[..., tuple[int, str, str]], a4: Modules) -> None:
    NMT = parent(a4)

    def step(self: Any, Ybar: Tensor, *given: Any) -> Any:
        return NMT.step(self, Ybar if self.training else 0 * Ybar, *given)

    said = failing(checked(step=step))
    assert re.match(
        r"decoding gives [1-8] of 8 sentences otherwise than they were learnt, such as '[A-Z ]*' for '", said
    )


def test_training_and_translating_that_differ(checked: Callable[..., tuple[int, str, str]], a4: Modules) -> None:
    """Without input feeding, in training only: eight sentences are learnt all the same."""

    def decode(self: Any, hiddens: Tensor, masks: Any, state: Any, target: Tensor) -> Tensor:
        projected, outputs = self.att_projection(hiddens), []
        for Y_t in self.model_embeddings.target(target[:-1]):
            nothing = Y_t.new_zeros(len(Y_t), self.hidden_size)
            state, o_t, _ = self.step(torch.cat((Y_t, nothing), dim=1), state, hiddens, projected, masks)
            outputs.append(o_t)
        return torch.stack(outputs)

    said = failing(checked(decode=decode))
    assert said.startswith(("training and translating differ: a sentence has the log-probability -", "decoding gives "))


def test_an_exception_shows_where(checked: Callable[..., tuple[int, str, str]]) -> None:
    with pytest.raises(ZeroDivisionError):
        checked(encode=lambda self, *given: 1 / 0)


def test_what_is_not_answered_is_one_line(checked: Callable[..., tuple[int, str, str]]) -> None:
    def unanswered(*given: object) -> None:
        raise NotImplementedError("1f: not implemented yet")

    assert failing(checked(step=unanswered)) == "1f: not implemented yet"


def test_a_corpus_of_a_few_sentences_will_do(checked: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    for side, lines in (("src", "ka lo\nka lo\nmi\n"), ("tgt", "LO KA\nKA\nMI\n")):  # one of them in two ways
        (tmp_path / f"train.{side}").write_text(lines, encoding="utf-8")
    status, out, _ = checked("--freq-cutoff=1")
    assert status == 0
    assert "A small model learns 2 short sentences by heart:" in out


def test_the_memory_of_a_batch_is_that_of_what_its_gradient_needs(a4: Modules) -> None:
    """Ten times the sentences need about ten times as much; weights don't count."""
    heart, tiny = a4("nmt.commands.overfitting"), Tiny(a4, number=400)
    sizes = []
    for sentences in (40, 400):
        optimizer = a4("nmt.optimization").ModelOptimizer(tiny.model(), tiny.recipe, torch.device("cpu"), 10)
        sizes.append(heart.bytes_for_gradient(optimizer, tiny.batch(sentences)))
    assert 5 < sizes[1] / sizes[0] < 20


TELLING = {
    "attention-ignored": "no gradient reaches att_projection",
    "convolution-reshaped": "training and translating differ",
    "first-state-detached": "no gradient reaches h_projection, c_projection",
    "masks-turned-over": "the loss of 8 sentences is nan at update 1",
    "not-masked": "training and translating differ",
    "not-packed": "training and translating differ",
    "output-not-fed": "training and translating differ",
    "softmax-over-nothing": "the loss of 8 sentences is nan at update 1",
}
"""Planted bugs, and how the line about each begins."""


@pytest.mark.slow
def test_right_answers_pass_and_planted_bugs_do_not(a4: Modules) -> None:
    heart, course = a4("nmt.commands.overfitting"), load_assignment("a4")
    recipe, corpus = a4("nmt.recipe").TOY, a4("nmt.datasets").toy_corpus(train=300, dev=5, test=5)
    vocab = a4("nmt.recipe").vocabulary(corpus.train.source, corpus.train.target, recipe)
    pairs = a4("nmt.batches").indexed(corpus.train, vocab)
    untrained = SimpleNamespace(vocab=vocab)
    given = a4("nmt.commands.inputs").Inputs(recipe, torch.device("cpu"), corpus, pairs, pairs, untrained)

    def learn(files: dict[str, str]) -> None:  # noqa: F811
        with pytest.MonkeyPatch.context() as patch:
            for name in ("utils", "model_embeddings", "nmt_model"):
                patch.setitem(sys.modules, name, ModuleType(name))
                exec(compile(files[f"{name}.py"], f"{name}.py", "exec"), sys.modules[name].__dict__)
            heart.learn_by_heart(given, sys.modules["nmt_model"].__dict__["NMT"])

    for variant in load_variants(course):
        if variant.id != "double-precision-out":  # a right answer to its question; nothing can train it
            learn(variant.files)
    bugs = {bug.id: bug for bug in load_bugs(course)}
    for id, line in TELLING.items():
        with pytest.raises(heart.CheckFailed, match=f"^{line}"):
            learn(bugs[id].files)
