"""Question 1b: the loss of a softmax over all words."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.pairs import ARGUMENTS, PAIR, PAIR_SIZES, Recorded, are_slopes, make_pair
from sanity.a2.scripts import assigned, loss_script
from sanity.core.arguments import changed, copies, unchanged
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, number, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("1b")
PAIRS = Cases(
    make_pair,
    {**PAIR_SIZES, "K": (1, 1), "repeats": (0, 0), "default": (0, 0)},
    "V = {V} words, D = {D}",
    ({"V": 7, "D": 3}, {"V": 4, "D": 5}),
)
"""One pair of words, for the softmax over all words."""


@probe("loss, gradCenterVec: D, gradOutsideVecs: V D", of="naiveSoftmaxLossAndGradient()")
def naive_softmax(code: Any, case: Case) -> Any:
    """Call the loss by position."""
    arguments = copies(case, *PAIR)
    return code.word2vec.naiveSoftmaxLossAndGradient(*arguments.values(), Recorded(case.stream))


@naive_softmax.script
def naive_softmax_script(case: Case) -> str:
    """Spell a call of naiveSoftmaxLossAndGradient."""
    return loss_script(
        f"word2vec.naiveSoftmaxLossAndGradient({', '.join(PAIR)}, None)", assigned(case, *PAIR), ARGUMENTS
    )


@probe("loss, gradCenterVec: D, gradOutsideVecs: V D", of="naiveSoftmaxLossAndGradient()")
def naive_softmax_by_keyword(code: Any, case: Case) -> Any:
    """Call the loss by keyword."""
    return code.word2vec.naiveSoftmaxLossAndGradient(dataset=Recorded(case.stream), **copies(case, *PAIR))


@probe("changed", of="naiveSoftmaxLossAndGradient()")
def naive_softmax_changes(code: Any, case: Case) -> Any:
    """Return which arguments the loss changed."""
    arguments = {**copies(case, *PAIR), "dataset": Recorded(case.stream)}
    return changed(code.word2vec.naiveSoftmaxLossAndGradient, arguments)


def by_center(answers: Answers, case: Case) -> Array:
    """Return gradCenterVec."""
    return shaped(answers, "gradCenterVec", "D", case.centerWordVec)


def by_outside(answers: Answers, case: Case) -> Array:
    """Return gradOutsideVecs."""
    return shaped(answers, "gradOutsideVecs", "V D", case.outsideVectors)


check.compares(
    naive_softmax,
    PAIRS,
    "loss",
    says="The loss is minus the natural logarithm of the outside word's softmax probability.",
)
check.compares(
    naive_softmax,
    PAIRS,
    "gradCenterVec",
    weight=2,
    gradients=True,
    says="gradCenterVec is the gradient of the loss with respect to the centre word's vector, (D,).",
)
check.compares(
    naive_softmax,
    PAIRS,
    "gradOutsideVecs",
    weight=2,
    gradients=True,
    says="gradOutsideVecs is the gradient of the loss with respect to all outside vectors, (V, D).",
)


@check(PAIRS.few(), gradients=True)
def softmax_gradients_are_slopes(run: Run, case: Case) -> None:
    """Both gradients are the slope of the loss, measured with small steps."""
    are_slopes(run, naive_softmax, case, ARGUMENTS)


@check(PAIRS)
def softmax_ignores_a_shift(run: Run, case: Case) -> None:
    """Adding one vector to all outside vectors changes no probability, and so neither loss nor gradients."""
    shifted = case.having(outsideVectors=case.outsideVectors + case.outsideVectors[0])
    before, after = run(naive_softmax, case), run(naive_softmax, shifted)
    equal("loss", number(after, "loss"), number(before, "loss"), "the loss changes with a shift of all scores")
    said = "{} changes with a shift of all scores"
    equal("gradCenterVec", by_center(after, case), by_center(before, case), said.format("gradCenterVec"))
    equal("gradOutsideVecs", by_outside(after, case), by_outside(before, case), said.format("gradOutsideVecs"))


@check(PAIRS)
def softmax_knows_no_names(run: Run, case: Case) -> None:
    """Numbering the words in another way only moves the rows of gradOutsideVecs."""
    V = case.V
    there = np.roll(np.arange(V), 1)  # the word that was i is now i + 1
    renamed = case.having(outsideVectors=case.outsideVectors[there], outsideWordIdx=(case.outsideWordIdx + 1) % V)
    before, after = run(naive_softmax, case), run(naive_softmax, renamed)
    said = "{} depends on the numbering of the words"
    equal("loss", number(after, "loss"), number(before, "loss"), said.format("the loss"))
    equal("gradCenterVec", by_center(after, case), by_center(before, case), said.format("gradCenterVec"))
    moved = by_outside(before, case)[there]
    equal("gradOutsideVecs", by_outside(after, case), moved, said.format("gradOutsideVecs"))


@check(PAIRS, gradients=True)
def softmax_rows_cancel(run: Run, case: Case) -> None:
    """The rows of gradOutsideVecs sum to zero: what one word gains in probability, the others lose."""
    rows = by_outside(run(naive_softmax, case), case)
    equal(
        "gradOutsideVecs", rows.sum(axis=0), np.zeros(rows.shape[1]), "the rows of gradOutsideVecs do not sum to zero"
    )


@check(PAIRS)
def softmax_takes_keywords(run: Run, case: Case) -> None:
    """The function can be called by position or by keyword, with the argument names of the handout."""
    loss = number(run(naive_softmax, case), "loss")
    by_keyword = number(run(naive_softmax_by_keyword, case), "loss")
    equal("loss", by_keyword, loss, "called by keyword it gives another loss than by position")


@check(PAIRS)
def softmax_leaves_its_arguments(run: Run, case: Case) -> None:
    """The arrays given to the function are the same afterwards."""
    unchanged(run, naive_softmax_changes, case)


@check(PAIRS)
def softmax_loss_is_positive(run: Run, case: Case) -> None:
    """The loss is above zero: no probability is above one."""
    if not number(run(naive_softmax, case), "loss") > 0:
        raise CheckFailed(
            "the loss is not above zero", diagnosis="the sign is wrong, or a score is taken for a probability"
        )
