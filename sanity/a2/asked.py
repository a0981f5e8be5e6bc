"""The probes of assignment 2, and what several of its checks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.core.case import Case
from sanity.core.check import Answers, Probe, Run, probe
from sanity.core.compare import as_array, close, same_array
from sanity.core.errors import CheckFailed
from sanity.core.explain import explain
from sanity.gradients import true_gradients

Array = NDArray[Any]

SIGMOID = probe("sigmoid", "sigmoid()", "sigmoid, overflows, x changed")
NAIVE = probe("naive", "naiveSoftmaxLossAndGradient()", "loss, gradCenterVec, gradOutsideVecs")
NAIVE_KEYWORDS = probe("naive_by_keyword", "naiveSoftmaxLossAndGradient()", "loss, gradCenterVec, gradOutsideVecs")
NAIVE_CHANGES = probe("naive_changes", "naiveSoftmaxLossAndGradient()", "changed")
NEGATIVE = probe("negative", "negSamplingLossAndGradient()", "loss, gradCenterVec, gradOutsideVecs")
NEGATIVE_CHANGES = probe("negative_changes", "negSamplingLossAndGradient()", "changed")
SKIPGRAM = probe(
    "skipgram", "skipgram()", "(loss, gradCenterVecs, gradOutsideVectors), outside words asked for, dataset handed on"
)
SKIPGRAM_CHANGES = probe("skipgram_changes", "skipgram()", "changed")
SKIPGRAM_BY_DEFAULT = probe("skipgram_by_default", "skipgram()", "left out, naive softmax")
SGD = probe("sgd", "sgd()", "x, where f was called")
BATCH = probe("batch", "batchLossAndGradient()", "loss, gradCenters, gradOutsides")
KEEP = probe("keep", "keep_probability()", "probability")
KEEP_BY_DEFAULT = probe("keep_by_default", "keep_probability()", "probability")
NOISE = probe("noise", "noise_distribution()", "distribution")
NOISE_BY_DEFAULT = probe("noise_by_default", "noise_distribution()", "distribution")
TABLE = probe("table", "noise_table()", "table")
SAMPLE = probe("sample", "sample_noise()", "times drawn, draws, next draws, draws with the same seed")
HUFFMAN = probe("huffman", "huffman_codes()", "codes")
HIERARCHICAL = probe("hierarchical", "hierarchicalSoftmaxLossAndGradient()", "loss, gradCenterVec, gradNodeVectors")
ENTROPY = probe("entropy", "entropy()", "entropy")
CROSS_ENTROPY = probe("cross_entropy", "cross_entropy()", "cross-entropy")
LOG_SOFTMAX = probe("log_softmax", "log_softmax()", "log softmax")
LOGISTIC = probe("logistic", "as_logistic()", "w, c")
LEFT_BY_VECTOR = probe("left_by_vector", "left_by_vector()", "Jacobian")
RIGHT_BY_VECTOR = probe("right_by_vector", "right_by_vector()", "Jacobian")
VECTOR_BY_ITSELF = probe("vector_by_itself", "vector_by_itself()", "Jacobian")
ELEMENTWISE = probe("elementwise", "elementwise_by_vector()", "Jacobian")
LOSS_BY_LEFT = probe("loss_by_left", "loss_by_left_matrix()", "gradient")
LOSS_BY_RIGHT = probe("loss_by_right", "loss_by_right_matrix()", "gradient")
BY_LOGITS = probe("by_logits", "cross_entropy_by_logits()", "gradient")

PAIR = {"gradCenterVec": "D", "gradOutsideVecs": "V D"}
PAIR_ARGUMENTS = {"centerWordVec": "gradCenterVec", "outsideVectors": "gradOutsideVecs"}

DRAWN = 20_000
"""Words that SAMPLE draws."""
FALSE_ALARMS = 1e-9
"""The odds that a right sampler fails one statistical check."""


def number(answers: Answers, name: str) -> Array:
    """Return an output that is one number as an array of shape (); shape (1,) is accepted, too."""
    array = as_array(name, answers[name], np.zeros((), np.int64))  # a sum over nothing may be the integer 0
    if array.shape not in ((), (1,)):
        diagnosis = f"{name} is not summed up to one number"
        raise CheckFailed(f"{name} has shape {array.shape}, expected a number", diagnosis=diagnosis, output=name)
    return array.astype(np.float64).reshape(())


def same_number(got: Answers, want: Answers, name: str) -> None:
    """Raise CheckFailed, with the diagnosis if one fits, unless an output is the right number."""
    mine, right = number(got, name), number(want, name)
    if np.isnan(mine):
        raise CheckFailed(f"{name} is NaN", output=name)
    if not close(mine, right):
        values = f"got {mine:.6g}, expected {right:.6g}"
        raise CheckFailed(f"{name} is wrong", diagnosis=explain(name, mine, right, "", {}), detail=values, output=name)


def equal(name: str, got: Any, want: Any, said: str, *, diagnosis: str = "", hint: str = "") -> None:
    """Raise CheckFailed with the message said unless two arrays that a property makes equal are equal."""
    want = np.asarray(want)
    try:
        same_array(name, got, want, " ".join(f"axis{i}" for i in range(want.ndim)))
    except CheckFailed as problem:
        raise CheckFailed(said, diagnosis=diagnosis, hint=hint, detail=problem.detail, output=name) from None


def array(answers: Answers, name: str, axes: str, like: Array) -> Array:
    """Return an output as an array; raise CheckFailed unless it has the shape of like."""
    found = as_array(name, answers[name], like)
    if found.shape != like.shape:
        same_array(name, found, np.zeros_like(like), axes)
    return found


def are_slopes(
    run: Run,
    asked: Probe,
    case: Case,
    gradients: Mapping[str, str],
    *,
    words: Sequence[str] = (),
    rows: Mapping[str, Sequence[int]] | None = None,
) -> None:
    """Raise CheckFailed unless each gradient is the slope of the loss, measured with small steps.

    Args:
        run: the submission.
        asked: a probe with an output called loss.
        case: where to differentiate.
        gradients: by each argument, the output that claims to be its gradient.
        words: the word of each row of the matrices.
        rows: the rows of each that the loss looked up, in order, with repeats.
    """

    def loss_and_gradients(at: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        answers = run(asked, case.having(**at))
        return number(answers, "loss"), {argument: answers[output] for argument, output in gradients.items()}

    at = {argument: case.values[argument] for argument in gradients}
    axes = {argument: "D" if array.ndim == 1 else "row D" for argument, array in at.items()}
    true_gradients(loss_and_gradients, at, axes, words=words, rows=rows)


def unchanged(run: Run, asked: Probe, case: Case) -> None:
    """Raise CheckFailed if a call changed its arguments."""
    if run(asked, case)["changed"]:
        diagnosis = "an in-place operation, such as += or [i] -=, works on an argument instead of a copy"
        raise CheckFailed(f"{asked.what} changed its arguments", diagnosis=diagnosis)
