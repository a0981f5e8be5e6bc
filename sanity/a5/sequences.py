"""Cases of questions 4g to 4m: sequences of vectors, weights of layers, and masks. All sizes of a case differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.compare import Array

SIZES = {"B": (2, 2), "T": (5, 6), "heads": (3, 3), "hs": (4, 4)}


def linear(rng: np.random.Generator, name: str, size: int, to: int) -> dict[str, Any]:
    """Make the weight and the bias of a `nn.Linear`, by the names that they have in a layer of this name."""
    return {
        f"{name}.weight": (rng.standard_normal((to, size)) * 1.3 / np.sqrt(size)).astype(np.float32),
        f"{name}.bias": (rng.standard_normal(to) / 3).astype(np.float32),
    }


def norm(rng: np.random.Generator, name: str, d: int) -> dict[str, Any]:
    """Make the weight and the bias of a `nn.LayerNorm`: not ones and zeros, which would hide which one is used."""
    return {
        f"{name}.weight": rng.uniform(0.4, 1.6, d).astype(np.float32),
        f"{name}.bias": (rng.standard_normal(d) / 2).astype(np.float32),
    }


def attention_weights(rng: np.random.Generator, d: int, out: str, before: str = "") -> dict[str, Any]:
    """Make the weights of attention with several heads; out is what the layer after the heads is called."""
    made: dict[str, Any] = {}
    for name in ("query", "key", "value", out):
        made |= linear(rng, before + name, d, d)
    return made


def feed_forward_weights(rng: np.random.Generator, d: int, d_ff: int, before: str = "") -> dict[str, Any]:
    """Make the weights of a feed-forward network."""
    return {**linear(rng, before + "first", d, d_ff), **linear(rng, before + "second", d_ff, d)}


def vectors(rng: np.random.Generator, *shape: int) -> Any:
    """Make random vectors, float32."""
    return rng.standard_normal(shape).astype(np.float32)


def padding(rng: np.random.Generator, B: int, S: int) -> Array:
    """Make a mask (B, 1, S) that hides the end of each sequence, one more in each than in the one before."""
    least = int(rng.integers(1, 3))
    hidden = np.minimum(least + np.arange(B), S - 1)
    return np.asarray(np.arange(S) < S - hidden[:, None])[:, None]


def make_causal(*, seed: int, B: int, T: int, heads: int, hs: int, spare: int) -> dict[str, Any]:
    """Make the input and the weights of causal self-attention, with more positions than are used if spare is not 0."""
    rng = np.random.default_rng(seed)
    d = heads * hs
    weights = attention_weights(rng, d, "proj")
    return {"seed": seed, "x": vectors(rng, B, T, d), "weights": weights, "heads": heads, "block": T + spare}


CAUSAL_WORDS = "B = {B}, T = {T}, {heads} heads of {hs} numbers, block_size = {block}"
CAUSAL = Cases(
    make_causal,
    {**SIZES, "spare": (3, 4)},
    CAUSAL_WORDS,
    ({"B": 3, "T": 7, "heads": 2, "hs": 6, "spare": 0},),
    drawn=2,
)
"""Sequences and weights for causal self-attention."""
CAUSAL_ONE = Cases(make_causal, {**SIZES, "spare": (3, 4)}, CAUSAL_WORDS, drawn=1)
"""Fewer of the same, for what one case shows."""
CAUSAL_SINGLE = Cases(make_causal, {**SIZES, "B": (1, 1), "T": (1, 1), "spare": (3, 4)}, CAUSAL_WORDS, drawn=1)
"""One sequence with one position."""


def make_heads(*, seed: int, B: int, T: int, S: int, heads: int, hs: int, d_ff: int) -> dict[str, Any]:
    """Make two sequences, and the weights of attention between them and of a feed-forward network.

    There are three masks: of padding, of single places for each sequence, and one for all sequences.
    """
    rng = np.random.default_rng(seed)
    d = heads * hs
    scattered, shared = rng.random((B, T, S)) < 0.6, rng.random((T, S)) < 0.6
    scattered[..., 0], shared[:, -1] = True, True
    return {
        "seed": seed,
        "x": vectors(rng, B, T, d),
        "read": vectors(rng, B, S, d),
        "weights": attention_weights(rng, d, "out"),
        "feed_forward": feed_forward_weights(rng, d, d_ff),
        "masks": {"B 1 S": padding(rng, B, S), "B T S": scattered, "T S": shared},
        "heads": heads,
        "d_ff": d_ff,
    }


HEADS_SIZES = {**SIZES, "S": (8, 9), "d_ff": (14, 15)}
HEADS_WORDS = "B = {B}, T = {T}, S = {S}, {heads} heads of {hs} numbers, d_ff = {d_ff}"
HEADS = Cases(
    make_heads,
    HEADS_SIZES,
    HEADS_WORDS,
    ({"B": 3, "T": 7, "S": 4, "heads": 2, "hs": 5, "d_ff": 9},),
    drawn=2,
)
"""Two sequences and weights for attention between them."""
HEADS_ONE = Cases(make_heads, HEADS_SIZES, HEADS_WORDS, drawn=1)
"""Fewer of the same, for what one case shows."""
HEADS_SINGLE = Cases(make_heads, {**HEADS_SIZES, "B": (1, 1), "T": (1, 1), "S": (1, 1)}, HEADS_WORDS, drawn=1)
"""One sequence with one position, and one that it reads."""


def make_layer(*, seed: int, B: int, T: int, S: int, heads: int, hs: int, d_ff: int) -> dict[str, Any]:
    """Make the input and the weights of an encoder layer and of a decoder layer."""
    rng = np.random.default_rng(seed)
    d = heads * hs

    def layer(attentions: tuple[str, ...], norms: int) -> dict[str, Any]:
        made = feed_forward_weights(rng, d, d_ff, "feed_forward.")
        for name in attentions:
            made |= attention_weights(rng, d, "out", f"{name}.")
        for i in range(norms):
            made |= norm(rng, f"norm{i + 1}", d)
        return made

    return {
        "seed": seed,
        "x": vectors(rng, B, T, d),
        "memory": vectors(rng, B, S, d),
        "encoder": layer(("attention",), 2),
        "decoder": layer(("attention", "cross_attention"), 3),
        "mask": padding(rng, B, T),
        "memory_mask": padding(rng, B, S),
        "heads": heads,
        "d_ff": d_ff,
        "stand_in": False,
    }


LAYERS = Cases(
    make_layer,
    HEADS_SIZES,
    HEADS_WORDS,
    ({"B": 3, "T": 7, "S": 4, "heads": 2, "hs": 5, "d_ff": 9},),
    drawn=2,
)
"""Sequences and weights for an encoder layer and a decoder layer."""
LAYERS_ONE = Cases(make_layer, HEADS_SIZES, HEADS_WORDS, drawn=1)
"""Fewer of the same, for what one case shows."""


def attended(weights: Any, x: Array, read: Array, heads: int, mask: Array) -> Array:
    """Return what attention with several heads gives, in numpy: by it a submission's own is known to be right.

    Args:
        weights: of `attention_weights`, with the layer after the heads called out.
        x: (B, T, d).
        read: (B, S, d).
        heads: how many there are.
        mask: booleans (B, T, S), (B, 1, S) or (T, S), true where a position may look.
    """

    def applied(name: str, to: Array) -> Array:
        return np.asarray(to @ weights[f"{name}.weight"].astype(np.float64).T + weights[f"{name}.bias"])

    def split(name: str, of: Array) -> Array:
        whole = applied(name, of)
        return whole.reshape(*whole.shape[:2], heads, -1).transpose(0, 2, 1, 3)

    query, key, value = split("query", x), split("key", read), split("value", read)
    scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(query.shape[-1])
    scores = np.where(np.broadcast_to(mask, (len(x), *mask.shape[-2:]))[:, None], scores, -np.inf)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    joined = (exponentials / exponentials.sum(axis=-1, keepdims=True) @ value).transpose(0, 2, 1, 3)
    return applied("out", joined.reshape(x.shape))


def fed_forward(weights: Any, x: Array) -> Array:
    """Return what a feed-forward network gives, in numpy."""
    hidden = np.maximum(x @ weights["first.weight"].astype(np.float64).T + weights["first.bias"], 0)
    return np.asarray(hidden @ weights["second.weight"].T + weights["second.bias"])


def heads_turned(case: Case, out: str) -> dict[str, Any]:
    """Return the weights of a case with its heads in another order: each is the next one now."""
    d, by = case.x.shape[-1], case.x.shape[-1] // case.heads
    turned = (np.arange(d) + by) % d
    weights = {name: weight[turned] for name, weight in case.weights.items() if not name.startswith(f"{out}.")}
    return {
        **weights,
        f"{out}.weight": np.ascontiguousarray(case.weights[f"{out}.weight"][:, turned]),
        f"{out}.bias": case.weights[f"{out}.bias"],
    }
