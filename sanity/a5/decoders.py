"""Cases that questions 4a to 4f share: tokens, hidden states, and weights for the whole model.

All sizes differ from each other and no weight is what it begins as: norms that are one and biases that are zero would
hide a norm that is used twice, or a bias that is not there, and equal rows of a batch a mix-up of rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.compare import agrees, same, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Probe, Run


def weight_shapes(C: int, T_max: int, V: int, layers: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight of the model, by its dotted name."""
    block: dict[str, tuple[int, ...]] = {
        **{f"attention.{name}.weight": (C, C) for name in ("W_q", "W_k", "W_v", "W_o")},
        **{f"attention.{name}.bias": (C,) for name in ("W_q", "W_k", "W_v", "W_o")},
        "mlp.fc1.weight": (4 * C, C),
        "mlp.fc1.bias": (4 * C,),
        "mlp.fc2.weight": (C, 4 * C),
        "mlp.fc2.bias": (C,),
        **{f"{norm}_layer_norm.{name}": (C,) for norm in ("pre", "post") for name in ("weight", "bias")},
    }
    return {
        "embeddings.weight": (V, C),
        "position_embeddings.weight": (T_max, C),
        **{f"backbone.{i}.{name}": shape for i in range(layers) for name, shape in block.items()},
        "final_layer_norm.weight": (C,),
        "final_layer_norm.bias": (C,),
        "lm_head.weight": (V, C),
    }


def make_decoder(
    *, seed: int, B: int, T: int, heads: int, size: int, layers: int, more: int, V: int, new: int
) -> dict[str, Any]:
    """Make tokens, hidden states and weights.

    Args:
        seed: of everything random.
        B: sequences.
        T: tokens in each.
        heads: n_heads.
        size: numbers of one head, so that d_model is heads times size.
        layers: n_layers.
        more: by how much context_length is larger than T.
        V: tokens in the vocabulary.
        new: tokens to generate, at most more.
    """
    rng = np.random.default_rng(seed)
    C = heads * size

    def normal(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(np.float32)

    weights = {name: normal(*shape) / np.float32(2) for name, shape in weight_shapes(C, T + more, V, layers).items()}
    for name in weights:
        if name.endswith("norm.weight"):
            weights[name] += np.float32(1)
    return {
        "C": C,
        "heads": heads,
        "layers": layers,
        "T_max": T + more,
        "V": V,
        "new": new,
        "weights": weights,
        "x": normal(B, T, C),
        "tokens": different_rows(rng, B, T, V),
        "table": normal(V, V),
        "stand_ins": True,
        "brief": False,
        "exact": False,
        "tied": False,
    }


def different_rows(rng: np.random.Generator, B: int, T: int, V: int) -> Any:
    """Draw tokens, (B, T), such that in each column neighbouring rows differ."""
    first = rng.integers(V, size=(1, T))
    steps = rng.integers(1, V, size=(B - 1, T))
    return np.cumsum(np.concatenate((first, steps)), axis=0) % V


SIZES = {
    "B": (2, 2),
    "T": (6, 7),
    "heads": (3, 3),
    "size": (4, 5),
    "layers": (2, 2),
    "more": (4, 4),
    "V": (19, 23),
    "new": (4, 4),
}
WORDS = "{B} sequences of {T} tokens, {heads} heads, d_model = {C}, {layers} layers"
CORNERS = (
    {"B": 2, "T": 7, "heads": 3, "size": 5, "layers": 3, "more": 4, "V": 17, "new": 4},
    {"B": 3, "T": 6, "heads": 5, "size": 2, "layers": 1, "more": 3, "V": 29, "new": 3},
)
DECODERS = Cases(make_decoder, SIZES, WORDS, CORNERS, drawn=2)
"""Models of any sizes."""
ONE = Cases(make_decoder, SIZES, WORDS, CORNERS[:1], drawn=1)
"""Fewer of the same, for what one case shows."""
GRADIENTS = Cases(
    make_decoder,
    {
        "B": (4, 4),
        "T": (5, 5),
        "heads": (3, 3),
        "size": (2, 2),
        "layers": (2, 2),
        "more": (2, 2),
        "V": (11, 13),
        "new": (2, 2),
    },
    WORDS,
    drawn=2,
)
"""Small models, for their gradients: one shows a wrong one, and recordings of large ones would be large."""

SMALLEST: tuple[tuple[str, dict[str, int]], ...] = (
    ("a batch of one sequence", {"B": 1}),
    ("sequences of as many tokens as context_length", {"more": 0, "new": 0}),
    ("n_heads = 1", {"heads": 1, "size": 11}),
    ("sequences of one token", {"T": 1}),
)
"""Each degenerate case by its name, and what makes it so."""


def make_degenerate_decoder(*, seed: int, which: int) -> dict[str, Any]:
    """Make a case in which one size is as small, or as large, as it may be."""
    name, sizes = SMALLEST[which]
    ordinary = {"B": 2, "T": 4, "heads": 3, "size": 5, "layers": 1, "more": 4, "V": 13, "new": 1}
    return {**make_decoder(seed=seed, **{**ordinary, **sizes}), "name": name}


DEGENERATE = Cases(
    make_degenerate_decoder,
    {"which": (0, len(SMALLEST) - 1)},
    "{name}",
    tuple({"which": which} for which in range(1, len(SMALLEST))),
    drawn=1,
)
"""Cases in which a size is one, or all positions are used."""


RANDOM = "something random, such as dropout, acts in evaluation, too"


def same_each_time(run: Run, probe: Probe, case: Case, want: Answers) -> None:
    """Raise CheckFailed unless the only output of a probe is the right one; say so if it changes from call to call."""
    [output] = probe.axes
    got = run(probe, case)
    try:
        same(got, want, probe.axes)
    except CheckFailed as problem:
        again = run(probe, case.having(again=True))[output]
        if isinstance(got[output], np.ndarray) and not np.isnan(got[output]).any() and not agrees(again, got[output]):
            raise CheckFailed(problem.message, diagnosis=RANDOM, output=output) from None
        raise


def sees_nothing_later(run: Run, probe: Probe, case: Case, name: str, changed: Any) -> None:
    """Raise CheckFailed unless the first positions of the only output of a probe ignore a change of the later ones.

    Args:
        run: the submission.
        probe: what is called; its output has the axes B, T and one more.
        case: the case.
        name: the input in which positions are changed, with the axes B and T first.
        changed: that input, changed everywhere.
    """
    [(output, axes)] = probe.axes.items()
    found = run(probe, case)[output]
    like = np.zeros(np.shape(found) if np.ndim(found) == 3 else (1, 1, 1), np.float32)
    before = shaped({output: found}, output, axes, like)
    original, T = case.values[name], case.values[name].shape[1]
    for first in (1, T // 2, T - 1):
        later = np.concatenate((original[:, :first], changed[:, first:]), axis=1)
        after = shaped(run(probe, case.having(**{name: later})), output, axes, like)
        if not np.allclose(after[:, :first], before[:, :first], 1e-4, 2e-5):
            rest = np.concatenate((original[:, : first + 1], changed[:, first + 1 :]), axis=1)
            near = shaped(run(probe, case.having(**{name: rest})), output, axes, like)
            only_next = np.allclose(near[:, :first], before[:, :first], 1e-4, 2e-5)
            diagnosis = "each position sees the next one, too: the mask is off by one" if only_next else ""
            raise CheckFailed("a position changes when a later one does", diagnosis=diagnosis)


def mixes_no_sequences(run: Run, probe: Probe, case: Case, name: str, changed: Any) -> None:
    """Raise CheckFailed unless the only output of a probe is the same for a sequence whatever the others are.

    Args:
        run: the submission.
        probe: what is called; its output has the axes B, T and one more.
        case: the case.
        name: the input in which sequences are changed, with the axis B first.
        changed: that input, changed everywhere.
    """
    [(output, axes)] = probe.axes.items()
    found = run(probe, case)[output]
    like = np.zeros(np.shape(found) if np.ndim(found) == 3 else (1, 1, 1), np.float32)
    before = shaped({output: found}, output, axes, like)
    others = np.concatenate((changed[:-1], case.values[name][-1:]))
    after = shaped(run(probe, case.having(**{name: others})), output, axes, like)
    if not np.allclose(after[-1], before[-1], 1e-4, 2e-5):
        raise CheckFailed("a sequence of a batch changes when another one does")
