"""Question 1d: skip-gram. A stand-in takes the place of the loss, so that these do not depend on 1b and 1c."""

from __future__ import annotations

import numpy as np

from sanity.a2.asked import (
    SKIPGRAM,
    SKIPGRAM_BY_DEFAULT,
    SKIPGRAM_CHANGES,
    Array,
    are_slopes,
    array,
    equal,
    number,
    same_number,
    unchanged,
)
from sanity.a2.cases import WINDOWS, few
from sanity.core.case import Case
from sanity.core.check import Answers, Run, check
from sanity.core.compare import same
from sanity.core.errors import CheckFailed, CouldNotRun

ARGUMENTS = {"centerWordVectors": "gradCenterVecs", "outsideVectors": "gradOutsideVectors"}
AXES = dict.fromkeys(ARGUMENTS.values(), "V D")


def gradient(answers: Answers, name: str, case: Case) -> Array:
    """Return one of the gradients."""
    return array(answers, name, AXES[name], case.outsideVectors)


@check("1d", WINDOWS, outputs=("outside words",))
def predicts_each_outside_word(run: Run, expect: Run, case: Case) -> None:
    """The loss is called once for each outside word, and twice for a word that occurs twice."""
    name = "outside words asked for"
    if run(SKIPGRAM, case)[name] != expect(SKIPGRAM, case)[name]:
        hint = "look up each outside word in word2Ind; repeats count, and the centre word does not"
        raise CheckFailed("the loss is not called for the words of the window", hint=hint)


@check("1d", WINDOWS, weight=3, outputs=("loss",))
def window_loss(run: Run, expect: Run, case: Case) -> None:
    """The loss of a window is the sum over its outside words."""
    same_number(run(SKIPGRAM, case), expect(SKIPGRAM, case), "loss")


@check("1d", WINDOWS, weight=3, outputs=("gradCenterVecs",), gradients=True)
def window_center_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradCenterVecs, (V, D), has the sum of all gradients in the centre word's row, and zeros elsewhere."""
    same(run(SKIPGRAM, case), expect(SKIPGRAM, case), AXES, only=("gradCenterVecs",))


@check("1d", WINDOWS, weight=3, outputs=("gradOutsideVectors",), gradients=True)
def window_outside_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradOutsideVectors, (V, D), is the sum of all gradients with respect to the outside vectors."""
    same(run(SKIPGRAM, case), expect(SKIPGRAM, case), AXES, only=("gradOutsideVectors",))


@check("1d", few(WINDOWS), gradients=True)
def window_gradients_are_slopes(run: Run, case: Case) -> None:
    """Both gradients are the slope of the loss, measured with small steps."""
    words = sorted(case.word2Ind, key=lambda word: int(case.word2Ind[word]))
    center = [case.word2Ind[case.currentCenterWord]] * len(case.outsideWords)
    are_slopes(run, SKIPGRAM, case, ARGUMENTS, words=words, rows={"centerWordVectors": center})


@check("1d", WINDOWS, gradients=True)
def windows_add_up(run: Run, case: Case) -> None:
    """The loss and gradients of a window are the sums over windows of one outside word each."""
    whole = run(SKIPGRAM, case)
    parts = [run(SKIPGRAM, case.having(outsideWords=[word])) for word in case.outsideWords]
    loss = sum((number(part, "loss") for part in parts), np.zeros(()))
    equal("loss", number(whole, "loss"), loss, "the loss of the window is not the sum over its words")
    for name in AXES:
        total = sum((gradient(part, name, case) for part in parts), np.zeros_like(case.outsideVectors))
        equal(name, gradient(whole, name, case), total, f"{name} of the window is not the sum over its words")


@check("1d", WINDOWS, gradients=True)
def only_the_center_moves(run: Run, case: Case) -> None:
    """All rows of gradCenterVecs but the centre word's are zero."""
    rows = gradient(run(SKIPGRAM, case), "gradCenterVecs", case)
    others = np.delete(rows, case.word2Ind[case.currentCenterWord], axis=0)
    equal("gradCenterVecs", others, np.zeros_like(others), "words that are not the centre have a gradient")


@check("1d", WINDOWS)
def hands_on_the_dataset(run: Run, case: Case) -> None:
    """skipgram() passes the dataset to the loss."""
    if run(SKIPGRAM, case)["dataset handed on"] is not True:
        raise CheckFailed("the dataset is not passed to the loss")


@check("1d", WINDOWS)
def takes_the_softmax_by_default(run: Run, case: Case) -> None:
    """Without a loss function, skipgram() uses naiveSoftmaxLossAndGradient."""
    run(SKIPGRAM, case)
    try:
        answers = run(SKIPGRAM_BY_DEFAULT, case)
        given = number(answers, "naive softmax")
    except (CheckFailed, CouldNotRun):
        return  # with the stand-in it runs: the softmax is what is wrong, and that is for question 1b to say
    equal("left out", number(answers, "left out"), given, "without a loss function it uses another loss")


@check("1d", WINDOWS)
def window_leaves_its_arguments(run: Run, case: Case) -> None:
    """The arrays given to skipgram() are the same afterwards."""
    unchanged(run, SKIPGRAM_CHANGES, case)
