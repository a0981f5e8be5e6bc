"""Question 2e: Huffman codes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from sanity.a2.counts import COUNTS
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe
from sanity.core.values import size_text

check = Checks("2e")


@probe("codes", of="huffman_codes()")
def huffman_codes(code: Any, case: Case) -> Any:
    """Call huffman_codes."""
    return code.huffman.huffman_codes([int(count) for count in case.counts])


def codes_of(answers: Answers, case: Case) -> list[str]:
    """Return the codes, or raise CheckFailed unless there is a string of "0" and "1" for each word."""
    codes = answers["codes"]
    if not isinstance(codes, list) or not all(isinstance(code, str) and not set(code) - {"0", "1"} for code in codes):
        raise CheckFailed("the codes are not a list of strings of 0 and 1", output="codes")
    if len(codes) != len(case.counts):
        raise CheckFailed(f"there are {size_text(len(codes))} codes for {len(case.counts)} words", output="codes")
    return codes


@check(COUNTS, weight=3, outputs=("codes",))
def codes_are_shortest(run: Run, expect: Run, case: Case) -> None:
    """Written in these codes the corpus is as short as any code for each word can make it."""

    def length(answers: Answers) -> int:
        return int(np.dot(case.counts, [len(code) for code in codes_of(answers, case)]))

    mine, right = length(run(huffman_codes, case)), length(expect(huffman_codes, case))
    if mine != right:
        said = f"the corpus is {'longer' if mine > right else 'shorter'} than with the best codes"
        raise CheckFailed(said, detail=f"{mine} bits, expected {right}", output="codes")


@check(COUNTS)
def no_code_begins_another(run: Run, case: Case) -> None:
    """No code is the beginning of another, so that a text of codes can be decoded."""
    codes = sorted(codes_of(run(huffman_codes, case), case))
    if any(later.startswith(code) for code, later in pairwise(codes)):
        raise CheckFailed("one word's code is the beginning of another's", hint="words must be leaves of the tree")


@check(COUNTS)
def codes_fill_the_tree(run: Run, case: Case) -> None:
    """2 to the power of minus its length sums to one over all codes: no branch of the tree is empty."""
    codes = codes_of(run(huffman_codes, case), case)
    total = sum(2.0 ** -len(code) for code in codes)
    if total != 1:
        raise CheckFailed("2^-length does not sum to one over the codes", diagnosis="an inner node has only one child")


@check(COUNTS)
def frequent_words_are_near(run: Run, case: Case) -> None:
    """A word that is more frequent than another does not have a longer code."""
    order = np.argsort(case.counts, kind="stable")
    codes = codes_of(run(huffman_codes, case), case)
    for rare, frequent in pairwise(map(int, order)):
        if case.counts[frequent] > case.counts[rare] and len(codes[frequent]) > len(codes[rare]):
            hint = "join the two rarest first; the joined node counts as often as both together"
            raise CheckFailed("a more frequent word has a longer code", hint=hint)
