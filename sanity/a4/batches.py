"""Cases that the questions of assignment 4 share: padded batches with weights.

Sizes differ from each other and weights are random: constant weights would hide the order of a concatenation, and
equal sizes a transposition. The padding row of every embedding is zero, since the convolution reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.core.case import Cases
from sanity.core.compare import as_array
from sanity.core.probe import Answers

Array = NDArray[Any]


def weight_shapes(e: int, h: int, v_src: int, v_tgt: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight of the model, by its dotted name."""
    encoder = {"weight_ih_l0": (4 * h, e), "weight_hh_l0": (4 * h, h), "bias_ih_l0": (4 * h,), "bias_hh_l0": (4 * h,)}
    return {
        "model_embeddings.source.weight": (v_src, e),
        "model_embeddings.target.weight": (v_tgt, e),
        "post_embed_cnn.weight": (e, e, 2),
        "post_embed_cnn.bias": (e,),
        **{f"encoder.{name}{way}": shape for way in ("", "_reverse") for name, shape in encoder.items()},
        "decoder.weight_ih": (4 * h, e + h),
        "decoder.weight_hh": (4 * h, h),
        "decoder.bias_ih": (4 * h,),
        "decoder.bias_hh": (4 * h,),
        "h_projection.weight": (h, 2 * h),
        "c_projection.weight": (h, 2 * h),
        "att_projection.weight": (h, 2 * h),
        "combined_output_projection.weight": (h, 3 * h),
        "target_vocab_projection.weight": (v_tgt, h),
    }


ENCODES = ("model_embeddings.source", "post_embed_cnn", "encoder", "h_projection", "c_projection")
"""The layers that encode() uses."""
DECODES = ("model_embeddings.target", "att_projection")
"""The layers that decode() uses, besides those of the step that it calls."""
STEPS = ("decoder", "combined_output_projection")
"""The layers that step() uses."""


def of_layers(weights: Mapping[str, Any], layers: tuple[str, ...]) -> dict[str, Any]:
    """Return the weights of some layers, by name."""
    return {name: weight for name, weight in weights.items() if name.rpartition(".")[0] in layers}


def identity_convolution(e: int, dtype: Any) -> dict[str, Array]:
    """Return the weights of a convolution that changes nothing: what a model without one amounts to."""
    kernel = np.zeros((e, e, 2), dtype)
    kernel[:, :, 0] = np.eye(e)
    return {"post_embed_cnn.weight": kernel, "post_embed_cnn.bias": np.zeros(e, dtype)}


def padded_indices(rng: np.random.Generator, lengths: list[int], words: int, pad: int) -> Array:
    """Draw a batch of word indices, (longest, b), none of them pad, padded below each sentence."""
    indices = rng.integers(1, words, size=(lengths[0] if lengths else 0, len(lengths)))
    indices = (indices + pad) % words  # every index but pad
    for column, length in enumerate(lengths):
        indices[length:, column] = pad
    return indices


def make_batch(
    *, seed: int, b: int, src_len: int, tgt_len: int, e: int, h: int, ragged: int, double: int
) -> dict[str, Any]:
    """Make the arguments of encode, decode and step, and weights for the model.

    Args:
        seed: of everything random.
        b: the number of sentences.
        src_len: words of the longest source sentence.
        tgt_len: words of every target sentence, <s> and </s> counted.
        e: embed_size.
        h: hidden_size.
        ragged: 1 for source sentences of unequal lengths, 0 for equal ones.
        double: 1 for float64.
    """
    rng = np.random.default_rng(seed)
    dtype = np.float64 if double else np.float32

    def normal(*shape: int) -> Array:
        # Standard deviation 0.7 keeps LSTM gates and tanh away from saturation, where mistakes would not show.
        return (0.7 * rng.standard_normal(shape)).astype(dtype)

    v_src, v_tgt = src_len + 5, tgt_len + 6
    pad_src, pad_tgt = int(rng.integers(v_src)), int(rng.integers(v_tgt))
    shorter = rng.integers(1, src_len + 1, size=b - 1) if ragged else np.full(b - 1, src_len)
    lengths = sorted([src_len, *map(int, shorter)], reverse=True)
    weights = {name: normal(*shape) for name, shape in weight_shapes(e, h, v_src, v_tgt).items()}
    weights["model_embeddings.source.weight"][pad_src] = 0
    weights["model_embeddings.target.weight"][pad_tgt] = 0
    masks = (np.arange(src_len) >= np.array(lengths)[:, None]).astype(dtype)  # (b, src_len)
    enc_hiddens = normal(b, src_len, 2 * h) * (1 - masks)[:, :, None].astype(dtype)
    return {
        "e": e,
        "h": h,
        "v_src": v_src,
        "v_tgt": v_tgt,
        "pad_src": pad_src,
        "pad_tgt": pad_tgt,
        "seed": seed,
        "weights": weights,
        "source_padded": padded_indices(rng, lengths, v_src, pad_src),
        "source_lengths": lengths,
        "target_padded": padded_indices(rng, [tgt_len] * b, v_tgt, pad_tgt),
        "enc_hiddens": enc_hiddens,
        "enc_hiddens_proj": enc_hiddens @ weights["att_projection.weight"].T,
        "enc_masks": masks,
        "dec_init_state": [normal(b, h), normal(b, h)],
        "Ybar_t": normal(b, e + h),
        "backward": True,
        "attention_first": True,
        "training": False,
    }


SIZES = {
    "b": (2, 4),
    "src_len": (3, 5),
    "tgt_len": (5, 6),
    "e": (6, 7),
    "h": (5, 6),
    "ragged": (0, 1),
    "double": (0, 0),
}
"""Sizes that are not degenerate: a slip that shows only in a size of one is for `DEGENERATE` to find.

The smallest, from which students see the first case, all differ: equal ones would make different mistakes alike."""
CORNERS = (
    {"b": 4, "src_len": 6, "tgt_len": 5, "e": 3, "h": 2, "ragged": 1},
    {"b": 3, "src_len": 2, "tgt_len": 4, "e": 5, "h": 4},
)
WORDS = "{b} sentences of up to {src_len} words, e = {e}, h = {h}"

BATCHES = Cases(make_batch, SIZES, WORDS, CORNERS, drawn=2)
"""Batches of any sizes, in float32."""

SIZED = Cases(make_batch, SIZES, WORDS, CORNERS[:1], drawn=2)
"""Fewer of the same: for layers that are made, where one case shows what another does."""

TRAINING = Cases(
    make_batch, SIZES, WORDS, ({"b": 3, "src_len": 4, "tgt_len": 5, "e": 3, "h": 2, "ragged": 1},), drawn=1
)
"""Fewer of the same: a gradient costs several times what an answer does, and one case shows a wrong one."""

DOUBLES = Cases(
    make_batch,
    {**SIZES, "src_len": (2, 4), "e": (2, 4), "h": (2, 3), "double": (1, 1)},
    WORDS + ", float64",
    ({"b": 2, "src_len": 3, "tgt_len": 4, "e": 4, "h": 2, "ragged": 1},),
    drawn=1,
)
"""Batches in float64, for numeric gradients."""


SMALLEST: tuple[tuple[str, dict[str, int]], ...] = (
    ("a batch of one sentence", {"b": 1, "ragged": 0}),
    ("hidden_size = 1", {"h": 1}),
    ("source sentences of one word", {"src_len": 1}),
    ("embed_size = 1", {"e": 1}),
    ("target sentences of one step", {"tgt_len": 2}),
)
"""Each degenerate case by its name, and what makes it so."""


def make_degenerate_batch(*, seed: int, which: int) -> dict[str, Any]:
    """Make a batch in which one size is one, and the others are not."""
    name, sizes = SMALLEST[which]
    ordinary = {"b": 3, "src_len": 4, "tgt_len": 6, "e": 5, "h": 2, "ragged": 1, "double": 0}
    return {**make_batch(seed=seed, **{**ordinary, **sizes}), "name": name}


DEGENERATE = Cases(
    make_degenerate_batch,
    {"which": (0, len(SMALLEST) - 1)},
    "{name}",
    tuple({"which": which} for which in range(1, len(SMALLEST))),
    drawn=1,
)
"""Batches in which a size is one: squeeze() without an axis is only wrong here."""


ANY = BATCHES.case(b=2, src_len=3, e=3, h=2)
"""Any case: for probes whose answer depends on the model alone."""


def rows(answers: Answers, name: str, which: slice, length: int | None = None) -> Any:
    """Return some sentences' rows of an output that encode() or step() gave, cut to length words where it has words.

    In float32, as the weights are: an answer turned into float64 is no more exact.
    """
    array = as_array(name, answers[name], np.zeros(0)).astype(np.float32)
    return array[which, :length] if array.ndim == 3 else array[which]
