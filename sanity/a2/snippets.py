"""Cases of assignment 2 as scripts that a student can run: one call, what it answers, and what small steps measure."""

from __future__ import annotations

from sanity.a2.negatives import drawn
from sanity.core.case import Case
from sanity.gradients.snippet import assign

PAIR = {"centerWordVec": "gradCenterVec", "outsideVectors": "gradOutsideVecs"}
WINDOW = {"centerWordVectors": "gradCenterVecs", "outsideVectors": "gradOutsideVectors"}
LEAF = {"centerWordVec": "gradCenterVec", "nodeVectors": "gradNodeVectors"}

BATCH = """\
import numpy as np
from batch import batchLossAndGradient

from sanity.gradients import numeric_gradient

{values}

def answer(centerWordVectors, outsideVectors):
    return batchLossAndGradient({given})


loss, gradCenters, gradOutsides = answer(centerWordVectors.copy(), outsideVectors.copy())
by_center, by_outside = np.zeros_like(centerWordVectors), np.zeros_like(outsideVectors)
np.add.at(by_center, centers, gradCenters)
np.add.at(by_outside, np.column_stack((outsides, negatives)), gradOutsides)
print("the loss:", loss)
print("gradCenters, added up by word:", by_center, sep="\\n")
print("the slope of the loss:", numeric_gradient(lambda x: answer(x, outsideVectors)[0], centerWordVectors), sep="\\n")
print("gradOutsides, added up by word:", by_outside, sep="\\n")
print("the slope of the loss:", numeric_gradient(lambda x: answer(centerWordVectors, x)[0], outsideVectors), sep="\\n")
"""


def naive(case: Case) -> str:
    """Spell a call of naiveSoftmaxLossAndGradient."""
    names = ("centerWordVec", "outsideWordIdx", "outsideVectors")
    return _loss(f"word2vec.naiveSoftmaxLossAndGradient({', '.join(names)}, None)", _values(case, *names), PAIR)


def negative(case: Case) -> str:
    """Spell a call of negSamplingLossAndGradient, with a dataset that draws the case's words."""
    rejected = [case.outsideWordIdx] * (case.outsideWordIdx in case.stream[: case.K])
    names = ("centerWordVec", "outsideWordIdx", "outsideVectors")
    values = assign("words", [*rejected, *drawn(case)]) + _values(case, *names)
    given = ", ".join((*names, "Recorded(words)", *([] if case.default else [str(case.K)])))
    also = "from sanity.a2.probes import Recorded  # a dataset that draws the words given\n"
    return _loss(f"word2vec.negSamplingLossAndGradient({given})", values, PAIR, also)


def skipgram(case: Case) -> str:
    """Spell a call of skipgram, with a simple loss in the place of the student's own."""
    names = ("currentCenterWord", "windowSize", "outsideWords", "word2Ind", "centerWordVectors", "outsideVectors")
    also = "from sanity.a2.probes import StandIn  # a simple loss: mistakes in yours do not show here\n"
    return _loss(f"word2vec.skipgram({', '.join(names)}, None, StandIn())", _values(case, *names), WINDOW, also)


def batch(case: Case) -> str:
    """Spell a call of batchLossAndGradient, whose gradients are added up by word to be compared."""
    names = ("centers", "outsides", "negatives", "centerWordVectors", "outsideVectors")
    return BATCH.format(values=_values(case, *names), given=", ".join(names))


def hierarchical(case: Case) -> str:
    """Spell a call of hierarchicalSoftmaxLossAndGradient."""
    names = ("centerWordVec", "path", "code", "nodeVectors")
    return _loss(f"huffman.hierarchicalSoftmaxLossAndGradient({', '.join(names)})", _values(case, *names), LEAF)


def left_by_vector(case: Case) -> str:
    """Spell a call of left_by_vector."""
    return _drill("left_by_vector(W, x)", assign("W", case.W) + assign("x", case.x), "lambda x: W @ x, x")


def right_by_vector(case: Case) -> str:
    """Spell a call of right_by_vector."""
    return _drill("right_by_vector(x, W)", assign("W", case.W) + assign("x", case.delta), "lambda x: x @ W, x")


def vector_by_itself(case: Case) -> str:
    """Spell a call of vector_by_itself."""
    return _drill("vector_by_itself(x)", assign("x", case.x), "lambda x: x, x")


def elementwise(case: Case) -> str:
    """Spell a call of elementwise_by_vector, for tanh."""
    return _drill(
        "elementwise_by_vector(lambda x: 1 - np.tanh(x) ** 2, x)", assign("x", case.x), "lambda x: np.tanh(x), x"
    )


def loss_by_left(case: Case) -> str:
    """Spell a call of loss_by_left_matrix, for the loss delta · W x."""
    values = _values(case, "W", "x", "delta")
    return _drill("loss_by_left_matrix(delta, x)", values, "lambda W: np.asarray(delta @ (W @ x)), W")


def loss_by_right(case: Case) -> str:
    """Spell a call of loss_by_right_matrix, for the loss x W · delta."""
    values = assign("W", case.W.T) + _values(case, "x", "delta")
    return _drill("loss_by_right_matrix(x, delta)", values, "lambda W: np.asarray((x @ W) @ delta), W")


def by_logits(case: Case) -> str:
    """Spell a call of cross_entropy_by_logits."""
    loss = "lambda z: np.asarray(np.log(np.exp(z).sum()) - y @ z), logits"
    return _drill("cross_entropy_by_logits(logits, y)", _values(case, "logits", "y"), loss)


def _values(case: Case, *names: str) -> str:
    return "".join(assign(name, case.values[name]) for name in names)


def _loss(call: str, values: str, gradients: dict[str, str], also: str = "") -> str:
    """Spell a call that returns a loss and two gradients, and what small steps measure."""
    (first, by_first), (second, by_second) = gradients.items()
    module = call.partition(".")[0]
    return f"""\
import numpy as np
import {module}

{also}from sanity.gradients import numeric_gradient

{values}

def answer({first}, {second}):
    return {call}


loss, {by_first}, {by_second} = answer({first}.copy(), {second}.copy())
print("the loss:", loss)
print("{by_first}:", {by_first}, sep="\\n")
print("the slope of the loss:", numeric_gradient(lambda x: answer(x, {second}.copy())[0], {first}), sep="\\n")
print("{by_second}:", {by_second}, sep="\\n")
print("the slope of the loss:", numeric_gradient(lambda x: answer({first}.copy(), x)[0], {second}), sep="\\n")
"""


def _drill(call: str, values: str, function: str) -> str:
    """Spell a call that returns one derivative, and what small steps measure."""
    return f"""\
import jacobians
import numpy as np

from sanity.a2.jacobians import measured

{values}
print("the answer:", jacobians.{call}, sep="\\n")
print("small steps measure:", measured({function}), sep="\\n")
"""
