"""Question 1c: the loss of negative sampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.pairs import ARGUMENTS, PAIR, PAIR_SIZES, Recorded, are_slopes, make_pair
from sanity.a2.scripts import assigned, loss_script
from sanity.core.arguments import changed, copies, unchanged
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal, number, same, same_number, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients.snippet import assign

check = Checks("1c")
DRAWN_PAIRS = Cases(
    make_pair,
    PAIR_SIZES,
    "V = {V} words, D = {D}, {samples}",
    ({"V": 9, "D": 3, "K": 4}, {"V": 6, "D": 4, "K": 5, "repeats": 1}, {"V": 12, "D": 2, "default": 1}),
)
"""One pair of words and negative samples; repeated ones among them, and K left out."""
SINGLE = Cases(
    make_pair,
    {**PAIR_SIZES, "K": (1, 1), "repeats": (0, 0), "default": (0, 0)},
    "V = {V} words, D = {D}, a single negative sample",
    ({"V": 5, "D": 3},),
    drawn=1,
)
"""One pair of words and one negative sample."""


def sampled(case: Case) -> dict[str, Any]:
    """Return the arguments of negSamplingLossAndGradient, in order."""
    arguments = {**copies(case, *PAIR), "dataset": Recorded(case.stream)}
    return arguments if case.default else {**arguments, "K": case.K}


def drawn(case: Case) -> list[int]:
    """Return the negative samples that getNegativeSamples draws in a case."""
    accepted: list[int] = [word for word in case.stream if word != case.outsideWordIdx]
    return [accepted[i % len(accepted)] for i in range(case.K)]


@probe("loss, gradCenterVec: D, gradOutsideVecs: V D", of="negSamplingLossAndGradient()")
def negative_sampling(code: Any, case: Case) -> Any:
    """Call the loss by position, with K or without."""
    return code.word2vec.negSamplingLossAndGradient(*sampled(case).values())


@negative_sampling.script
def negative_sampling_script(case: Case) -> str:
    """Spell a call of negSamplingLossAndGradient, with a dataset that draws the case's words."""
    rejected = [case.outsideWordIdx] * (case.outsideWordIdx in case.stream[: case.K])
    values = assign("words", [*rejected, *drawn(case)]) + assigned(case, *PAIR)
    given = ", ".join((*PAIR, "Recorded(words)", *([] if case.default else [str(case.K)])))
    also = "from sanity.a2.pairs import Recorded  # a dataset that draws the words given\n"
    return loss_script(f"word2vec.negSamplingLossAndGradient({given})", values, ARGUMENTS, also)


@probe("changed", of="negSamplingLossAndGradient()")
def negative_sampling_changes(code: Any, case: Case) -> Any:
    """Return which arguments the loss changed."""
    return changed(code.word2vec.negSamplingLossAndGradient, sampled(case))


check.compares(
    negative_sampling,
    DRAWN_PAIRS,
    "loss",
    weight=4,
    says="The loss sums over the outside word and every negative sample drawn.",
)
check.compares(
    negative_sampling,
    DRAWN_PAIRS,
    "gradCenterVec",
    weight=5,
    gradients=True,
    says="gradCenterVec is the gradient of the loss with respect to the centre word's vector, (D,).",
)
check.compares(
    negative_sampling,
    DRAWN_PAIRS,
    "gradOutsideVecs",
    weight=5,
    gradients=True,
    says="gradOutsideVecs is the gradient of the loss with respect to all outside vectors, (V, D).",
)


@check(SINGLE, weight=2, gradients=True)
def one_sample_is_enough(run: Run, expect: Run, case: Case) -> None:
    """With a single negative sample, loss and gradients are right, too."""
    got, want = run(negative_sampling, case), expect(negative_sampling, case)
    same_number(got, want, "loss")
    same(got, want, negative_sampling.axes)


@check(DRAWN_PAIRS.few(), weight=2, gradients=True)
def sampling_gradients_are_slopes(run: Run, case: Case) -> None:
    """Both gradients are the slope of the loss, measured with small steps."""
    rows = {"outsideVectors": [case.outsideWordIdx, *drawn(case)]}
    are_slopes(run, negative_sampling, case, ARGUMENTS, words=[f"w{i}" for i in range(case.V)], rows=rows)


@check(DRAWN_PAIRS, weight=2, gradients=True)
def repeats_count(run: Run, case: Case) -> None:
    """A negative sample that is drawn k times counts k times, in the loss and in the gradients."""
    word = next(word for word in case.stream if word != case.outsideWordIdx)
    answers = [run(negative_sampling, case.having(stream=[word], K=k, default=False)) for k in (2, 3, 4)]
    losses = [float(number(one, "loss")) for one in answers]
    diagnosis = "a repeated sample is left out or overwritten, not added"
    rise = losses[1] - losses[0]
    said = "the loss does not count a repeated sample each time"
    equal("loss", losses[2] - losses[1], rise, said, diagnosis=diagnosis)
    if not rise > 0:
        raise CheckFailed(said, diagnosis=diagnosis, output="loss")
    said = "{} does not count a repeated sample each time"
    row = [shaped(one, "gradOutsideVecs", "V D", case.outsideVectors)[word] for one in answers]
    equal("gradOutsideVecs", row[2], 2 * row[0], said.format("gradOutsideVecs"), diagnosis=diagnosis)
    center = [shaped(one, "gradCenterVec", "D", case.centerWordVec) for one in answers]
    rise_of_center = center[1] - center[0]
    equal("gradCenterVec", center[2] - center[1], rise_of_center, said.format("gradCenterVec"), diagnosis=diagnosis)


@check(DRAWN_PAIRS, weight=2, gradients=True)
def touches_few_rows(run: Run, case: Case) -> None:
    """Only the outside word and the negative samples have a gradient; all other rows are zero."""
    untouched = np.setdiff1d(np.arange(case.V), [case.outsideWordIdx, *drawn(case)])
    rows = shaped(run(negative_sampling, case), "gradOutsideVecs", "V D", case.outsideVectors)[untouched]
    said = "words that were not drawn have a gradient"
    hint = "start the gradient from zeros, not from the vectors"
    equal("gradOutsideVecs", rows, np.zeros_like(rows), said, hint=hint)


@check(DRAWN_PAIRS, weight=2)
def sampling_leaves_its_arguments(run: Run, case: Case) -> None:
    """The arrays given to the function are the same afterwards."""
    unchanged(run, negative_sampling_changes, case)
