"""Question 3k: label smoothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal, number, same_number, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("3k")


def make_targets(*, seed: int, N: int, V: int, padded: int) -> dict[str, Any]:
    """Make logits and the right words, some of which are padding."""
    rng = np.random.default_rng(seed)
    pad = int(rng.integers(V))
    targets = (pad + rng.integers(1, V, size=N)) % V
    targets[rng.permutation(N)[:padded]] = pad
    return {
        "logits": 2 * rng.standard_normal((N, V)),
        "targets": targets,
        "pad": pad,
        "eps": float(rng.uniform(0.2, 0.4)),
    }


WORDS = "{N} words, {padded} of them padding, V = {V}"
TEXTS = Cases(
    make_targets,
    {"N": (4, 6), "V": (7, 9), "padded": (1, 2)},
    WORDS,
    ({"N": 8, "V": 5, "padded": 3}, {"N": 5, "V": 4, "padded": 0}),
)
"""Words with padding between them."""
SINGLE = Cases(make_targets, {"N": (1, 1), "V": (5, 7), "padded": (0, 0)}, "one word, V = {V}", drawn=1)
"""A single word."""


def asked_of(code: Any, case: Case, *options: float) -> Any:
    """Compute the loss."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.smoothed_cross_entropy(*tensors(case, "logits", "targets").values(), case.pad, *options)


@probe("loss", of="smoothed_cross_entropy()", needs=("torch",))
def smoothed(code: Any, case: Case) -> Any:
    """Compute the loss with the case's ε."""
    return asked_of(code, case, case.eps)


@probe("loss", of="smoothed_cross_entropy()", needs=("torch",))
def smoothed_by_default(code: Any, case: Case) -> Any:
    """Compute the loss with the default of ε."""
    return asked_of(code, case)


@probe("gradients", of="smoothed_cross_entropy()", needs=("torch",))
def smoothed_gradients(code: Any, case: Case) -> Any:
    """Return the gradient of the loss by the logits."""
    from sanity.a5.beside.recurrent import doubles, loss_and_gradients, tensors

    with doubles():
        learnt, targets = tensors(case, "logits", learn=True), tensors(case, "targets")["targets"]
        loss = code.recurrent.smoothed_cross_entropy(learnt["logits"], targets, case.pad, case.eps)
        return loss_and_gradients(loss, learnt)[1]


check.compares(smoothed, TEXTS, "loss", weight=4, says="The loss is the mean cross-entropy with smoothed labels.")
check.compares(smoothed_by_default, TEXTS, "loss", says="By default eps is 0.1.")


@check(SINGLE)
def smooths_a_single_word(run: Run, expect: Run, case: Case) -> None:
    """The loss of a single word is right, too."""
    same_number(run(smoothed, case), expect(smoothed, case), "loss")


@check(TEXTS, weight=2, gradients=True)
def gradients_of_smoothing_are_right(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches the logits, and none those of the padding."""
    same_gradients(run(smoothed_gradients, case)["gradients"], expect(smoothed_gradients, case)["gradients"])


@check(TEXTS)
def without_smoothing_it_is_cross_entropy(run: Run, case: Case) -> None:
    """With eps = 0 the loss is the cross-entropy of the words that are not padding."""
    counted = case.targets != case.pad
    logits, rows = case.logits[counted], np.arange(counted.sum())
    want = (np.log(np.exp(logits).sum(axis=1)) - logits[rows, case.targets[counted]]).mean()
    found = number(run(smoothed, case.having(eps=0.0)), "loss")
    equal("loss", found, want, "with eps = 0 the loss is not the mean cross-entropy")


@check(TEXTS)
def the_smoothed_labels_are_the_best_answer(run: Run, case: Case) -> None:
    """No gradient is left where the model's probabilities are the smoothed labels."""
    V = case.logits.shape[1]
    labels = np.full_like(case.logits, case.eps / V)
    labels[np.arange(len(labels)), case.targets] += 1 - case.eps
    found = run(smoothed_gradients, case.having(logits=np.log(labels)))["gradients"]
    shaped(found, "logits", "N V", labels)
    equal(
        "logits", found["logits"], np.zeros_like(labels), "a gradient is left where the smoothed labels are predicted"
    )


@check(TEXTS)
def large_logits_are_smoothed(run: Run, case: Case) -> None:
    """A thousand added to all logits, or taken from them, changes nothing."""
    want = number(run(smoothed, case), "loss")
    if not np.isfinite(want):
        raise CheckFailed("the loss is not finite", output="loss")
    for shift in (1000.0, -1000.0):
        found = number(run(smoothed, case.having(logits=case.logits + shift)), "loss")
        said = "the loss changes if one number is added to all logits"
        equal("loss", found, want, said, hint="torch.log_softmax() is safe from overflow")


@check(TEXTS)
def padding_is_not_learnt(run: Run, case: Case) -> None:
    """What the model says where the target is padding does not matter."""
    other = case.logits.copy()
    other[case.targets == case.pad] += np.linspace(0, 5, other.shape[1])
    found, want = (number(run(smoothed, one), "loss") for one in (case.having(logits=other), case))
    equal("loss", found, want, "the loss depends on the logits of padding")
