"""Questions 2e and 2f: Huffman codes and the hierarchical softmax."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sanity.a2.asked import HIERARCHICAL, HUFFMAN, are_slopes, array, equal, number, same_number
from sanity.a2.cases import COUNTS, LEAVES, few
from sanity.core.case import Case
from sanity.core.check import Answers, Run, check
from sanity.core.compare import same
from sanity.core.errors import CheckFailed

LEAF = {"gradCenterVec": "D", "gradNodeVectors": "node D"}
ARGUMENTS = {"centerWordVec": "gradCenterVec", "nodeVectors": "gradNodeVectors"}


def codes_of(answers: Answers, case: Case) -> list[str]:
    """Return the codes, or raise CheckFailed unless there is a string of "0" and "1" for each word."""
    codes = answers["codes"]
    if not isinstance(codes, list) or not all(isinstance(code, str) and not set(code) - {"0", "1"} for code in codes):
        raise CheckFailed("the codes are not a list of strings of 0 and 1", output="codes")
    if len(codes) != len(case.counts):
        raise CheckFailed(f"there are {len(codes)} codes for {len(case.counts)} words", output="codes")
    return codes


@check("2e", COUNTS, weight=3, outputs=("codes",))
def codes_are_shortest(run: Run, expect: Run, case: Case) -> None:
    """Written in these codes the corpus is as short as any code for each word can make it."""

    def length(answers: Answers) -> int:
        return int(np.dot(case.counts, [len(code) for code in codes_of(answers, case)]))

    mine, right = length(run(HUFFMAN, case)), length(expect(HUFFMAN, case))
    if mine != right:
        said = f"the corpus is {'longer' if mine > right else 'shorter'} than with the best codes"
        raise CheckFailed(said, detail=f"{mine} bits, expected {right}", output="codes")


@check("2e", COUNTS)
def no_code_begins_another(run: Run, case: Case) -> None:
    """No code is the beginning of another, so that a text of codes can be decoded."""
    codes = sorted(codes_of(run(HUFFMAN, case), case))
    if any(later.startswith(code) for code, later in pairwise(codes)):
        raise CheckFailed("one word's code is the beginning of another's", hint="words must be leaves of the tree")


@check("2e", COUNTS)
def codes_fill_the_tree(run: Run, case: Case) -> None:
    """2 to the power of minus its length sums to one over all codes: no branch of the tree is empty."""
    codes = codes_of(run(HUFFMAN, case), case)
    total = sum(2.0 ** -len(code) for code in codes)
    if total != 1:
        raise CheckFailed("2^-length does not sum to one over the codes", diagnosis="an inner node has only one child")


@check("2e", COUNTS)
def frequent_words_are_near(run: Run, case: Case) -> None:
    """A word that is more frequent than another does not have a longer code."""
    order = np.argsort(case.counts, kind="stable")
    codes = codes_of(run(HUFFMAN, case), case)
    for rare, frequent in pairwise(map(int, order)):
        if case.counts[frequent] > case.counts[rare] and len(codes[frequent]) > len(codes[rare]):
            hint = "join the two rarest first; the joined node counts as often as both together"
            raise CheckFailed("a more frequent word has a longer code", hint=hint)


@check("2f", LEAVES, outputs=("loss",))
def path_loss(run: Run, expect: Run, case: Case) -> None:
    """The loss sums over the choices on the path."""
    same_number(run(HIERARCHICAL, case), expect(HIERARCHICAL, case), "loss")


@check("2f", LEAVES, weight=2, outputs=("gradCenterVec",), gradients=True)
def path_center_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradCenterVec is the gradient of the loss with respect to the centre word's vector, (D,)."""
    same(run(HIERARCHICAL, case), expect(HIERARCHICAL, case), LEAF, only=("gradCenterVec",))


@check("2f", LEAVES, weight=2, outputs=("gradNodeVectors",), gradients=True)
def path_node_gradient(run: Run, expect: Run, case: Case) -> None:
    """gradNodeVectors is the gradient of the loss with respect to the vectors of all inner nodes, (V - 1, D)."""
    same(run(HIERARCHICAL, case), expect(HIERARCHICAL, case), LEAF, only=("gradNodeVectors",))


@check("2f", few(LEAVES), gradients=True)
def path_gradients_are_slopes(run: Run, case: Case) -> None:
    """Both gradients are the slope of the loss, measured with small steps."""
    are_slopes(run, HIERARCHICAL, case, ARGUMENTS)


@check("2f", LEAVES)
def leaves_sum_to_one(run: Run, case: Case) -> None:
    """The probabilities of all words, e^-loss, sum to one: that is why no sum over the words is needed."""
    words = zip(case.paths, case.codes, strict=True)
    losses = [number(run(HIERARCHICAL, case.having(path=path, code=code)), "loss") for path, code in words]
    total = np.exp(-np.array(losses)).sum()
    hint = "the probabilities of left and right must sum to one at each node"
    equal("loss", total, 1.0, "the words' probabilities do not sum to one", hint=hint)


@check("2f", LEAVES, gradients=True)
def only_the_path_moves(run: Run, case: Case) -> None:
    """Only the nodes on the path have a gradient."""
    rows = array(run(HIERARCHICAL, case), "gradNodeVectors", "node D", case.nodeVectors)
    others = np.delete(rows, case.path, axis=0)
    equal("gradNodeVectors", others, np.zeros_like(others), "nodes that are not on the path have a gradient")
