"""Question 5a: merges of byte-pair encoding, learnt from a text."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("5a")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def make_chains(*, seed: int, chains: int, length: int, accent: int, all: int) -> dict[str, Any]:
    """Make a text of words that begin alike, and how many merges to learn.

    Each chain of letters is there as a word, so are its beginnings, and it is there twice in one word. The counts are
    such that at no time two pairs have the same one.
    """
    rng = np.random.default_rng(seed)
    letters = list(rng.permutation(list(LETTERS)))
    sums = iter(rng.permutation(np.arange(1, chains * length + 1)))
    twice = rng.permutation([1, 3, 5, 7])
    words: list[str] = []
    for number in range(chains):
        chain = [str(letters.pop()) for _ in range(length)]
        if accent and not number:
            chain[0] = "é"
        at_least = sorted((int(next(sums)) for _ in range(length)), reverse=True)
        for size, (count, less) in enumerate(zip(at_least, [*at_least[1:], 0], strict=True), start=1):
            words += ["".join(chain[:size])] * (16 * (count - less))
        words += ["".join(chain) * 2] * int(twice[number])
    most = chains * length
    return {
        "text": "\n".join(str(word) for word in rng.permutation(words)),
        "n": most if all else int(rng.integers(2, most)),
    }


CHAINS = Cases(
    make_chains,
    {"chains": (1, 4), "length": (3, 5), "accent": (0, 1), "all": (0, 1)},
    "a text with words of {chains} kinds, {n} merges",
    ({"chains": 3, "length": 4, "all": 1}, {"chains": 2, "length": 5, "accent": 1, "all": 1}, {"chains": 4}),
)
"""Texts in which no two pairs have the same count."""


def make_fixed(*, seed: int, kind: int) -> dict[str, Any]:
    """Return a text and a number of merges of one kind."""
    text, n = FIXED[kind]
    return {"text": text, "n": n}


FIXED = (
    ("cb ab\nca\ncb\nab\nca", 3),
    ("zb zb zb ya ya ya", 4),
    ("aaa\naaa\naaa\nbc\nbc\nbc\nbc\nbc", 1),
    ("aaaa\naaaa\nbc\nbc\nbc", 1),
    ("aaaaa\naaaaa\naaaaa", 4),
    ("ab\nab\nc", 5),
    ("", 2),
)
TIES = Cases(make_fixed, {"kind": (0, 1)}, "the text {text!r}, {n} merges", ({"kind": 0}, {"kind": 1}), drawn=0)
"""Texts in which several pairs have the highest count."""
RUNS = Cases(
    make_fixed, {"kind": (2, 4)}, "the text {text!r}, {n} merges", ({"kind": 2}, {"kind": 3}, {"kind": 4}), drawn=0
)
"""Texts in which occurrences of a pair share a piece."""
FEW = Cases(make_fixed, {"kind": (5, 6)}, "the text {text!r}, {n} merges", ({"kind": 5}, {"kind": 6}), drawn=0)
"""Texts with fewer pairs than merges."""


@probe("merges", of="learn_merges()")
def merges_of(code: Any, case: Case) -> Any:
    """Learn merges; bytes come back as text, a character for each."""
    merges = code.subwords.learn_merges(case.text, case.n)
    return [[bytes(piece).decode("latin-1") for piece in pair] for pair in merges]


@probe("pieces", of="merge_pair()")
def merged(code: Any, case: Case) -> Any:
    """Merge a pair in a word; bytes come back as text."""
    pieces = [piece.encode("latin-1") for piece in case.pieces]
    first, second = (piece.encode("latin-1") for piece in case.pair)
    return [bytes(piece).decode("latin-1") for piece in code.subwords.merge_pair(pieces, (first, second))]


def make_word(*, seed: int, n: int, run: int) -> dict[str, Any]:
    """Make the pieces of a word with a pair in it, more than once; a run has the same piece several times."""
    rng = np.random.default_rng(seed)
    first, second, other = (str(piece) for piece in rng.choice(["x", "yz", "abc", "w", "vu"], 3, replace=False))
    if run:
        return {"pieces": [first, first, first, other, *[first] * n], "pair": [first, first]}
    pieces = [first, second, other, second, first, other, first, second]
    for _ in range(n):
        pieces.insert(int(rng.integers(len(pieces) + 1)), str(rng.choice([first, second, other])))
    return {"pieces": pieces, "pair": [first, second]}


WORDS = Cases(
    make_word,
    {"n": (0, 4), "run": (0, 0)},
    "the pieces {pieces}, the pair {pair}",
    ({"n": 0}, {"n": 3}),
)
"""Words with a pair of two different pieces."""
REPEATED = Cases(
    make_word,
    {"n": (2, 4), "run": (1, 1)},
    "the pieces {pieces}, the pair {pair}",
    ({"n": 2}, {"n": 3}),
    drawn=1,
)
"""Words with a pair of the same piece twice, and runs of that piece."""


def right_merges(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed at the first merge that is not the reference's."""
    mine, right = pairs_of(run(merges_of, case)), pairs_of(expect(merges_of, case))
    for number, (one, other) in enumerate(zip(mine, right, strict=False), start=1):
        if one != other:
            raise CheckFailed(f"merge {number} is of {one[0]!r} and {one[1]!r}, not the one expected", output="merges")
    if len(mine) != len(right):
        raise CheckFailed(f"there are {len(mine)} merges, expected {len(right)}", output="merges")


def pairs_of(answers: Answers) -> list[tuple[str, str]]:
    """Return merges; raise CheckFailed if they are no pairs of texts."""
    merges = answers["merges"]
    if not isinstance(merges, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in merges):
        raise CheckFailed("learn_merges() does not return a list of pairs", output="merges")
    return [(str(first), str(second)) for first, second in merges]


def same_pieces(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless merge_pair() returns the reference's pieces."""
    mine, right = run(merged, case)["pieces"], expect(merged, case)["pieces"]
    if mine != right:
        raise CheckFailed(f"the pieces are {mine}, not those expected", output="pieces")


@check(CHAINS, weight=6, outputs=("merges",))
def learns_the_most_frequent_pairs(run: Run, expect: Run, case: Case) -> None:
    """Each merge is of the pair with the highest count in the words at that time."""
    right_merges(run, expect, case)


@check(WORDS, weight=2, outputs=("pieces",))
def merges_every_occurrence(run: Run, expect: Run, case: Case) -> None:
    """merge_pair() merges every occurrence of a pair, and leaves all else as it is."""
    same_pieces(run, expect, case)


@check(REPEATED)
def merges_from_left_to_right(run: Run, expect: Run, case: Case) -> None:
    """merge_pair() goes from left to right where occurrences share a piece."""
    same_pieces(run, expect, case)


@check(TIES)
def takes_the_smallest_of_equals(run: Run, expect: Run, case: Case) -> None:
    """Of several pairs with the highest count the smallest is merged."""
    right_merges(run, expect, case)


@check(RUNS)
def counts_what_can_be_merged(run: Run, expect: Run, case: Case) -> None:
    """Occurrences that share a piece count once: aa is once in aaa, twice in aaaa."""
    right_merges(run, expect, case)


@check(FEW)
def stops_when_no_pair_is_left(run: Run, expect: Run, case: Case) -> None:
    """Where no pair is left there are fewer merges; a text without words has none."""
    right_merges(run, expect, case)
