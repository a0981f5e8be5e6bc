"""What questions 1b to 1d share: a pair of words, a dataset that draws what it is told, and slopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sanity.core.case import Case
from sanity.core.compare import number
from sanity.core.probe import Probe, Run
from sanity.gradients import true_gradients

DRAWS = 400
"""Length of a recorded stream of negative samples, after which it begins again."""
MOST_DRAWS = 20_000
"""How many samples a recorded dataset draws; a right answer needs some tens."""


def make_pair(*, seed: int, V: int, D: int, K: int, repeats: int, default: int) -> dict[str, Any]:
    """Make a centre vector, an outside word, all outside vectors and a stream of negative samples.

    Args:
        seed: of everything random.
        V: words.
        D: numbers in a vector.
        K: negative samples.
        repeats: 1 if few words are drawn, each of them often; the stream then holds the outside word often, too.
        default: 1 to leave K to the function, whose default is 10.
    """
    rng = np.random.default_rng(seed)
    outside = int(rng.integers(V))
    drawable = rng.choice([word for word in range(V) if word != outside], size=min(2, V - 1), replace=False)
    among = [outside, *map(int, drawable)] if repeats else list(range(V))
    stream = [int(word) for word in rng.choice(among, size=DRAWS)]
    # Never all of them the outside word, or a right answer would reject for ever.
    stream[0] = int(drawable[0])
    return {
        "seed": seed,
        "V": V,
        "centerWordVec": 0.8 * rng.standard_normal(D),
        "outsideWordIdx": outside,
        "outsideVectors": 0.8 * rng.standard_normal((V, D)),
        "stream": stream,
        "K": 10 if default else K,
        "default": bool(default),
        "samples": "K left out, so 10" if default else f"K = {K}",
    }


PAIR_SIZES = {"V": (3, 8), "D": (2, 5), "K": (2, 6), "repeats": (0, 1), "default": (0, 1)}
PAIR = ("centerWordVec", "outsideWordIdx", "outsideVectors")
"""The arguments of both losses."""
ARGUMENTS = {"centerWordVec": "gradCenterVec", "outsideVectors": "gradOutsideVecs"}
"""The gradient by each argument."""


class Recorded:
    """A dataset whose negative samples are those of a list, over and over, but not for ever."""

    def __init__(self, stream: list[int]) -> None:
        self._stream = stream
        self.draws = 0
        """How many samples it was asked for."""

    def sampleTokenIdx(self) -> int:
        """Return the next index of the stream; raise RuntimeError after MOST_DRAWS: nobody waits for an end then."""
        self.draws += 1
        if self.draws > MOST_DRAWS or not self._stream:
            raise RuntimeError(f"the dataset drew {self.draws - 1} samples, and no end")
        return self._stream[(self.draws - 1) % len(self._stream)]


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
