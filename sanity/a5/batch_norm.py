"""Question 3i: BatchNorm, and how it differs from LayerNorm."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal, same
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("3i")

LEARNT = ("x", "gain", "bias")
RUNNING = ("mean", "variance")


def make_batch(*, seed: int, B: int, D: int) -> dict[str, Any]:
    """Make what a layer gives for some examples, running statistics that are not theirs, and matrices that mix."""
    rng = np.random.default_rng(seed)
    scale = 0.1 * 4.0 ** rng.integers(0, 3, size=D)
    return {
        "x": rng.standard_normal((B, D)) * scale + rng.standard_normal(D),
        "gain": rng.uniform(0.5, 2, D) * rng.choice([-1, 1], D),
        "bias": rng.standard_normal(D),
        "mean": rng.standard_normal(D),
        "variance": rng.uniform(0.2, 2, D),
        "momentum": float(rng.uniform(0.2, 0.4)),
        "eps": float(rng.uniform(0.01, 0.05)),
        "mix": rng.standard_normal((B, B)),
        "turn": rng.standard_normal((D, D)),
    }


BATCHES = Cases(
    make_batch, {"B": (3, 4), "D": (5, 7)}, "{B} examples, D = {D}", ({"B": 6, "D": 4}, {"B": 4, "D": 3}), drawn=2
)
"""Batches of examples."""
SINGLE = Cases(make_batch, {"B": (1, 1), "D": (5, 7)}, "one example, D = {D}", drawn=1)
"""A batch of one example."""
OUTPUTS = "y: B D, mean: D, variance: D"


def asked_of(code: Any, case: Case, training: bool, **options: Any) -> Any:
    """Call batch_norm() on the case."""
    from sanity.a5.beside.recurrent import doubles, tensors

    with doubles():
        return code.recurrent.batch_norm(*tensors(case, *LEARNT, *RUNNING).values(), training, **options)


@probe(OUTPUTS, of="batch_norm()", needs=("torch",))
def batch_normed(code: Any, case: Case) -> Any:
    """Normalise a batch in training."""
    return asked_of(code, case, True, momentum=case.momentum, eps=case.eps)


@probe(OUTPUTS, of="batch_norm()", needs=("torch",))
def batch_normed_in_evaluation(code: Any, case: Case) -> Any:
    """Normalise a batch in evaluation."""
    return asked_of(code, case, False, momentum=case.momentum, eps=case.eps)


@probe(OUTPUTS, of="batch_norm()", needs=("torch",))
def batch_normed_by_default(code: Any, case: Case) -> Any:
    """Normalise a batch in training, with the defaults of momentum and ε."""
    return asked_of(code, case, True)


@probe("gradients", of="batch_norm()", needs=("torch",))
def batch_norm_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the output in training."""
    from sanity.a5.beside.recurrent import doubles, loss_and_gradients, tensors

    with doubles():
        learnt, running = tensors(case, *LEARNT, learn=True), tensors(case, *RUNNING)
        y, *_ = code.recurrent.batch_norm(*learnt.values(), *running.values(), True, case.momentum, case.eps)
        return loss_and_gradients(y, learnt)[1]


@probe("influence: B B", of="influence()", needs=("torch",))
def influenced(code: Any, case: Case) -> Any:
    """Measure which outputs of a mixing layer depend on which of its inputs."""
    import torch

    from sanity.a5.beside.recurrent import doubles, tensors

    given = tensors(case, "x", "mix", "turn")
    with doubles():
        return code.recurrent.influence(lambda x: given["mix"] @ torch.tanh(x @ given["turn"]), given["x"])


check.compares(
    batch_normed, BATCHES, "y", weight=3, says="In training batch_norm() normalises each number over the examples."
)
check.compares(batch_normed, BATCHES, "mean", says="In training the running mean moves towards that of the batch.")
check.compares(
    batch_normed,
    BATCHES,
    "variance",
    says="In training the running variance moves towards that of the batch, which divides by B - 1.",
)
check.compares(
    influenced, BATCHES, "influence", weight=2, says="influence() measures how outputs depend on inputs, (B, B)."
)


@check(BATCHES)
def uses_running_statistics_in_evaluation(run: Run, expect: Run, case: Case) -> None:
    """In evaluation the running statistics are used, and come back as they are."""
    asked = batch_normed_in_evaluation
    same(run(asked, case), expect(asked, case), asked.axes)


@check(BATCHES)
def batch_norm_has_the_usual_constants(run: Run, expect: Run, case: Case) -> None:
    """By default momentum is 0.1 and eps 1e-5."""
    small = case.having(x=case.x / 100)  # else such an eps does not show
    same(run(batch_normed_by_default, small), expect(batch_normed_by_default, small), batch_normed_by_default.axes)


@check(BATCHES, gradients=True)
def gradients_of_batch_norm_are_right(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches x, the gain and the bias: mean and variance depend on x, too."""
    same_gradients(run(batch_norm_gradients, case)["gradients"], expect(batch_norm_gradients, case)["gradients"])


@check(SINGLE)
def evaluates_an_example_alone(run: Run, expect: Run, case: Case) -> None:
    """In evaluation a batch may hold one example."""
    asked = batch_normed_in_evaluation
    same(run(asked, case), expect(asked, case), asked.axes)


@check(BATCHES)
def examples_are_alone_in_evaluation(run: Run, case: Case) -> None:
    """In evaluation an example gives the same whatever else is in the batch."""
    whole = run(batch_normed_in_evaluation, case)
    half = run(batch_normed_in_evaluation, case.having(x=case.x[:2]))
    equal("y", half["y"], np.asarray(whole["y"])[:2], "in evaluation the output depends on the other examples")
