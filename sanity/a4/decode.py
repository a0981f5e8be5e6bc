"""Question 1e: the decoder. A stand-in takes the place of step(), so that these do not depend on 1f."""

from __future__ import annotations

import numpy as np

from sanity.a4.asked import CONVOLUTION, DECODE, DECODE_AND_REPEAT, DECODE_GRADIENTS, DECODED, STEP, true_gradients
from sanity.a4.cases import BATCHES, DOUBLES, TRAINING
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import as_array, same
from sanity.core.errors import CouldNotRun
from sanity.gradients import same_gradients


@check("1e", BATCHES, weight=3)
def feeds_the_words_and_the_last_output(run: Run, expect: Run, case: Case) -> None:
    """Each step is given the word's embedding joined to the combined output of the step before."""
    same(run(DECODE, case), expect(DECODE, case), DECODED, only=("Ybar_t of each step",))


@check("1e", BATCHES, weight=5, outputs=("combined_outputs",))
def collects_the_combined_outputs(run: Run, expect: Run, case: Case) -> None:
    """decode() returns the combined output of every step, with the state carried from step to step."""
    same(run(DECODE, case), expect(DECODE, case), DECODED, only=("combined_outputs",))


@check("1e", TRAINING, weight=2, gradients=True)
def trains_the_decoder(run: Run, expect: Run, case: Case) -> None:
    """Every weight that decode() uses, and every argument of it, receives the right gradient."""
    got, want = run(DECODE_GRADIENTS, case), expect(DECODE_GRADIENTS, case)
    same_gradients(got["gradients"], want["gradients"], optional=CONVOLUTION)
    same_gradients(got["gradients of the inputs"], want["gradients of the inputs"])


@check("1e", BATCHES, weight=2)
def decodes_without_masks(run: Run, expect: Run, case: Case) -> None:
    """enc_masks may be None: then no source word is padding."""
    case = case.having(enc_masks=None)
    same(run(DECODE, case), expect(DECODE, case), DECODED)


@check("1e", BATCHES)
def never_reads_the_last_word(run: Run, case: Case) -> None:
    """The last target word is only predicted, and never an input."""
    other = case.target_padded.copy()
    other[-1] = (other[-1] + 1) % case.v_tgt
    answers = {name: as_array(name, answer, np.zeros(0)) for name, answer in run(DECODE, case).items()}
    same(run(DECODE, case.having(target_padded=other)), answers, DECODED)


@check("1e", BATCHES)
def decodes_the_same_in_training(run: Run, case: Case) -> None:
    """decode() adds no dropout: with the same steps it returns the same in training as in evaluation."""
    answers = {name: as_array(name, answer, np.zeros(0)) for name, answer in run(DECODE, case).items()}
    same(run(DECODE, case.having(training=True)), answers, DECODED)


@check("1e", DOUBLES, gradients=True)
def decodes_with_true_gradients(run: Run, case: Case) -> None:
    """The gradients of decode() are its slope, measured with small steps."""
    true_gradients(run, DECODE_GRADIENTS, case)


@check("1e", BATCHES)
def decode_is_repeated_step(run: Run, case: Case) -> None:
    """decode() returns what calling step() once for each word returns."""
    run(DECODE, case)  # raises if decode() itself cannot run
    try:
        run(STEP, case)
    except CouldNotRun:
        return  # that is for question 1f to say
    answers = run(DECODE_AND_REPEAT, case)
    repeated = as_array("step after step", answers["step after step"], np.zeros(0))
    if not np.isfinite(repeated).all():
        return  # so is that
    same(answers, {"combined_outputs": repeated}, DECODED, only=("combined_outputs",))
