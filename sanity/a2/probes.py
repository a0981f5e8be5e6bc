"""Probes of assignment 2: each calls one function of the submission on copies of a case's arrays."""

from __future__ import annotations

import contextlib
import io
import itertools
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sanity.a2.asked import DRAWN
from sanity.core.case import Case

Array = NDArray[Any]


class Recorded:
    """A dataset whose negative samples are those of a list, over and over."""

    def __init__(self, stream: list[int]) -> None:
        self._stream = itertools.cycle(stream)

    def sampleTokenIdx(self) -> int:
        """Return the next index of the stream."""
        return next(self._stream)


def copies(case: Case, *names: str) -> dict[str, Any]:
    """Copy some values of a case, so that the submission cannot change it."""
    return {name: copied(case.values[name]) for name in names}


def copied(value: Any) -> Any:
    """Copy an array; other values stay as they are."""
    return value.copy() if isinstance(value, np.ndarray) else value


def changed(function: Callable[..., Any], arguments: Mapping[str, Any]) -> list[str]:
    """Call a function by keyword; return which arguments are not what they were."""
    before = {name: copied(value) for name, value in arguments.items()}
    function(**arguments)
    arrays = [name for name, value in before.items() if isinstance(value, np.ndarray)]
    return [name for name in arrays if not np.array_equal(arguments[name], before[name])]


def sigmoid(code: Any, case: Case) -> Any:
    """Call sigmoid; also return how many overflows numpy warned of, and whether x was changed."""
    x = copied(case.x)
    with warnings.catch_warnings(record=True) as caught, np.errstate(over="warn", invalid="warn", divide="warn"):
        warnings.simplefilter("always")
        answer = code.word2vec.sigmoid(x)
    overflows = [warning for warning in caught if issubclass(warning.category, RuntimeWarning)]
    return answer, len(overflows), not np.array_equal(x, case.x)


PAIR = ("centerWordVec", "outsideWordIdx", "outsideVectors")


def naive(code: Any, case: Case) -> Any:
    """Call the loss by position."""
    arguments = copies(case, *PAIR)
    return code.word2vec.naiveSoftmaxLossAndGradient(*arguments.values(), Recorded(case.stream))


def naive_by_keyword(code: Any, case: Case) -> Any:
    """Call the loss by keyword."""
    return code.word2vec.naiveSoftmaxLossAndGradient(dataset=Recorded(case.stream), **copies(case, *PAIR))


def naive_changes(code: Any, case: Case) -> Any:
    """Return which arguments the loss changed."""
    arguments = {**copies(case, *PAIR), "dataset": Recorded(case.stream)}
    return changed(code.word2vec.naiveSoftmaxLossAndGradient, arguments)


def sampled(case: Case) -> dict[str, Any]:
    """Return the arguments of negSamplingLossAndGradient, in order."""
    arguments = {**copies(case, *PAIR), "dataset": Recorded(case.stream)}
    return arguments if case.default else {**arguments, "K": case.K}


def negative(code: Any, case: Case) -> Any:
    """Call the loss by position, with K or without."""
    return code.word2vec.negSamplingLossAndGradient(*sampled(case).values())


def negative_changes(code: Any, case: Case) -> Any:
    """Return which arguments the loss changed."""
    return changed(code.word2vec.negSamplingLossAndGradient, sampled(case))


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


def skipgram(code: Any, case: Case) -> Any:
    """Call skipgram with the stand-in; also return the words that it was asked for, and whether it got the dataset."""
    loss, dataset = StandIn(), Recorded([0])
    answer = code.word2vec.skipgram(*copies(case, *WINDOW).values(), dataset, loss)
    return answer, sorted(loss.outside), all(given is dataset for given in loss.datasets)


def skipgram_changes(code: Any, case: Case) -> Any:
    """Return which arguments skipgram changed."""
    arguments = {**copies(case, *WINDOW), "dataset": Recorded([0]), "word2vecLossAndGradient": StandIn()}
    return changed(code.word2vec.skipgram, arguments)


def skipgram_by_default(code: Any, case: Case) -> Any:
    """Return skipgram's loss without a loss function, and with the student's naive softmax."""
    module, dataset = code.word2vec, Recorded([0])
    left_out = module.skipgram(*copies(case, *WINDOW).values(), dataset)
    given = module.skipgram(*copies(case, *WINDOW).values(), dataset, module.naiveSoftmaxLossAndGradient)
    return left_out[0], given[0]


def sgd(code: Any, case: Case) -> Any:
    """Run sgd down a bowl; also return where it asked for the loss."""
    places: list[Array] = []

    def bowl(x: Array) -> tuple[float, Array]:
        places.append(np.array(x))
        away = x - case.bottom
        return float((case.curvature * away**2).sum()) / 2, case.curvature * away

    processing = (lambda x: 0.5 * x) if case.processed else None
    with contextlib.redirect_stdout(io.StringIO()):
        x = code.sgd.sgd(bowl, case.x0.copy(), case.step, case.iterations, processing)
    return x, np.stack(places) if places else None


def batch(code: Any, case: Case) -> Any:
    """Call batchLossAndGradient."""
    arguments = copies(case, "centers", "outsides", "negatives", "centerWordVectors", "outsideVectors")
    return code.batch.batchLossAndGradient(*arguments.values())


def keep(code: Any, case: Case) -> Any:
    """Call keep_probability."""
    return code.sampling.keep_probability(copied(case.z), case.t)


def keep_by_default(code: Any, case: Case) -> Any:
    """Call keep_probability without a threshold."""
    return code.sampling.keep_probability(copied(case.z))


def noise(code: Any, case: Case) -> Any:
    """Call noise_distribution."""
    return code.sampling.noise_distribution(case.counts.copy(), case.power)


def noise_by_default(code: Any, case: Case) -> Any:
    """Call noise_distribution without a power."""
    return code.sampling.noise_distribution(case.counts.copy())


def table(code: Any, case: Case) -> Any:
    """Call noise_table."""
    return code.sampling.noise_table(case.probabilities.copy(), case.size)


def sample(code: Any, case: Case) -> Any:
    """Draw many words and count them; then draw on, and draw again with the same seed."""

    def draw(count: int, rng: np.random.Generator) -> Any:
        return code.sampling.sample_noise(case.probabilities.copy(), count, rng)

    rng, few = np.random.default_rng(case.seed), 400
    first, after = draw(few, rng), draw(few, rng)
    again = draw(few, np.random.default_rng(case.seed))
    many = np.asarray(draw(DRAWN, rng))
    times = [int((many == word).sum()) for word in range(len(case.probabilities))]
    return np.array([*times, many.size - sum(times)]), first, after, again


def huffman(code: Any, case: Case) -> Any:
    """Call huffman_codes."""
    return code.huffman.huffman_codes([int(count) for count in case.counts])


def hierarchical(code: Any, case: Case) -> Any:
    """Call the loss."""
    arguments = copies(case, "centerWordVec", "path", "code", "nodeVectors")
    return code.huffman.hierarchicalSoftmaxLossAndGradient(*arguments.values())


def entropy(code: Any, case: Case) -> Any:
    """Call entropy, without a base where that is 2."""
    base = () if case.base == 2 else (case.base,)
    return code.information.entropy(case.p.copy(), *base)


def cross_entropy(code: Any, case: Case) -> Any:
    """Call cross_entropy, without a base where that is 2."""
    base = () if case.base == 2 else (case.base,)
    return code.information.cross_entropy(case.p.copy(), case.q.copy(), *base)


def log_softmax(code: Any, case: Case) -> Any:
    """Call log_softmax."""
    return code.information.log_softmax(case.x.copy())


def logistic(code: Any, case: Case) -> Any:
    """Call as_logistic."""
    return code.information.as_logistic(case.W.copy(), case.b.copy())


def left_by_vector(code: Any, case: Case) -> Any:
    """Ask for the Jacobian of W x with respect to x."""
    return code.jacobians.left_by_vector(case.W.copy(), case.x.copy())


def right_by_vector(code: Any, case: Case) -> Any:
    """Ask for the Jacobian of x W with respect to x; here x is delta, of the length of W's columns."""
    return code.jacobians.right_by_vector(case.delta.copy(), case.W.copy())


def vector_by_itself(code: Any, case: Case) -> Any:
    """Ask for the Jacobian of x with respect to x."""
    return code.jacobians.vector_by_itself(case.x.copy())


def elementwise(code: Any, case: Case) -> Any:
    """Ask for the Jacobian of tanh(x) with respect to x."""
    return code.jacobians.elementwise_by_vector(lambda x: 1 - np.tanh(x) ** 2, case.x.copy())


def loss_by_left(code: Any, case: Case) -> Any:
    """Ask for the gradient with respect to W where z = W x."""
    return code.jacobians.loss_by_left_matrix(case.delta.copy(), case.x.copy())


def loss_by_right(code: Any, case: Case) -> Any:
    """Ask for the gradient with respect to W where z = x W."""
    return code.jacobians.loss_by_right_matrix(case.x.copy(), case.delta.copy())


def by_logits(code: Any, case: Case) -> Any:
    """Ask for the gradient of the cross-entropy with respect to the logits."""
    return code.jacobians.cross_entropy_by_logits(case.logits.copy(), case.y.copy())
