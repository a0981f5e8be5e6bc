"""Calls as scripts that a student can run: the model, its weights, one call, and its gradients beside measured ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case
from sanity.gradients.snippet import assign

START = """\
import numpy as np
import torch
from nmt_model import NMT
from vocab import Vocab, VocabEntry

from sanity.gradients import numeric_gradient

torch.set_default_dtype(torch.float64)
"""

END = """\
    # A sum in which each entry has another weight, so that no two gradients are alike.
    return sum((torch.cos(torch.arange(x.numel()) + i) * x.flatten()).sum() for i, x in enumerate(outputs))


def loss_with(name, values):
    with torch.no_grad():
        parameters[name].copy_(torch.tensor(values))
        return loss().item()


parameters = dict(model.named_parameters())
for name, parameter in parameters.items():
    parameter.data = torch.tensor(weights[name]) if name in weights else torch.zeros_like(parameter)
value = loss()
if value.requires_grad:
    value.backward()
for name in [name for name in weights if name in parameters]:
    moves = weights[name] != 0  # the rows of <pad> are zero and get no gradient
    slope = numeric_gradient(lambda x: loss_with(name, x), weights[name]) * moves
    loss_with(name, weights[name])
    arrived = parameters[name].grad
    gradient = np.zeros(slope.shape) if arrived is None else arrived.numpy() * moves
    wrong = ~np.isclose(gradient, slope, 1e-3, 1e-3)
    print(f"{name}: {wrong.sum()} of {wrong.size} entries are wrong")
    if wrong.any():
        print("the gradient:", gradient, "the slope:", slope, sep="\\n")
"""


def model(case: Case, used: tuple[str, ...]) -> str:
    """Spell the model, and the weights of the layers used; the others are zero."""
    weights = {name: w for name, w in case.weights.items() if name.rpartition(".")[0] in used}
    name = "combined_output_projection.weight"
    if name in weights and not case.attention_first:  # for U_t = [h_dec ; a_t]
        weights[name] = np.roll(weights[name], case.h, axis=1)
    return f"""\
source_words = {_entry(case.v_src, case.pad_src)}
target_words = {_entry(case.v_tgt, case.pad_tgt)}
model = NMT(embed_size={case.e}, hidden_size={case.h}, vocab=Vocab(source_words, target_words)).eval()
{assign("weights", weights)}"""


def _entry(size: int, pad: int) -> str:
    others: Any = iter(["<s>", "</s>", "<unk>", *(f"w{i}" for i in range(size))])
    return f"VocabEntry({ {'<pad>' if i == pad else next(others): i for i in range(size)} })"


def tensors(case: Case, *names: str) -> str:
    """Spell inputs of the call as tensors; h and c are the state of the decoder before it."""
    h, c = case.dec_init_state
    return "".join(assign(name, {**case.values, "h": h, "c": c}[name], "torch.tensor") for name in names)
