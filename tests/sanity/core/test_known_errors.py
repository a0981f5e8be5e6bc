"""Known errors: each is made here with the libraries of today, and must be recognised by what they say of it."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from sanity.core.assignment_package import load_known_errors
from sanity.core.known_errors import KNOWN, Known, advice

ONES = torch.ones(2, 3)
WORDS = torch.ones(3, 2, 1)
NOTHING: Any = None


class Own:
    """Something that is no weight."""


class Early(nn.Module):
    def __init__(self) -> None:
        self.layer = nn.Linear(1, 1)


class KeyedVectors:
    """Stands for gensim's, which is too heavy to install for this."""

    def __getattr__(self, name: str) -> Any:
        if name == "vocab":
            raise AttributeError("The vocab attribute was removed from KeyedVector in Gensim 4.0.0.")
        raise AttributeError(f"'KeyedVectors' object has no attribute {name!r}")


def load_object() -> Any:
    file = io.BytesIO()
    torch.save(Own(), file)
    file.seek(0)
    return torch.load(file)


def change_in_place() -> None:
    changed = torch.exp(torch.ones(2, requires_grad=True))
    changed.add_(1).sum().backward()


def import_without_torch() -> None:
    sys.modules["torch"], kept = None, sys.modules["torch"]  # type: ignore[assignment]
    try:
        exec("import torch")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("No module named 'torch'") from error
    finally:
        sys.modules["torch"] = kept


Provoked = list[tuple[Callable[[], Any], str]]
PROVOKED: Provoked = [
    (lambda: ONES.masked_fill(ONES.byte(), 0.0), "torch masks are boolean now"),
    (lambda: ONES.masked_fill(ONES, 0.0), "torch masks are boolean now"),
    (lambda: torch.masked_select(ONES, ONES.byte()), "torch masks are boolean now"),
    (lambda: 1 - (ONES > 0), "invert a boolean mask with ~mask"),
    (lambda: np.int, "np.int is gone since numpy 1.24: write int"),
    (lambda: np.float, "np.float is gone since numpy 1.24: write float"),
    (load_object, "torch.load reads only plain weights"),
    (lambda: torch.softmax(torch.ones(3), 1), "this axis does not exist"),
    (lambda: nn.Linear(3, 2)(torch.ones(2, 4)), "the last axis does not fit"),
    (lambda: torch.cat((ONES, ONES[0])), "torch.cat joins tensors with equally many axes"),
    (lambda: torch.cat((ONES, ONES.T)), "torch.cat runs along the wrong axis"),
    (lambda: torch.cat((torch.tensor(1.0), ONES[0])), "torch.cat joins tensors with axes"),
    (lambda: torch.stack([]), "the list given to torch.stack() is empty"),
    (lambda: nn.LSTM(3, 2)(torch.ones(2, 1, 4)), "an LSTM's last axis is its input size"),
    (lambda: nn.LSTMCell(3, 2)(torch.ones(2, 4)), "an LSTM's last axis is its input size"),
    (change_in_place, "an in-place operation changed a tensor"),
    (lambda: torch.ones(2, requires_grad=True).add_(1), "an argument is changed in place"),
    (lambda: ONES.permute(1, 0).view(6), "view() cannot follow permute()"),
    (lambda: nn.Embedding(2, 3, padding_idx=5), "padding_idx is no row of this embedding"),
    (lambda: nn.Embedding(2, 3)(torch.tensor([5])), "an index is beyond the last row"),
    (lambda: NOTHING.bool(), "a value here is None: did a function forget to `return`?"),
    (lambda: NOTHING[0], "a value here is None: did a function forget to `return`?"),
    (lambda: torch.cat((ONES, NOTHING)), "a value here is None: did a function forget to `return`?"),
    (lambda: ONES + ONES.T, "the axes of two tensors do not fit"),
    (lambda: nn.Linear(3, 2)(ONES.double()), "one tensor has another dtype"),
    (lambda: ONES @ ONES.T.double(), "one tensor has another dtype"),
    (import_without_torch, "torch is missing"),
    (lambda: torch.ones(1, device="meta").numpy(), "call .cpu() before numpy()"),
    (lambda: torch.ones(2, requires_grad=True).numpy(), "call .detach() before .numpy()"),
    (lambda: torch.ones(10**14), "this asks for too much memory"),
    (lambda: np.ones(10**15), "this asks for too much memory"),
    (Early, "call super().__init__() first"),
    (lambda: compile("'ï'".encode("latin-1"), "", "exec"), "the file is not plain text: save it as UTF-8"),
    (lambda: compile("x = 1".encode("utf-16"), "", "exec"), "the file is not plain text: save it as UTF-8"),
    (lambda: compile(b"x = \0", "", "exec"), "the file is not plain text: save it as UTF-8"),
    (lambda: torch.no_such_name, "the module has no such name"),
    (lambda: np.ones((3, 2)) @ np.ones(3), "in a product the last size of the first"),
    (lambda: np.dot(np.ones((3, 2)), np.ones(3)), "in a product the last size of the first"),
    (lambda: np.ones((3, 2)) * np.ones(3), "the shapes of two arrays do not fit"),
]
PROVOKED_IN_A1: Provoked = [
    (lambda: KeyedVectors().vocab, "gensim 4 has no .vocab"),
    (lambda: KeyedVectors().index2word, "gensim 4 calls it .index_to_key"),
]
PROVOKED_IN_A4: Provoked = [
    (lambda: pack_padded_sequence(WORDS, [3, 0]), "a sentence of length 0 cannot be packed"),
    (lambda: pack_padded_sequence(WORDS, [2, 3]), "sentences must be sorted"),
    (lambda: pack_padded_sequence(WORDS, [3, 2, 1]), "pack_padded_sequence takes (src_len, b, e)"),
    (lambda: torch.bmm(torch.ones(2, 3, 4), torch.ones(2, 5, 6)), "bmm takes (b, n, m)"),
    (lambda: torch.bmm(torch.ones(2, 3, 4), torch.ones(2, 4)), "bmm takes 3-D tensors"),
    (lambda: nn.Conv1d(3, 3, 2)(torch.ones(2, 4, 3)), "Conv1d takes (b, e, src_len)"),
    (lambda: nn.Conv1d(3, 3, 2)(torch.ones(2, 3, 1)), "the convolution needs padding"),
    (lambda: ONES.masked_fill(ONES.byte(), 0.0), "torch masks are boolean now: write enc_masks.bool()"),
    (lambda: NOTHING.bool(), "enc_masks may be None"),
    (lambda: ~NOTHING, "enc_masks may be None"),
    (lambda: ONES.masked_fill(NOTHING, 0.0), "enc_masks may be None"),
    (lambda: NOTHING[0], "a value here is None"),
    (lambda: nn.Linear(3, 2)(torch.ones(2, 4)), "the last axis does not fit the layer's in_features: check the con"),
    (lambda: nn.Embedding(2, 3)(torch.tensor([5])), "a word has an index beyond the last row"),
    (lambda: torch.stack([]), "decode() took no step at all"),
]
if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
    PROVOKED += [
        (lambda: np.float_, "np.float_ is gone since numpy 2"),
        (lambda: np.Inf, "np.Inf is gone since numpy 2"),
    ]
if not torch.cuda.is_available():
    PROVOKED += [(lambda: torch.ones(1).cuda(), "this machine has no GPU")]

# What cannot be provoked here: in the words of torch on a GPU, of our own probes, and of our notebook loader.
QUOTED = [
    ("TypeError", "can't convert cuda:0 tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory.",
     "call .cpu() before numpy()"),
    ("AttributeError", "no cell defines distinct_words", "the notebook does not define this function"),
    ("RuntimeError", "Found no NVIDIA driver on your system.", "this machine has no GPU: write .to(device)"),
    ("BdbQuit", "", "a debugger is left in"),
    ("AttributeError", "'NMT' object has no attribute 'att_proj'", "the object has no such attribute"),
    ("TypeError", "only 0-dimensional arrays can be converted to Python scalars", "the functions of math take one"),
    ("TypeError", "only length-1 arrays can be converted to Python scalars", "the functions of math take one"),
    ("AttributeError", "`np.NaN` was removed in the NumPy 2.0 release.", "np.NaN is gone since numpy 2"),
]  # fmt: skip
QUOTED_IN_A1 = [("AttributeError", "'Word2VecKeyedVectors' object has no attribute 'vocab'", "gensim 4 has no .vocab")]
QUOTED_IN_A4 = [
    ("RuntimeError", "'lengths' argument should be a 1D CPU int64 tensor, but got 1D cuda:0 Long tensor",
     "pack_padded_sequence takes the lengths as a list"),
    ("AttributeError", "the model has no decoder.bias_hh", "the layer decoder of the model is missing or lacks"),
    ("AttributeError", "the model has no model_embeddings.target.weight", "the layer target of the model is missing"),
    ("ValueError", "decoder.bias_hh has shape (3,), expected (4,)", "the layer decoder of the model has another size"),
    ("AttributeError", "'ModelEmbeddings' object has no attribute 'target'",
     "ModelEmbeddings has no attribute target: question 1b asks for it"),
    ("AttributeError", "'NMT' object has no attribute 'dropout'", "NMT has no attribute dropout: question 1c asks"),
    ("RuntimeError", "Found no NVIDIA driver on your system.", "this machine has no GPU: write .to(self.device)"),
]  # fmt: skip

QUOTED_IN_A2 = [
    ("RuntimeError", "the dataset drew 0 samples, and no end", "negative samples are drawn where none are needed"),
    ("RuntimeError", "the dataset drew 20000 samples, and no end", "a loop draws negative samples and never ends"),
]

QUOTED_IN_A3 = [
    *(
        ("AttributeError", f"the model has no parameter of the shape of {role}", "the model has nothing of the right")
        for role in ("embeddings", "W", "b", "U", "c")
    ),
    ("ValueError", "the model has two parameters of the shape of U", "the model has more parameters than question 2e"),
]  # fmt: skip
QUOTED_IN_A5 = [
    ("AttributeError", "the model has no W_q.weight", "the layer W_q is missing or lacks a weight"),
    ("AttributeError", "the model has no backbone.0.mlp.fc1.weight", "the layer fc1 is missing or lacks a weight"),
    ("AttributeError", "the model has no part backbone", "the layer backbone is missing"),
    ("ValueError", "attention.W_o.weight has shape (3, 4), expected (4, 4)", "the layer W_o has another size"),
    ("ValueError", "the backbone has another number of blocks", "make n_layers blocks"),
    ("AttributeError", "the layer has no proj, or it has no weight", "the layer proj is missing or lacks a weight"),
    ("ValueError", "the bias of feed_forward.first has another shape", "the layer first has another size"),
]
PROVOKED_IN_A3: Provoked = [(lambda: [].pop(), "a transition takes a word from a list that is empty")]

TABLES: dict[str, tuple[Known, Provoked, list[tuple[str, str, str]]]] = {
    "any code": ((), PROVOKED, QUOTED),
    "a1": (load_known_errors("a1"), PROVOKED_IN_A1, QUOTED_IN_A1),
    "a2": (load_known_errors("a2"), [], QUOTED_IN_A2),
    "a3": (load_known_errors("a3"), PROVOKED_IN_A3, QUOTED_IN_A3),
    "a4": (load_known_errors("a4"), PROVOKED_IN_A4, QUOTED_IN_A4),
    "a5": (load_known_errors("a5"), [], QUOTED_IN_A5),
}
ALL_PROVOKED = [
    pytest.param(known, provoke, start, id=f"{name}: {start}")
    for name, (known, provoked, _) in TABLES.items()
    for provoke, start in provoked
]
ALL_QUOTED = [(known, *quoted) for known, _, texts in TABLES.values() for quoted in texts]


def raised_by(provoke: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as raised:
        provoke()
    return raised.value


@pytest.mark.parametrize(("known", "provoke", "start"), ALL_PROVOKED)
def test_errors_of_todays_libraries_are_recognised(known, provoke, start):
    error = raised_by(provoke)
    assert advice(type(error).__name__, str(error), known).startswith(start), str(error)


@pytest.mark.parametrize(("known", "type_name", "text", "start"), ALL_QUOTED)
def test_errors_that_cannot_be_made_here_are_recognised(known, type_name, text, start):
    assert advice(type_name, text, known).startswith(start)


@pytest.mark.parametrize("name", TABLES)
def test_every_hint_is_given_by_some_test_above(name):
    known, provoked, quoted = TABLES[name]
    errors = [raised_by(provoke) for provoke, _ in provoked]
    given = {advice(type(error).__name__, str(error), known) for error in errors}
    given |= {advice(type_name, text, known) for type_name, text, _ in quoted}
    lines = [re.sub(r"\\{\d\\}", ".*", re.escape(line)) for _, line in known or KNOWN]
    assert [line for line in lines if not any(re.fullmatch(line, said) for said in given)] == []


def test_an_assignment_without_known_errors_has_those_of_any_code():
    assert load_known_errors("gradients") == ()  # a package without any
    assert "enc_masks" not in "".join(hint for _, hint in KNOWN)


@pytest.mark.parametrize(
    ("type_name", "text"),
    [("ValueError", "too many values to unpack (expected 2)"), ("ZeroDivisionError", "division by zero"), ("Own", "")],
)
def test_of_other_errors_nothing_is_said(type_name, text):
    assert advice(type_name, text, load_known_errors("a4")) == ""


@pytest.mark.parametrize("known", [KNOWN, *map(load_known_errors, ("a1", "a2", "a3", "a4", "a5"))])
def test_a_hint_is_one_line_and_holds_nothing_of_a_strangers_text(known):
    for pattern, line in known:
        assert "\n" not in line
        groups = re.findall(r"(?<!\\)\((?!\?)([^()]*)\)", pattern) if "{" in line else []
        assert all(re.fullmatch(r"[\w|]+", group) for group in groups), pattern
