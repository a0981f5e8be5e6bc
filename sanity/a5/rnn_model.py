"""Question 3e: a recurrent language model, and its perplexity."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal, number, same, same_number, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("3e")

WEIGHTS = ("embeddings", "W", "b")
AXES = "logits: B T V, (h: B H, c: B H)"


def make_sentences(*, seed: int, B: int, T: int, D: int, H: int, V: int) -> dict[str, Any]:
    """Make sentences of unequal lengths, weights, a state to begin with, and what a model may have answered."""
    rng = np.random.default_rng(seed)
    pad = int(rng.integers(V))
    targets = (pad + rng.integers(1, V, size=(B, T))) % V
    for row in range(B - 1):  # of the last sentence nothing is padding
        targets[row, T - 1 - row % (T - 1) :] = pad
    return {
        "tokens": rng.integers(V, size=(B, T)),
        "h": rng.uniform(-1, 1, (B, H)),
        "c": rng.uniform(-1, 1, (B, H)),
        "embeddings": rng.standard_normal((V, D)),
        "W": rng.standard_normal((V, H)),
        "b": rng.standard_normal(V),
        "logits": 2 * rng.standard_normal((B, T, V)),
        "targets": targets,
        "pad": pad,
    }


SIZES = {"B": (2, 3), "T": (4, 5), "D": (6, 7), "H": (8, 9), "V": (10, 12)}
WORDS = "{B} sentences of {T} words, D = {D}, H = {H}, V = {V}"
BATCHES = Cases(
    make_sentences,
    SIZES,
    WORDS,
    ({"B": 4, "T": 6, "D": 3, "H": 5, "V": 7}, {"B": 3, "T": 4, "D": 8, "H": 5, "V": 11}),
    drawn=2,
)
"""Batches of sentences."""
ONE_WORD = Cases(make_sentences, {**SIZES, "B": (1, 1), "T": (1, 1)}, WORDS, drawn=1)
"""A batch of one sentence of one word."""


@probe(AXES, of="language_model()", needs=("torch",))
def modelled(code: Any, case: Case) -> Any:
    """Compute the logits of each next word, with a simple cell."""
    from sanity.a5.beside.recurrent import doubles, simple_cell, tensors

    with doubles():
        given = tensors(case, "tokens", "h", "c", *WEIGHTS)
        state = given.pop("h"), given.pop("c")
        return code.recurrent.language_model(given.pop("tokens"), state, simple_cell, *given.values())


@probe("gradients", of="language_model()", needs=("torch",))
def language_model_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the logits, by the weights and the state before the first word."""
    from sanity.a5.beside.recurrent import doubles, loss_and_gradients, simple_cell, tensors

    with doubles():
        learnt = tensors(case, "h", "c", *WEIGHTS, learn=True)
        weights = [learnt[name] for name in WEIGHTS]
        tokens = tensors(case, "tokens")["tokens"]
        logits, _ = code.recurrent.language_model(tokens, (learnt["h"], learnt["c"]), simple_cell, *weights)
        return loss_and_gradients(logits, learnt)[1]


@probe("perplexity", of="perplexity()", needs=("torch",))
def perplexed(code: Any, case: Case) -> Any:
    """Compute the perplexity of a batch."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.perplexity(**tensors(case, "logits", "targets"), pad=case.pad)


check.compares(
    modelled, BATCHES, "logits", weight=3, says="language_model() gives the logits of each next word, (B, T, V)."
)
check.compares(perplexed, BATCHES, "perplexity", weight=3, says="perplexity() leaves out the padding, and is right.")


@check(BATCHES)
def returns_the_last_state(run: Run, expect: Run, case: Case) -> None:
    """language_model() returns the state after the last word."""
    same(run(modelled, case), expect(modelled, case), modelled.axes, only=("h", "c"))


@check(ONE_WORD)
def models_a_single_word(run: Run, expect: Run, case: Case) -> None:
    """A batch of one sentence of one word is right, too: its logits, and its perplexity."""
    same(run(modelled, case), expect(modelled, case), modelled.axes)
    same_number(run(perplexed, case), expect(perplexed, case), "perplexity")


@check(BATCHES)
def a_text_may_be_read_in_two_parts(run: Run, case: Case) -> None:
    """A text that is read in two parts, the second with the state that the first leaves, gives the same logits."""
    whole = shaped(run(modelled, case), "logits", "B T V", case.logits)
    first = run(modelled, case.having(tokens=case.tokens[:, :2]))
    state = {name: shaped(first, name, "B H", case.h) for name in ("h", "c")}
    second = run(modelled, case.having(tokens=case.tokens[:, 2:], **state))
    said = "the logits of a text differ if it is read in two parts"
    equal("logits", second["logits"], whole[:, 2:], said, hint="is the state carried, and returned?")


@check(BATCHES, gradients=True)
def gradients_go_back_through_time(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches the embeddings, the weights and, through all steps, the state in the beginning."""
    same_gradients(
        run(language_model_gradients, case)["gradients"], expect(language_model_gradients, case)["gradients"]
    )


@check(BATCHES)
def knowing_nothing_is_a_choice_of_all(run: Run, case: Case) -> None:
    """Where all words are equally probable the perplexity is V, whatever is padding."""
    V = case.logits.shape[2]
    found = number(run(perplexed, case.having(logits=np.full_like(case.logits, 0.5))), "perplexity")
    equal("perplexity", found, np.float64(V), "the perplexity is not V where all words are equally probable")


@check(BATCHES)
def large_logits_give_a_perplexity(run: Run, case: Case) -> None:
    """A thousand added to all logits, or taken from them, changes no perplexity."""
    want = number(run(perplexed, case), "perplexity")
    if not np.isfinite(want):
        raise CheckFailed("the perplexity is not finite", output="perplexity")
    for shift in (1000.0, -1000.0):
        found = number(run(perplexed, case.having(logits=case.logits + shift)), "perplexity")
        said = "the perplexity changes if one number is added to all logits"
        equal("perplexity", found, want, said, hint="torch.log_softmax() is safe from overflow")
