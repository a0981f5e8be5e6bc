"""Question 1f: one step of the decoder, with attention."""

from __future__ import annotations

import numpy as np

from sanity.a4.asked import (
    ANY,
    BY_SENTENCE,
    CONVOLUTION,
    STEP,
    STEP_GRADIENTS,
    STEPPED,
    rows,
    true_gradients,
)
from sanity.a4.cases import ATTENTION, BATCHES, DOUBLES, TRAINING, WIDE
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import as_array, same, same_array
from sanity.core.errors import CheckFailed
from sanity.gradients import same_gradients


def turned(run: Run, case: Case) -> Case:
    """Return the case for this submission: with the columns in the order in which it joins a_t and h_dec."""
    return case if attention_first(run) else case.having(attention_first=False)


def attention_first(run: Run) -> bool:
    """Return whether the submission's U_t is [a_t ; h_dec], not [h_dec ; a_t].

    With nothing to attend to and zero weights where a_t comes first, only [a_t ; h_dec] gives an output.
    """
    name = "combined_output_projection.weight"
    weight = ANY.weights[name].copy()
    weight[:, : 2 * ANY.h] = 0
    blank = ANY.having(
        enc_hiddens=np.zeros_like(ANY.enc_hiddens),
        enc_hiddens_proj=np.zeros_like(ANY.enc_hiddens_proj),
        weights={**ANY.weights, name: weight},
    )
    output = run(STEP, blank)["combined_output"]
    return bool(np.any(output)) if isinstance(output, np.ndarray) else True


@check("1f", BATCHES, weight=1, outputs=("dec_state[0]",))
def moves_the_hidden_state(run: Run, expect: Run, case: Case) -> None:
    """dec_state[0] is the decoder cell's new hidden state."""
    same(run(STEP, case), expect(STEP, case), STEPPED, only=("dec_state[0]",))


@check("1f", BATCHES, weight=1, outputs=("dec_state[1]",))
def moves_the_cell_state(run: Run, expect: Run, case: Case) -> None:
    """dec_state[1] is the decoder cell's new cell state."""
    same(run(STEP, case), expect(STEP, case), STEPPED, only=("dec_state[1]",))


@check("1f", BATCHES, weight=4, outputs=("combined_output",))
def attends_and_combines(run: Run, expect: Run, case: Case) -> None:
    """combined_output is tanh of the projection of a_t joined to the new hidden state."""
    same(run(STEP, turned(run, case)), expect(STEP, case), STEPPED, only=("combined_output",))


@check("1f", BATCHES, weight=3, outputs=("e_t",))
def scores_the_source_words(run: Run, expect: Run, case: Case) -> None:
    """e_t is the product of each projected hidden state with the new hidden state, minus infinity on the padding."""
    same(run(STEP, case), expect(STEP, case), STEPPED, only=("e_t",))


@check("1f", TRAINING, weight=2, gradients=True)
def trains_the_step(run: Run, expect: Run, case: Case) -> None:
    """Every weight that step() uses, and every argument of it, receives the right gradient."""
    got, want = run(STEP_GRADIENTS, turned(run, case)), expect(STEP_GRADIENTS, case)
    same_gradients(got["gradients"], want["gradients"], optional=CONVOLUTION)
    same_gradients(got["gradients of the inputs"], want["gradients of the inputs"])


@check("1f", ATTENTION, weight=3)
def attention_is_a_distribution(run: Run, case: Case) -> None:
    """The attention weights are exactly zero on the padding, and the others are softmax(e_t) and sum to one."""
    # With word i's hidden state the i-th unit vector, a_t lists the attention weights, and a projection that only
    # hands on the first h entries of a_t makes the combined output their tanh.
    b, src_len, width = case.enc_hiddens.shape
    units = np.broadcast_to(np.eye(src_len, width, dtype=case.enc_hiddens.dtype), case.enc_hiddens.shape)
    weight = np.eye(case.h, 3 * case.h, dtype=units.dtype)
    name = "combined_output_projection.weight"
    shown = turned(run, case).having(enc_hiddens=units.copy(), weights={**case.weights, name: weight})
    answers = run(STEP, shown)
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


@check("1f", BATCHES)
def padding_is_never_read(run: Run, case: Case) -> None:
    """The values of enc_hiddens in the padding change nothing."""
    padding = case.enc_masks[:, :, None].astype(bool)
    other = case.having(
        enc_hiddens=np.where(padding, 1, case.enc_hiddens).astype(case.enc_hiddens.dtype),
        enc_hiddens_proj=np.where(padding, 2, case.enc_hiddens_proj).astype(case.enc_hiddens.dtype),
    )
    answers = run(STEP, case)
    same(run(STEP, other), {name: rows(answers, name, slice(None)) for name in STEPPED}, STEPPED)


@check("1f", BATCHES, weight=2)
def steps_without_masks(run: Run, expect: Run, case: Case) -> None:
    """enc_masks may be None: then attention falls on every source word."""
    case = case.having(enc_masks=None)
    same(run(STEP, turned(run, case)), expect(STEP, case), STEPPED)


@check("1f", BATCHES)
def steps_in_any_order(run: Run, case: Case) -> None:
    """The sentences of a batch do not see each other: in any order they get the same answers."""
    flip = {name: case.values[name][::-1].copy() for name in BY_SENTENCE}
    flipped = case.having(**flip, dec_init_state=[s[::-1].copy() for s in case.dec_init_state])
    answers = run(STEP, case)
    same(run(STEP, flipped), {name: rows(answers, name, slice(None, None, -1)) for name in STEPPED}, STEPPED)


@check("1f", WIDE)
def drops_out_in_training_only(run: Run, case: Case) -> None:
    """Dropout acts on the combined output in training, doubling the rest at rate 0.5, and not in evaluation."""
    still = as_array("combined_output", run(STEP, case)["combined_output"], np.zeros(0))
    training = as_array("combined_output", run(STEP, case.having(training=True))["combined_output"], np.zeros(0))
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


@check("1f", DOUBLES, gradients=True)
def steps_with_true_gradients(run: Run, case: Case) -> None:
    """The gradients of step() are its slope, measured with small steps."""
    true_gradients(run, STEP_GRADIENTS, turned(run, case))
