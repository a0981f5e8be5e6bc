"""Question 1e: the decoder. A stand-in takes the place of step(), so that these do not depend on 1f."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a4.batches import BATCHES, DECODES, DEGENERATE, DOUBLES, STEPS, TRAINING, rows
from sanity.a4.gradients import CONVOLUTION, true_gradients
from sanity.a4.scripts import END, START, model, tensors
from sanity.a4.step import step
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, same
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("1e")


@probe("combined_outputs: tgt_len-1> b h, Ybar_t of each step: tgt_len-1> b e+h", of="decode()", needs=("torch",))
def decode(code: Any, case: Case) -> Any:
    """Decode the target sentences with the stand-in step; also return the inputs that it was given."""
    import torch

    from sanity.a4.beside.model import build, call_decode, inputs_of, only_tensors
    from sanity.a4.beside.stand_in import stand_in_step

    model, seen = build(code, case, DECODES), list[torch.Tensor]()
    model.step = stand_in_step(seen)
    with torch.no_grad():
        outputs = call_decode(model, case, inputs_of(case))
    return only_tensors(outputs), torch.stack(seen) if seen else None


@probe("loss, gradients, gradients of the inputs", of="decode()", needs=("torch",))
def decode_gradients(code: Any, case: Case) -> Any:
    """Decode with the stand-in step; return a weighted sum of the outputs with its gradients."""
    from sanity.a4.beside.model import build, call_decode, default_dtype, gradients, inputs_of, weighted_sum
    from sanity.a4.beside.stand_in import stand_in_step

    with default_dtype(case.Ybar_t):
        model, inputs = build(code, case, DECODES), inputs_of(case, learn=True)
        model.step = stand_in_step([])
        loss = weighted_sum([call_decode(model, case, inputs)])
        return loss, *gradients(code, model, loss, case, inputs, DECODES)


@decode_gradients.script
def decode_script(case: Case) -> str:
    """Spell a call of decode(), which calls a simple step in the place of the student's own."""
    start = START.replace("from sanity.g", "from sanity.a4.beside.stand_in import stand_in_step\nfrom sanity.g")
    inputs = tensors(case, "enc_hiddens", "enc_masks", "h", "c", "target_padded")
    call = """\
model.step = stand_in_step([])  # so that mistakes in your step() do not show here


def loss():
    outputs = [model.decode(enc_hiddens, enc_masks, (h, c), target_padded)]
"""
    return start + model(case, DECODES) + inputs + call + END


@probe("combined_outputs: tgt_len-1> b h, step after step", of="decode()", needs=("torch",))
def decode_and_repeat(code: Any, case: Case) -> Any:
    """Decode with the student's own step; also call that step in a loop, as decode should."""
    import torch

    from sanity.a4.beside.model import build, call_decode, inputs_of, masks_of, seed, state_of, tensor

    with torch.no_grad():
        model, inputs = build(code, case, (*DECODES, *STEPS)), inputs_of(case)
        seed(case.seed)  # and below again: steps that are random, a mistake in 1f, are so twice alike
        outputs = call_decode(model, case, inputs)
        seed(case.seed)
        state, enc_hiddens = state_of(inputs), inputs["enc_hiddens"]
        proj, o_prev, repeated = model.att_projection(enc_hiddens), torch.zeros_like(state[0]), []
        for word in model.model_embeddings.target(tensor(case.target_padded)[:-1]):
            Ybar_t = torch.cat((word, o_prev), dim=1)
            state, o_prev, _ = model.step(Ybar_t, state, enc_hiddens, proj, masks_of(case))
            repeated.append(o_prev)
        return outputs, torch.stack(repeated)


@check(BATCHES, weight=3)
def feeds_the_words_and_the_last_output(run: Run, expect: Run, case: Case) -> None:
    """Each step is given the word's embedding joined to the combined output of the step before."""
    same(run(decode, case), expect(decode, case), decode.axes, only=("Ybar_t of each step",))


check.compares(
    decode,
    BATCHES,
    "combined_outputs",
    weight=4,
    says="decode() returns the combined output of every step, with the state carried from step to step.",
)


@check(TRAINING, weight=2, gradients=True)
def trains_the_decoder(run: Run, expect: Run, case: Case) -> None:
    """Every weight that decode() uses, and every argument of it, receives the right gradient."""
    got, want = run(decode_gradients, case), expect(decode_gradients, case)
    same_gradients(got["gradients"], want["gradients"], optional=CONVOLUTION)
    same_gradients(got["gradients of the inputs"], want["gradients of the inputs"])


@check(DEGENERATE, weight=2)
def decodes_where_a_size_is_one(run: Run, expect: Run, case: Case) -> None:
    """decode() is right for a batch of one sentence, too, for a single step, and where a size is 1."""
    same(run(decode, case), expect(decode, case), decode.axes)


@check(BATCHES)
def decodes_without_masks(run: Run, expect: Run, case: Case) -> None:
    """enc_masks may be None: then no source word is padding."""
    case = case.having(enc_masks=None)
    same(run(decode, case), expect(decode, case), decode.axes)


def in_single_precision(run: Run, case: Case) -> dict[str, Array]:
    """Return what decode() returned, for a property to compare with."""
    answers = run(decode, case)
    return {name: rows(answers, name, slice(None)) for name in decode.axes}


@check(BATCHES)
def never_reads_the_last_word(run: Run, case: Case) -> None:
    """The last target word is only predicted, and never an input."""
    other = case.target_padded.copy()
    other[-1] = (other[-1] + 1) % case.v_tgt
    same(run(decode, case.having(target_padded=other)), in_single_precision(run, case), decode.axes)


@check(BATCHES)
def decodes_the_same_in_training(run: Run, case: Case) -> None:
    """decode() adds no dropout: with the same steps it returns the same in training as in evaluation."""
    same(run(decode, case.having(training=True)), in_single_precision(run, case), decode.axes)


@check(DOUBLES, gradients=True)
def decodes_with_true_gradients(run: Run, case: Case) -> None:
    """The gradients of decode() are its slope, measured with small steps."""
    true_gradients(run, decode_gradients, case, DECODES)


@check(BATCHES)
def decode_is_repeated_step(run: Run, case: Case) -> None:
    """decode() returns what calling step() once for each word returns."""
    run(decode, case)  # raises if decode() itself cannot run
    try:
        as_array("combined_output", run(step, case)["combined_output"], np.zeros(0))
    except (CheckFailed, CouldNotRun):
        return  # that is for question 1f to say
    answers = run(decode_and_repeat, case)
    repeated = as_array("step after step", answers["step after step"], np.zeros(0))
    if not np.isfinite(repeated).all():
        return  # so is that
    same(answers, {"combined_outputs": repeated}, decode.axes, only=("combined_outputs",))
