"""Question 1b: the loss of a softmax over all words."""

from __future__ import annotations

import numpy as np

from sanity.a2.asked import (
    NAIVE,
    NAIVE_CHANGES,
    NAIVE_KEYWORDS,
    PAIR,
    PAIR_ARGUMENTS,
    Array,
    are_slopes,
    array,
    equal,
    number,
    same_number,
    unchanged,
)
from sanity.a2.cases import PAIRS, few
from sanity.core.case import Case
from sanity.core.check import Answers, Run, check
from sanity.core.compare import same
from sanity.core.errors import CheckFailed


def by_center(answers: Answers, case: Case) -> Array:
    """Return gradCenterVec."""
    return array(answers, "gradCenterVec", "D", case.centerWordVec)


def by_outside(answers: Answers, case: Case) -> Array:
    """Return gradOutsideVecs."""
    return array(answers, "gradOutsideVecs", "V D", case.outsideVectors)


@check("1b", PAIRS, outputs=("loss",))
def softmax_loss(run: Run, expect: Run, case: Case) -> None:
    """The loss is minus the natural logarithm of the outside word's softmax probability."""
    same_number(run(NAIVE, case), expect(NAIVE, case), "loss")


@check("1b", PAIRS, weight=2, outputs=("gradCenterVec",), gradients=True)
def softmax_center_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradCenterVec is the gradient of the loss with respect to the centre word's vector, (D,)."""
    same(run(NAIVE, case), expect(NAIVE, case), PAIR, only=("gradCenterVec",))


@check("1b", PAIRS, weight=2, outputs=("gradOutsideVecs",), gradients=True)
def softmax_outside_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradOutsideVecs is the gradient of the loss with respect to all outside vectors, (V, D)."""
    same(run(NAIVE, case), expect(NAIVE, case), PAIR, only=("gradOutsideVecs",))


@check("1b", few(PAIRS), gradients=True)
def softmax_gradients_are_slopes(run: Run, case: Case) -> None:
    """Both gradients are the slope of the loss, measured with small steps."""
    are_slopes(run, NAIVE, case, PAIR_ARGUMENTS)


@check("1b", PAIRS)
def softmax_ignores_a_shift(run: Run, case: Case) -> None:
    """Adding one vector to all outside vectors changes no probability, and so neither loss nor gradients."""
    shifted = case.having(outsideVectors=case.outsideVectors + case.outsideVectors[0])
    before, after = run(NAIVE, case), run(NAIVE, shifted)
    equal("loss", number(after, "loss"), number(before, "loss"), "the loss changes with a shift of all scores")
    said = "{} changes with a shift of all scores"
    equal("gradCenterVec", by_center(after, case), by_center(before, case), said.format("gradCenterVec"))
    equal("gradOutsideVecs", by_outside(after, case), by_outside(before, case), said.format("gradOutsideVecs"))


@check("1b", PAIRS)
def softmax_knows_no_names(run: Run, case: Case) -> None:
    """Numbering the words in another way only moves the rows of gradOutsideVecs."""
    V = case.V
    there = np.roll(np.arange(V), 1)  # the word that was i is now i + 1
    renamed = case.having(outsideVectors=case.outsideVectors[there], outsideWordIdx=(case.outsideWordIdx + 1) % V)
    before, after = run(NAIVE, case), run(NAIVE, renamed)
    said = "{} depends on the numbering of the words"
    equal("loss", number(after, "loss"), number(before, "loss"), said.format("the loss"))
    equal("gradCenterVec", by_center(after, case), by_center(before, case), said.format("gradCenterVec"))
    moved = by_outside(before, case)[there]
    equal("gradOutsideVecs", by_outside(after, case), moved, said.format("gradOutsideVecs"))


@check("1b", PAIRS, gradients=True)
def softmax_rows_cancel(run: Run, case: Case) -> None:
    """The rows of gradOutsideVecs sum to zero: what one word gains in probability, the others lose."""
    rows = by_outside(run(NAIVE, case), case)
    equal(
        "gradOutsideVecs", rows.sum(axis=0), np.zeros(rows.shape[1]), "the rows of gradOutsideVecs do not sum to zero"
    )


@check("1b", PAIRS)
def softmax_takes_keywords(run: Run, case: Case) -> None:
    """The function can be called by position or by keyword, with the argument names of the handout."""
    loss = number(run(NAIVE, case), "loss")
    by_keyword = number(run(NAIVE_KEYWORDS, case), "loss")
    equal("loss", by_keyword, loss, "called by keyword it gives another loss than by position")


@check("1b", PAIRS)
def softmax_leaves_its_arguments(run: Run, case: Case) -> None:
    """The arrays given to the function are the same afterwards."""
    unchanged(run, NAIVE_CHANGES, case)


@check("1b", PAIRS)
def softmax_loss_is_positive(run: Run, case: Case) -> None:
    """The loss is above zero: no probability is above one."""
    if not number(run(NAIVE, case), "loss") > 0:
        raise CheckFailed(
            "the loss is not above zero", diagnosis="the sign is wrong, or a score is taken for a probability"
        )
