"""Question 2f: the hierarchical softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a2.pairs import are_slopes
from sanity.a2.scripts import assigned, loss_script
from sanity.core.arguments import copies
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal, number, shaped
from sanity.core.probe import Run, probe

check = Checks("2f")


def make_leaf(*, seed: int, V: int, D: int) -> dict[str, Any]:
    """Make a binary tree with V leaves, the path and code of each, and vectors for the inner nodes.

    `path` and `code` are those of one word, `paths` and `codes` those of all.
    """
    rng = np.random.default_rng(seed)
    codes = [""]
    while len(codes) < V:
        leaf = codes.pop(int(rng.integers(len(codes))))
        codes += [leaf + "0", leaf + "1"]
    inner = sorted({code[:i] for code in codes for i in range(len(code))})
    number = dict(zip(inner, map(int, rng.permutation(V - 1)), strict=True))
    paths = [np.array([number[code[:i]] for i in range(len(code))], dtype=np.int64) for code in codes]
    bits = [np.array([int(bit) for bit in code], dtype=np.int64) for code in codes]
    word = int(rng.integers(V))
    return {
        "seed": seed,
        "centerWordVec": 0.8 * rng.standard_normal(D),
        "nodeVectors": 0.8 * rng.standard_normal((V - 1, D)),
        "path": paths[word],
        "code": bits[word],
        "paths": paths,
        "codes": bits,
    }


LEAVES = Cases(
    make_leaf,
    {"V": (3, 8), "D": (2, 4)},
    "a tree of V = {V} words, D = {D}",
    ({"V": 7, "D": 3}, {"V": 4, "D": 2}),
)
"""A word in a binary tree. Its inner nodes are numbered in no order."""
ARGUMENTS = {"centerWordVec": "gradCenterVec", "nodeVectors": "gradNodeVectors"}


@probe("loss, gradCenterVec: D, gradNodeVectors: node D", of="hierarchicalSoftmaxLossAndGradient()")
def hierarchical_softmax(code: Any, case: Case) -> Any:
    """Call the loss."""
    arguments = copies(case, "centerWordVec", "path", "code", "nodeVectors")
    return code.huffman.hierarchicalSoftmaxLossAndGradient(*arguments.values())


@hierarchical_softmax.script
def hierarchical_softmax_script(case: Case) -> str:
    """Spell a call of hierarchicalSoftmaxLossAndGradient."""
    names = ("centerWordVec", "path", "code", "nodeVectors")
    return loss_script(
        f"huffman.hierarchicalSoftmaxLossAndGradient({', '.join(names)})", assigned(case, *names), ARGUMENTS
    )


check.compares(hierarchical_softmax, LEAVES, "loss", says="The loss sums over the choices on the path.")
check.compares(
    hierarchical_softmax,
    LEAVES,
    "gradCenterVec",
    weight=2,
    gradients=True,
    says="gradCenterVec is the gradient of the loss with respect to the centre word's vector, (D,).",
)
check.compares(
    hierarchical_softmax,
    LEAVES,
    "gradNodeVectors",
    weight=2,
    gradients=True,
    says="gradNodeVectors is the gradient of the loss with respect to the vectors of all inner nodes, (V - 1, D).",
)


@check(LEAVES.few(), gradients=True)
def path_gradients_are_slopes(run: Run, case: Case) -> None:
    """Both gradients are the slope of the loss, measured with small steps."""
    are_slopes(run, hierarchical_softmax, case, ARGUMENTS)


@check(LEAVES)
def leaves_sum_to_one(run: Run, case: Case) -> None:
    """The probabilities of all words, e^-loss, sum to one: that is why no sum over the words is needed."""
    words = zip(case.paths, case.codes, strict=True)
    losses = [number(run(hierarchical_softmax, case.having(path=path, code=code)), "loss") for path, code in words]
    total = np.exp(-np.array(losses)).sum()
    hint = "the probabilities of left and right must sum to one at each node"
    equal("loss", total, 1.0, "the words' probabilities do not sum to one", hint=hint)


@check(LEAVES, gradients=True)
def only_the_path_moves(run: Run, case: Case) -> None:
    """Only the nodes on the path have a gradient."""
    rows = shaped(run(hierarchical_softmax, case), "gradNodeVectors", "node D", case.nodeVectors)
    others = np.delete(rows, case.path, axis=0)
    equal("gradNodeVectors", others, np.zeros_like(others), "nodes that are not on the path have a gradient")
