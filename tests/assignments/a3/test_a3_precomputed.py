"""Assignment 3's precomputed products: logits and parses are those of the model; another network is asked itself."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor, nn

from graders.course.assignment import load_assignment

A3 = Callable[[str], ModuleType]
SIZES = {"embeddings": (9, 3), "W": (12, 5), "b": (5,), "U": (5, 7), "c": (7,)}


@dataclass(repr=False)
class Setting:
    """Some sentences to parse, and what parses them."""

    a3: A3
    sentences: list[Any]
    vocabulary: Any

    def parses(self, model: Any, precompute: bool) -> list[Any]:
        minibatch_parse, predict = self.a3("parser_transitions").minibatch_parse, self.a3("parsing.decoding").predict
        found: list[Any] = predict(model, self.vocabulary, self.sentences, minibatch_parse, 16, precompute)
        return found

    def features(self) -> Any:
        return self.a3("parsing.features").instances_of(self.sentences, self.vocabulary).features

    @property
    def steps(self) -> int:
        return 2 * sum(len(sentence.forms) for sentence in self.sentences)


@pytest.fixture(scope="module")
def setting(a3: A3) -> Setting:
    bank = a3("parsing.treebank").load_treebank("toy")
    return Setting(a3, bank.dev[:12], a3("parsing.vocabulary").Vocabulary.of(bank.train[:200]))


@pytest.fixture(autouse=True)
def _no_note_yet(a3: A3) -> Iterator[None]:
    a3("parsing.precomputed").note.cache_clear()
    yield


class Asked(nn.Module):
    """A model that counts the partial parses that it is asked for."""

    asked = 0

    def forward(self, w: Tensor) -> Tensor:
        self.asked += len(w)
        return self.logits(w)

    def logits(self, w: Tensor) -> Tensor:
        raise NotImplementedError


class Parameters(Asked):
    """Form P: matrices of its own, which may lie the other way, under odd names and in any order."""

    def __init__(
        self, shape: tuple[int, int, int, int], dropout: float, turned: frozenset[str] = frozenset(), bias: bool = True
    ) -> None:
        super().__init__()
        words, size, hidden, classes = shape
        sizes = {"U": (hidden, classes), "c": (classes,), "b": (hidden,), "W": (36 * size, hidden), "E": (words, size)}
        self.turned, self.p = turned, dropout
        for role, of_role in sizes.items():
            if role == "c" and not bias:
                continue
            values = torch.randn(of_role)
            setattr(self, f"odd_{role}", nn.Parameter(values.T.contiguous() if role in turned else values))

    def role(self, name: str) -> Any:
        weight = getattr(self, f"odd_{name}", 0.0)
        return weight.T if isinstance(weight, Tensor) and name in self.turned else weight

    def logits(self, w: Tensor) -> Tensor:
        hidden = torch.relu(self.role("E")[w].flatten(1) @ self.role("W") + self.role("b"))
        return nn.functional.dropout(hidden, self.p, self.training) @ self.role("U") + self.role("c")


class Layers(Asked):
    """Form L: layers, whose matrices lie the other way."""

    def __init__(self, shape: tuple[int, int, int, int], dropout: float, bias: bool = True) -> None:
        super().__init__()
        words, size, hidden, classes = shape
        self.out, self.inner = nn.Linear(hidden, classes, bias=bias), nn.Linear(36 * size, hidden)
        self.table, self.dropout = nn.Embedding(words, size), nn.Dropout(dropout)

    def logits(self, w: Tensor) -> Tensor:
        logits: Tensor = self.out(self.dropout(torch.relu(self.inner(self.table(w).flatten(1)))))
        return logits


@given(
    form=st.sampled_from(("P", "L")),
    size=st.integers(2, 12),
    hidden=st.integers(2, 70),
    dropout=st.sampled_from((0.0, 0.5, 1.0)),
    turned=st.frozensets(st.sampled_from("EWU")),
    bias=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_logits_and_parses_are_those_of_the_model(
    setting: Setting,
    form: str,
    size: int,
    hidden: int,
    dropout: float,
    turned: frozenset[str],
    bias: bool,
    seed: int,
) -> None:
    assume(hidden not in (setting.vocabulary.n_classes, len(setting.vocabulary), 36 * size))
    torch.manual_seed(seed)
    shape = len(setting.vocabulary), size, hidden, setting.vocabulary.n_classes
    model = (Parameters(shape, dropout, turned, bias) if form == "P" else Layers(shape, dropout, bias)).eval()
    for weight in model.parameters():  # small whole numbers: no sum is rounded
        weight.data = torch.randint(-3, 4, weight.shape).float()
    slowly = setting.parses(model, precompute=False)
    assert model.asked == setting.steps
    assert setting.parses(model, precompute=True) == slowly
    assert model.asked < setting.steps + 2 * 64 + 1

    features, cpu = setting.features(), torch.device("cpu")
    with torch.no_grad():
        network = setting.a3("parsing.precomputed").quickest(model, cpu, setting.vocabulary, features.ravel(), features)
        expected = model(torch.from_numpy(features)).numpy()
    np.testing.assert_array_equal(network(features), expected)


def test_so_it_is_with_the_references_first_weights(setting: Setting) -> None:
    recipe = setting.a3("parsing.recipe")
    model = recipe.new_model(setting.a3("parser_model").ParserModel, setting.vocabulary, recipe.TOY).eval()
    assert setting.parses(model, precompute=True) == setting.parses(model, precompute=False)


class Deeper(Layers):
    def __init__(self, shape: tuple[int, int, int, int], dropout: float) -> None:
        super().__init__(shape, dropout)
        self.more = nn.Linear(shape[2], shape[2])

    def logits(self, w: Tensor) -> Tensor:
        hidden = torch.relu(self.inner(self.table(w).flatten(1)))
        logits: Tensor = self.out(torch.relu(self.more(hidden)))
        return logits


class Tanh(Layers):
    def logits(self, w: Tensor) -> Tensor:
        logits: Tensor = self.out(torch.tanh(self.inner(self.table(w).flatten(1))))
        return logits


class ConstantBias(Parameters):
    """Its last bias is no parameter."""

    def logits(self, w: Tensor) -> Tensor:
        return super().logits(w) + torch.arange(self.role("U").shape[1])


class Exchanged(Layers):
    """Two dependents change places: at the beginning of a parse there are none, and logits are the same."""

    def logits(self, w: Tensor) -> Tensor:
        order = [*range(6), 7, 6, *range(8, 36)]
        return super().logits(w[:, order])


class NotANumber(Layers):
    def logits(self, w: Tensor) -> Tensor:
        return super().logits(w) + torch.tensor([0.0] * (self.out.out_features - 1) + [torch.inf])


BY_SHAPES, BY_LOGITS = "by the shapes of its weights", "the network's logits are not"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Deeper, BY_SHAPES),
        (Tanh, BY_LOGITS),
        (ConstantBias, BY_LOGITS),
        (Exchanged, BY_LOGITS),
        (NotANumber, BY_LOGITS),
    ],
)
def test_another_network_is_asked_itself_with_one_note(
    setting: Setting, kind: Callable[..., Asked], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(1)
    model = kind((len(setting.vocabulary), 5, 13, setting.vocabulary.n_classes), 0.5).eval()
    slowly = setting.parses(model, precompute=False)
    assert setting.parses(model, precompute=True) == setting.parses(model, precompute=True) == slowly
    assert model.asked >= 3 * setting.steps
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("note: ") and said in line


@pytest.mark.parametrize("why", ["training", "float64", "too many products", "hidden as wide as the classes"])
def test_when_it_is_the_model_that_is_asked(
    setting: Setting, why: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = setting.vocabulary.n_classes if why.startswith("hidden") else 13
    model = Layers((len(setting.vocabulary), 5, hidden, setting.vocabulary.n_classes), 0.0).eval()
    if why == "training":
        model.train()
    if why == "float64":
        model.double()
    if why == "too many products":
        monkeypatch.setattr(setting.a3("parsing.precomputed"), "LIMIT", 1000)
    setting.parses(model, precompute=True)
    assert model.asked == setting.steps
    assert bool(capsys.readouterr().err) == why.startswith("hidden")


def test_what_is_graded_asks_the_model_alone(setting: Setting) -> None:
    from graders.sandbox.inside.parsing import _parse

    class Silent:
        def send(self, message: Any) -> None: ...

    model = Layers((len(setting.vocabulary), 5, 13, setting.vocabulary.n_classes), 0.5).eval()
    _parse(model, setting.vocabulary, setting.sentences, 16, Silent(), 0)  # type: ignore[arg-type]
    assert model.asked == setting.steps


@pytest.mark.parametrize("change", ["as it is", "transposed", "rows", "without c", "other order"])
def test_weights_are_known_by_their_shapes(a3: A3, change: str) -> None:
    weights = {role: torch.randn(SIZES[role]) for role in a3("parsing.roles").ROLES}
    given = dict(weights)
    if change == "transposed":
        given |= {"W": weights["W"].T, "U": weights["U"].T}
    if change == "rows":
        given |= {"b": weights["b"][None], "c": weights["c"][None]}
    if change == "without c":
        weights["c"] = torch.zeros(7)
        del given["c"]
    if change == "other order":
        given = dict(reversed(given.items()))
    for found in (
        a3("parsing.roles").in_roles(given.values(), SIZES),
        a3("parsing.roles").roles_of(given.values(), words=9, features=4, classes=7),
    ):
        assert found is not None
        for role, weight in weights.items():
            torch.testing.assert_close(found[role], weight)


def test_a_model_with_other_weights_is_not_guessed_at(a3: A3) -> None:
    in_roles = a3("parsing.roles").in_roles
    weights = [torch.randn(SIZES[role]) for role in a3("parsing.roles").ROLES]
    assert in_roles([*weights, torch.randn(5, 5)], SIZES) is None
    assert in_roles([*weights, torch.randn(5)], SIZES) is None
    assert in_roles(weights[:-2], SIZES) is None


def test_given_files_import_given_files() -> None:
    """A submission is graded beside these alone, not beside the whole handout."""
    given = load_assignment("a3").given
    for name, content in given.items():
        for line in ast.parse(content).body:
            if isinstance(line, ast.ImportFrom) and (line.module or "").startswith("parsing."):
                assert f"{str(line.module).replace('.', '/')}.py" in given, name
