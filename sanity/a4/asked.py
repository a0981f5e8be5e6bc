"""The probes of assignment 4, and what several of its checks share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sanity.a4.cases import BATCHES
from sanity.core.case import Case
from sanity.core.check import Probe, Run, probe
from sanity.core.compare import as_array
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.gradients import same_slope

PAD = probe("pad", "pad_sents()", "padded, sents after the call")
EMBEDDINGS = probe(
    "embeddings", "ModelEmbeddings", "source, target, source padding_idx, target padding_idx, padding gradient, shared"
)
LAYERS = probe("layers", "NMT()", "layers, shared")
DROPOUT_RATES = probe("dropout_rates", "NMT()", "difference to the rate given, rate by default")
HAS_CONVOLUTION = probe("has_convolution", "NMT()", "has a convolution")
CONVOLVE = probe("convolve", "post_embed_cnn()", "convolved")
ENCODE = probe("encode", "encode()", "enc_hiddens, (dec_init_state[0], dec_init_state[1])")
ENCODE_GRADIENTS = probe("encode_gradients", "encode()", "loss, gradients, gradients of the inputs")
DECODE = probe("decode", "decode()", "combined_outputs, Ybar_t of each step")
DECODE_GRADIENTS = probe("decode_gradients", "decode()", "loss, gradients, gradients of the inputs")
DECODE_AND_REPEAT = probe("decode_and_repeat", "decode()", "combined_outputs, step after step")
STEP = probe("step", "step()", "(dec_state[0], dec_state[1]), combined_output, e_t")
STEP_GRADIENTS = probe("step_gradients", "step()", "loss, gradients, gradients of the inputs")

ENCODED = {"enc_hiddens": "b src_len 2h", "dec_init_state[0]": "b h", "dec_init_state[1]": "b h"}
DECODED = {"Ybar_t of each step": "tgt_len-1> b e+h", "combined_outputs": "tgt_len-1> b h"}
STEPPED = {"dec_state[0]": "b h", "dec_state[1]": "b h", "combined_output": "b h", "e_t": "b src_len"}
CONVOLUTION = ("post_embed_cnn.weight", "post_embed_cnn.bias")
ANY = BATCHES.case(b=2, src_len=3, e=3, h=2)
"""Any case: for probes whose answer depends on the model alone."""
BY_SENTENCE = ("Ybar_t", "enc_hiddens", "enc_hiddens_proj", "enc_masks")


def has_convolution(run: Run) -> bool:
    """Return whether the submission's model has the convolution of 2022 and later."""
    return run(HAS_CONVOLUTION, ANY)["has a convolution"] is not False


def rows(answers: Mapping[str, Any], name: str, which: slice, length: int | None = None) -> Any:
    """Return some sentences' rows of an output that encode() or step() gave, cut to length words where it has words."""
    array = as_array(name, answers[name], np.zeros(0))
    return array[which, :length] if array.ndim == 3 else array[which]


def true_gradients(run: Run, gradient_probe: Probe, case: Case) -> None:
    """Raise CheckFailed unless the probe's gradients are the slope of its loss.

    A submission that computes in float32 even where it is given float64 is right, but too coarse to be measured.
    """
    try:
        loss = run(gradient_probe, case)["loss"]
    except CouldNotRun:
        run(gradient_probe, ANY)  # raises if it cannot run in float32 either
        return
    if isinstance(loss, np.ndarray) and loss.dtype == np.float32:
        return

    def loss_and_gradients(weights: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        answers = run(gradient_probe, case.having(weights=weights))
        missing = case.weights.keys() - answers["gradients"].keys() - set(CONVOLUTION)
        if missing:
            raise CheckFailed(f"the model has no parameter {min(missing)}")
        return as_array("the loss", answers["loss"], np.zeros(())), answers["gradients"]

    same_slope(loss_and_gradients, case.weights, case.seed)
