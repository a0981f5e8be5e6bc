"""Question 1d: skip-gram. A stand-in takes the place of the loss, so that these do not depend on 1b and 1c."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.pairs import Recorded, are_slopes
from sanity.a2.scripts import assigned, loss_script
from sanity.core.arguments import changed, copies, unchanged
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal, number, same, same_number, shaped
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Answers, Run, probe

check = Checks("1d")
ARGUMENTS = {"centerWordVectors": "gradCenterVecs", "outsideVectors": "gradOutsideVectors"}
"""The gradient by each argument."""


def make_window(*, seed: int, V: int, D: int, reach: int, words: int) -> dict[str, Any]:
    """Make a window: a centre word, some outside words (with repeats), and vectors for all words.

    word2Ind is in no order, so that indices are looked up and not guessed.
    """
    rng = np.random.default_rng(seed)
    indices = [int(i) for i in rng.permutation(V)]
    names = [f"w{i}" for i in range(V)]
    outside = [names[i] for i in rng.integers(V, size=words)]
    if words > 1:
        outside[-1] = outside[0]  # a word that stands there twice
    return {
        "seed": seed,
        "currentCenterWord": names[int(rng.integers(V))],
        "windowSize": reach,
        "outsideWords": outside,
        "word2Ind": dict(zip(names, indices, strict=True)),
        "centerWordVectors": 0.8 * rng.standard_normal((V, D)),
        "outsideVectors": 0.8 * rng.standard_normal((V, D)),
    }


WINDOWS = Cases(
    make_window,
    {"V": (3, 7), "D": (2, 4), "reach": (3, 3), "words": (2, 6)},
    "V = {V} words, D = {D}, a window with {words} outside words",
    ({"V": 6, "D": 3, "words": 4}, {"V": 5, "D": 2, "words": 3}, {"V": 4, "D": 3, "words": 6}),
)
"""Windows that reach three words to either side; at the end of a sentence fewer words are there."""
EMPTY = Cases(
    make_window,
    {"V": (3, 5), "D": (2, 4), "reach": (3, 3), "words": (0, 0)},
    "a window without outside words, V = {V}, D = {D}",
    ({"V": 4},),
    drawn=1,
)
"""Windows of a sentence of one word."""


class StandIn:
    """A simple loss for `skipgram` to call instead of the student's, so that 1d does not depend on 1b.

    It is (v · u_o)^2 / 2 plus a sum over all words that depends on o, with its true gradients.
    """

    def __init__(self) -> None:
        self.outside: list[int] = []
        self.datasets: list[Any] = []

    def __call__(self, centerWordVec: Array, outsideWordIdx: int, outsideVectors: Array, dataset: Any) -> Any:
        """Return the loss and its gradients, and note the word and the dataset."""
        self.outside.append(int(outsideWordIdx))
        self.datasets.append(dataset)
        weights = (outsideWordIdx + 1) * np.cos(np.arange(len(outsideVectors)))
        product = outsideVectors[outsideWordIdx] @ centerWordVec
        by_center = product * outsideVectors[outsideWordIdx] + weights @ outsideVectors
        by_outside = np.outer(weights, centerWordVec)
        by_outside[outsideWordIdx] += product * centerWordVec
        return product**2 / 2 + weights @ outsideVectors @ centerWordVec, by_center, by_outside


WINDOW = (
    "currentCenterWord",
    "windowSize",
    "outsideWords",
    "word2Ind",
    "centerWordVectors",
    "outsideVectors",
)


@probe(
    "(loss, gradCenterVecs: V D, gradOutsideVectors: V D), outside words asked for, dataset handed on", of="skipgram()"
)
def skipgram(code: Any, case: Case) -> Any:
    """Call skipgram with the stand-in; also return the words that it was asked for, and whether it got the dataset."""
    loss, dataset = StandIn(), Recorded([])
    answer = code.word2vec.skipgram(*copies(case, *WINDOW).values(), dataset, loss)
    return answer, sorted(loss.outside), all(given is dataset for given in loss.datasets)


@skipgram.script
def skipgram_script(case: Case) -> str:
    """Spell a call of skipgram, with a simple loss in the place of the student's own."""
    also = "from sanity.a2.windows import StandIn  # a simple loss: mistakes in yours do not show here\n"
    return loss_script(
        f"word2vec.skipgram({', '.join(WINDOW)}, None, StandIn())", assigned(case, *WINDOW), ARGUMENTS, also
    )


@probe("changed", of="skipgram()")
def skipgram_changes(code: Any, case: Case) -> Any:
    """Return which arguments skipgram changed."""
    arguments = {**copies(case, *WINDOW), "dataset": Recorded([]), "word2vecLossAndGradient": StandIn()}
    return changed(code.word2vec.skipgram, arguments)


@probe("left out, naive softmax, samples drawn", of="skipgram()")
def skipgram_by_default(code: Any, case: Case) -> Any:
    """Return skipgram's loss with the student's naive softmax and without a loss function.

    Also return whether the latter draws negative samples, which ends it: there are none.
    """
    module, dataset = code.word2vec, Recorded([])
    given = module.skipgram(*copies(case, *WINDOW).values(), dataset, module.naiveSoftmaxLossAndGradient)[0]
    dataset.draws = 0
    try:
        return module.skipgram(*copies(case, *WINDOW).values(), dataset)[0], given, dataset.draws > 0
    except RuntimeError:
        if not dataset.draws:
            raise
        return None, given, True


def gradient(answers: Answers, name: str, case: Case) -> Array:
    """Return one of the gradients."""
    return shaped(answers, name, "V D", case.outsideVectors)


@check(WINDOWS, outputs=("outside words",))
def predicts_each_outside_word(run: Run, expect: Run, case: Case) -> None:
    """The loss is called once for each outside word, and twice for a word that occurs twice."""
    name = "outside words asked for"
    if run(skipgram, case)[name] != expect(skipgram, case)[name]:
        hint = "look up each outside word in word2Ind; repeats count, and the centre word does not"
        raise CheckFailed("the loss is not called for the words of the window", hint=hint)


check.compares(skipgram, WINDOWS, "loss", weight=2, says="The loss of a window is the sum over its outside words.")
check.compares(
    skipgram,
    WINDOWS,
    "gradCenterVecs",
    weight=3,
    gradients=True,
    says="gradCenterVecs, (V, D), has the sum of all gradients in the centre word's row, and zeros elsewhere.",
)
check.compares(
    skipgram,
    WINDOWS,
    "gradOutsideVectors",
    weight=2,
    gradients=True,
    says="gradOutsideVectors, (V, D), is the sum of all gradients with respect to the outside vectors.",
)


@check(EMPTY, weight=2, gradients=True)
def an_empty_window_adds_nothing(run: Run, expect: Run, case: Case) -> None:
    """A window without outside words has the loss 0 and gradients of zeros, in the shapes of the matrices."""
    got, want = run(skipgram, case), expect(skipgram, case)
    same_number(got, want, "loss")
    same(got, want, skipgram.axes)


@check(WINDOWS.few(), gradients=True)
def window_gradients_are_slopes(run: Run, case: Case) -> None:
    """Both gradients are the slope of the loss, measured with small steps."""
    words = sorted(case.word2Ind, key=lambda word: int(case.word2Ind[word]))
    center = [case.word2Ind[case.currentCenterWord]] * len(case.outsideWords)
    are_slopes(run, skipgram, case, ARGUMENTS, words=words, rows={"centerWordVectors": center})


@check(WINDOWS, gradients=True)
def windows_add_up(run: Run, case: Case) -> None:
    """The loss and gradients of a window are the sums over windows of one outside word each."""
    whole = run(skipgram, case)
    parts = [run(skipgram, case.having(outsideWords=[word])) for word in case.outsideWords]
    loss = sum((number(part, "loss") for part in parts), np.zeros(()))
    equal("loss", number(whole, "loss"), loss, "the loss of the window is not the sum over its words")
    for name in ARGUMENTS.values():
        total = sum((gradient(part, name, case) for part in parts), np.zeros_like(case.outsideVectors))
        equal(name, gradient(whole, name, case), total, f"{name} of the window is not the sum over its words")


@check(WINDOWS, gradients=True)
def only_the_center_moves(run: Run, case: Case) -> None:
    """All rows of gradCenterVecs but the centre word's are zero."""
    rows = gradient(run(skipgram, case), "gradCenterVecs", case)
    others = np.delete(rows, case.word2Ind[case.currentCenterWord], axis=0)
    equal("gradCenterVecs", others, np.zeros_like(others), "words that are not the centre have a gradient")


@check(WINDOWS)
def hands_on_the_dataset(run: Run, case: Case) -> None:
    """skipgram() passes the dataset to the loss."""
    if run(skipgram, case)["dataset handed on"] is not True:
        raise CheckFailed("the dataset is not passed to the loss")


@check(WINDOWS)
def takes_the_softmax_by_default(run: Run, case: Case) -> None:
    """Without a loss function, skipgram() uses naiveSoftmaxLossAndGradient."""
    run(skipgram, case)
    try:
        answers = run(skipgram_by_default, case)
        given = number(answers, "naive softmax")
    except (CheckFailed, CouldNotRun):
        return  # with the stand-in it runs: the softmax is what is wrong, and that is for question 1b to say
    if answers["samples drawn"]:
        diagnosis = "the loss by default draws negative samples, as the naive softmax does not"
        raise CheckFailed("without a loss function skipgram() uses another loss", diagnosis=diagnosis)
    equal("left out", number(answers, "left out"), given, "without a loss function it uses another loss")


@check(WINDOWS)
def window_leaves_its_arguments(run: Run, case: Case) -> None:
    """The arrays given to skipgram() are the same afterwards."""
    unchanged(run, skipgram_changes, case)
