"""Question 1f: one step of the decoder, with attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a4.batches import ANY, BATCHES, DEGENERATE, DOUBLES, SIZES, STEPS, TRAINING, WORDS, make_batch, rows
from sanity.a4.gradients import CONVOLUTION, true_gradients
from sanity.a4.scripts import END, START, model, tensors
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import as_array, same, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("1f")
BY_SENTENCE = ("Ybar_t", "enc_hiddens", "enc_hiddens_proj", "enc_masks")
PROJECTION = "combined_output_projection.weight"

ATTENTION = Cases(
    make_batch,
    {**SIZES, "b": (2, 4), "src_len": (2, 4), "h": (4, 6)},
    WORDS,
    ({"b": 3, "src_len": 4, "e": 2, "h": 5, "ragged": 1},),
    drawn=1,
)
"""Batches with at least as many hidden units as source words, so that weights can be read off the output."""

WIDE = Cases(
    make_batch,
    {**SIZES, "b": (4, 6), "h": (16, 24)},
    WORDS,
    ({"b": 5, "src_len": 3, "e": 2, "h": 20},),
    drawn=1,
)
"""Batches with enough hidden units that a right dropout drops some and keeps some, but for odds of 2^-64."""

BLANK = ANY.having(
    enc_hiddens=np.zeros_like(ANY.enc_hiddens),
    enc_hiddens_proj=np.zeros_like(ANY.enc_hiddens_proj),
    weights={**ANY.weights, PROJECTION: ANY.weights[PROJECTION] * (np.arange(3 * ANY.h) >= 2 * ANY.h)},
)
"""Nothing to attend to, and zero weights where a_t comes first."""


@probe("(dec_state[0]: b h, dec_state[1]: b h), combined_output: b h, e_t: b src_len", of="step()", needs=("torch",))
def step(code: Any, case: Case) -> Any:
    """Take one step."""
    import torch

    from sanity.a4.beside.model import build, call_step, inputs_of, only_tensors

    with torch.no_grad():
        return only_tensors(call_step(build(code, case, STEPS), case, inputs_of(case)))


@probe("loss, gradients, gradients of the inputs", of="step()", needs=("torch",))
def step_gradients(code: Any, case: Case) -> Any:
    """Take one step; return a weighted sum of the new state and the combined output with its gradients."""
    from sanity.a4.beside.model import build, call_step, default_dtype, gradients, inputs_of, weighted_sum

    with default_dtype(case.Ybar_t):
        model, inputs = build(code, case, STEPS), inputs_of(case, learn=True)
        (h, c), combined_output, _ = call_step(model, case, inputs)
        loss = weighted_sum([h, c, combined_output])
        return loss, *gradients(code, model, loss, case, inputs, STEPS)


@step_gradients.script
def step_script(case: Case) -> str:
    """Spell a call of step()."""
    inputs = tensors(case, "Ybar_t", "h", "c", "enc_hiddens", "enc_hiddens_proj", "enc_masks")
    call = """

def loss():
    (h_new, c_new), combined_output, _ = model.step(Ybar_t, (h, c), enc_hiddens, enc_hiddens_proj, enc_masks)
    outputs = [h_new, c_new, combined_output]
"""
    return START + model(case, STEPS) + inputs + call + END


def turned(run: Run, case: Case) -> Case:
    """Return the case for this submission: with the columns in the order in which it joins a_t and h_dec."""
    return case if attention_first(run) else case.having(attention_first=False)


def attention_first(run: Run) -> bool:
    """Return whether the submission's U_t is [a_t ; h_dec], not [h_dec ; a_t].

    With nothing to attend to and zero weights where a_t comes first, only [a_t ; h_dec] gives an output.
    """
    output = run(step, BLANK)["combined_output"]
    return bool(np.any(output)) if isinstance(output, np.ndarray) else True


check.compares(step, BATCHES, "dec_state[0]", says="dec_state[0] is the decoder cell's new hidden state.")
check.compares(step, BATCHES, "dec_state[1]", says="dec_state[1] is the decoder cell's new cell state.")


@check(BATCHES, weight=3, outputs=("combined_output",))
def attends_and_combines(run: Run, expect: Run, case: Case) -> None:
    """combined_output is tanh of the projection of a_t joined to the new hidden state."""
    same(run(step, turned(run, case)), expect(step, case), step.axes, only=("combined_output",))


check.compares(
    step,
    BATCHES,
    "e_t",
    weight=3,
    says="e_t is the product of each projected hidden state with the new hidden state, minus infinity on the padding.",
)


@check(TRAINING, weight=2, gradients=True)
def trains_the_step(run: Run, expect: Run, case: Case) -> None:
    """Every weight that step() uses, and every argument of it, receives the right gradient."""
    got, want = run(step_gradients, turned(run, case)), expect(step_gradients, case)
    same_gradients(got["gradients"], want["gradients"], optional=CONVOLUTION)
    same_gradients(got["gradients of the inputs"], want["gradients of the inputs"])


@check(ATTENTION, weight=3)
def attention_is_a_distribution(run: Run, case: Case) -> None:
    """The attention weights are exactly zero on the padding, and the others are softmax(e_t) and sum to one."""
    # With word i's hidden state the i-th unit vector, a_t lists the attention weights, and a projection that only
    # hands on the first h entries of a_t makes the combined output their tanh.
    b, src_len, width = case.enc_hiddens.shape
    units = np.broadcast_to(np.eye(src_len, width, dtype=case.enc_hiddens.dtype), case.enc_hiddens.shape)
    weight = np.eye(case.h, 3 * case.h, dtype=units.dtype)
    shown = turned(run, case).having(enc_hiddens=units.copy(), weights={**case.weights, PROJECTION: weight})
    answers = run(step, shown)
    output = as_array("combined_output", answers["combined_output"], np.zeros((b, case.h)))
    e_t = as_array("e_t", answers["e_t"], np.zeros((b, src_len)))
    if output.shape != (b, case.h) or e_t.shape != (b, src_len):
        raise CheckFailed("the attention weights cannot be derived from outputs of these shapes")
    alpha_t = np.arctanh(np.clip(output[:, :src_len].astype(np.float64), -1 + 1e-12, 1 - 1e-12))
    if alpha_t[case.enc_masks == 1].any():
        raise CheckFailed("attention falls on the padding", diagnosis="the scores are not masked before the softmax")
    if not (np.abs(alpha_t.sum(axis=1) - 1) <= 1e-4).all():
        column = (np.abs(alpha_t.sum(axis=0) - 1) <= 1e-4).all()
        diagnosis = "the softmax runs over the sentences of the batch, not over the source words" if column else ""
        raise CheckFailed("the attention weights of a sentence do not sum to one", diagnosis=diagnosis)
    exponentials = np.exp(e_t.astype(np.float64) - e_t.max(axis=1, keepdims=True))
    softmax = exponentials / exponentials.sum(axis=1, keepdims=True)
    same_array("alpha_t", alpha_t.astype(np.float32), softmax.astype(np.float32), "b src_len")


@check(BATCHES)
def padding_is_never_read(run: Run, case: Case) -> None:
    """The values of enc_hiddens in the padding change nothing."""
    padding = case.enc_masks[:, :, None].astype(bool)
    other = case.having(
        enc_hiddens=np.where(padding, 1, case.enc_hiddens).astype(case.enc_hiddens.dtype),
        enc_hiddens_proj=np.where(padding, 2, case.enc_hiddens_proj).astype(case.enc_hiddens.dtype),
    )
    answers = run(step, case)
    same(run(step, other), {name: rows(answers, name, slice(None)) for name in step.axes}, step.axes)


@check(DEGENERATE, weight=2)
def steps_where_a_size_is_one(run: Run, expect: Run, case: Case) -> None:
    """step() is right for a batch of one sentence, too, for one source word, and where a size is 1."""
    same(run(step, turned(run, case)), expect(step, case), step.axes)


@check(BATCHES)
def steps_without_masks(run: Run, expect: Run, case: Case) -> None:
    """enc_masks may be None: then attention falls on every source word."""
    case = case.having(enc_masks=None)
    same(run(step, turned(run, case)), expect(step, case), step.axes)


@check(BATCHES)
def steps_in_any_order(run: Run, case: Case) -> None:
    """The sentences of a batch do not see each other: in any order they get the same answers."""
    flip = {name: case.values[name][::-1].copy() for name in BY_SENTENCE}
    flipped = case.having(**flip, dec_init_state=[s[::-1].copy() for s in case.dec_init_state])
    answers = run(step, case)
    same(run(step, flipped), {name: rows(answers, name, slice(None, None, -1)) for name in step.axes}, step.axes)


@check(WIDE)
def drops_out_in_training_only(run: Run, case: Case) -> None:
    """Dropout acts on the combined output in training, doubling the rest at rate 0.5, and not in evaluation."""
    still = as_array("combined_output", run(step, case)["combined_output"], np.zeros(0))
    training = as_array("combined_output", run(step, case.having(training=True))["combined_output"], np.zeros(0))
    if still.shape != training.shape:
        raise CheckFailed("combined_output has another shape in training than in evaluation")
    if (still == 0).any():
        raise CheckFailed(
            "combined_output has zeros in evaluation",
            diagnosis="dropout stays active in evaluation",
            hint="F.dropout does not notice eval() by itself: use nn.Dropout, or pass training=self.training",
        )
    if (training == still).all():
        raise CheckFailed("dropout does nothing in training", diagnosis="dropout is missing, or its result is not used")
    kept = training != 0
    if not np.allclose(training[kept], 2 * still[kept], rtol=1e-4, atol=1e-5) or kept.all():
        diagnosis = "dropout is applied elsewhere than after the tanh"
        raise CheckFailed("in training combined_output is not the one of evaluation with dropout", diagnosis=diagnosis)


@check(DOUBLES, gradients=True)
def steps_with_true_gradients(run: Run, case: Case) -> None:
    """The gradients of step() are its slope, measured with small steps."""
    true_gradients(run, step_gradients, turned(run, case), STEPS)
