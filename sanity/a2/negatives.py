"""Question 1c: the loss of negative sampling."""

from __future__ import annotations

import numpy as np

from sanity.a2.asked import (
    NEGATIVE,
    NEGATIVE_CHANGES,
    PAIR,
    PAIR_ARGUMENTS,
    are_slopes,
    array,
    equal,
    number,
    same_number,
    unchanged,
)
from sanity.a2.cases import DRAWN_PAIRS, few
from sanity.core.case import Case
from sanity.core.check import Run, check
from sanity.core.compare import same
from sanity.core.errors import CheckFailed


def drawn(case: Case) -> list[int]:
    """Return the negative samples that getNegativeSamples draws in a case."""
    accepted: list[int] = [word for word in case.stream if word != case.outsideWordIdx]
    return [accepted[i % len(accepted)] for i in range(case.K)]


@check("1c", DRAWN_PAIRS, weight=2, outputs=("loss",))
def sampling_loss(run: Run, expect: Run, case: Case) -> None:
    """The loss sums over the outside word and every negative sample drawn."""
    same_number(run(NEGATIVE, case), expect(NEGATIVE, case), "loss")


@check("1c", DRAWN_PAIRS, weight=3, outputs=("gradCenterVec",), gradients=True)
def sampling_center_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradCenterVec is the gradient of the loss with respect to the centre word's vector, (D,)."""
    same(run(NEGATIVE, case), expect(NEGATIVE, case), PAIR, only=("gradCenterVec",))


@check("1c", DRAWN_PAIRS, weight=3, outputs=("gradOutsideVecs",), gradients=True)
def sampling_outside_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradOutsideVecs is the gradient of the loss with respect to all outside vectors, (V, D)."""
    same(run(NEGATIVE, case), expect(NEGATIVE, case), PAIR, only=("gradOutsideVecs",))


@check("1c", few(DRAWN_PAIRS), gradients=True)
def sampling_gradients_are_slopes(run: Run, case: Case) -> None:
    """Both gradients are the slope of the loss, measured with small steps."""
    rows = {"outsideVectors": [case.outsideWordIdx, *drawn(case)]}
    are_slopes(run, NEGATIVE, case, PAIR_ARGUMENTS, words=[f"w{i}" for i in range(case.V)], rows=rows)


@check("1c", DRAWN_PAIRS, gradients=True)
def repeats_count(run: Run, case: Case) -> None:
    """A negative sample that is drawn k times counts k times, in the loss and in the gradients."""
    word = next(word for word in case.stream if word != case.outsideWordIdx)
    once, twice, thrice = (run(NEGATIVE, case.having(stream=[word], K=k, default=False)) for k in (1, 2, 3))
    losses = [float(number(answers, "loss")) for answers in (once, twice, thrice)]
    diagnosis = "a repeated sample is left out or overwritten, not added"
    rise = losses[1] - losses[0]
    said = "the loss does not count a repeated sample each time"
    equal("loss", losses[2] - losses[1], rise, said, diagnosis=diagnosis)
    if not rise > 0:
        raise CheckFailed(said, diagnosis=diagnosis, output="loss")
    said = "{} does not count a repeated sample each time"
    row = [array(a, "gradOutsideVecs", "V D", case.outsideVectors)[word] for a in (once, twice, thrice)]
    equal("gradOutsideVecs", row[2], 3 * row[0], said.format("gradOutsideVecs"), diagnosis=diagnosis)
    center = [array(a, "gradCenterVec", "D", case.centerWordVec) for a in (once, twice, thrice)]
    rise_of_center = center[1] - center[0]
    equal("gradCenterVec", center[2] - center[1], rise_of_center, said.format("gradCenterVec"), diagnosis=diagnosis)


@check("1c", DRAWN_PAIRS, gradients=True)
def touches_few_rows(run: Run, case: Case) -> None:
    """Only the outside word and the negative samples have a gradient; all other rows are zero."""
    untouched = np.setdiff1d(np.arange(case.V), [case.outsideWordIdx, *drawn(case)])
    rows = array(run(NEGATIVE, case), "gradOutsideVecs", "V D", case.outsideVectors)[untouched]
    said = "words that were not drawn have a gradient"
    hint = "start the gradient from zeros, not from the vectors"
    equal("gradOutsideVecs", rows, np.zeros_like(rows), said, hint=hint)


@check("1c", DRAWN_PAIRS)
def sampling_leaves_its_arguments(run: Run, case: Case) -> None:
    """The arrays given to the function are the same afterwards."""
    unchanged(run, NEGATIVE_CHANGES, case)
