"""Question 1d: the encoder."""

from __future__ import annotations

from sanity.a4.asked import CONVOLUTION, ENCODE, ENCODE_GRADIENTS, ENCODED, has_convolution, rows, true_gradients
from sanity.a4.cases import BATCHES, DOUBLES, TRAINING, identity_convolution
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import same
from sanity.gradients import same_gradients


def fitted(run: Run, case: Case) -> Case:
    """Return the case for this submission: a model without a convolution is compared on one that changes nothing."""
    if has_convolution(run):
        return case
    return case.having(weights={**case.weights, **identity_convolution(case.e, case.Ybar_t.dtype)})


@check("1d", BATCHES, weight=4, outputs=("enc_hiddens",))
def encodes_the_words(run: Run, expect: Run, case: Case) -> None:
    """encode() returns the hidden states of both directions for every word, and zeros for the padding."""
    case = fitted(run, case)
    same(run(ENCODE, case), expect(ENCODE, case), ENCODED, only=("enc_hiddens",))


@check("1d", BATCHES, weight=3, outputs=("dec_init_state[0]",))
def starts_the_hidden_state(run: Run, expect: Run, case: Case) -> None:
    """dec_init_state[0] is h_projection of the last hidden states, forward direction first."""
    case = fitted(run, case)
    same(run(ENCODE, case), expect(ENCODE, case), ENCODED, only=("dec_init_state[0]",))


@check("1d", BATCHES, weight=3, outputs=("dec_init_state[1]",))
def starts_the_cell_state(run: Run, expect: Run, case: Case) -> None:
    """dec_init_state[1] is c_projection of the last cell states, forward direction first."""
    case = fitted(run, case)
    same(run(ENCODE, case), expect(ENCODE, case), ENCODED, only=("dec_init_state[1]",))


@check("1d", TRAINING, weight=2, gradients=True)
def trains_the_encoder(run: Run, expect: Run, case: Case) -> None:
    """Every weight that encode() uses receives the right gradient."""
    case = fitted(run, case)
    got, want = run(ENCODE_GRADIENTS, case), expect(ENCODE_GRADIENTS, case)
    same_gradients(got["gradients"], want["gradients"], optional=CONVOLUTION)


@check("1d", BATCHES)
def encodes_a_sentence_alone_as_in_a_batch(run: Run, case: Case) -> None:
    """A sentence is encoded the same alone and inside a padded batch."""
    whole = run(ENCODE, case)
    last = len(case.source_lengths) - 1  # the shortest, with the most padding
    length = case.source_lengths[last]
    alone = case.having(source_padded=case.source_padded[:length, last:], source_lengths=[length])
    same(run(ENCODE, alone), {name: rows(whole, name, slice(last, None), length) for name in ENCODED}, ENCODED)


@check("1d", BATCHES)
def encodes_in_any_order(run: Run, case: Case) -> None:
    """Sentences of one length are encoded the same in any order."""
    if len(set(case.source_lengths)) > 1:
        return  # longer sentences come first: their order is given
    turned = case.having(source_padded=case.source_padded[:, ::-1].copy())
    whole = run(ENCODE, case)
    same(run(ENCODE, turned), {name: rows(whole, name, slice(None, None, -1)) for name in ENCODED}, ENCODED)


@check("1d", BATCHES)
def encodes_the_same_in_training(run: Run, case: Case) -> None:
    """encode() has no dropout: it returns the same in training as in evaluation."""
    answers = run(ENCODE, case)
    whole = {name: rows(answers, name, slice(None)) for name in ENCODED}
    same(run(ENCODE, case.having(training=True)), whole, ENCODED)


@check("1d", DOUBLES, gradients=True)
def encodes_with_true_gradients(run: Run, case: Case) -> None:
    """The gradients of encode() are its slope, measured with small steps."""
    true_gradients(run, ENCODE_GRADIENTS, fitted(run, case))
