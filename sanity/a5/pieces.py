"""Question 5b: a text in pieces, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("5b")
LETTERS = "etaoi"
TEXTS = (
    "",
    " ",
    "tea and toast,\n\ttwice  a day \n",
    "Ünïcödé straße — naïve café",
    "天地玄黃 宇宙洪荒",
    "😀👩‍👩‍👧 🏳️‍🌈",
    "e\u0301 \u00a0\u2003x\r\n\u0000\u007f\u0080\uffff\U0010ffff",
    "Привет, мир! שלום عالم",
)
"""Texts that have little in common with those that merges are learnt from."""
CUT = (b"\xe5\xa4", b"a\xf0\x9f\x98", b"\xac b", b"\xc3\xc3\xa9")
"""Bytes of texts whose characters are cut."""


def make_text(*, seed: int, merges: int, n: int) -> dict[str, Any]:
    """Make merges, each of pieces that were there before and to a new one, and a text in which they can be applied."""
    rng = np.random.default_rng(seed)
    pieces = list(LETTERS)
    pairs: list[list[str]] = []
    while len(pairs) < merges:
        recent = pieces[len(LETTERS) :] or pieces
        first, second = str(rng.choice(recent)), str(rng.choice(pieces))
        if rng.random() < 0.5:
            first, second = second, first
        if first + second not in pieces and len(first + second) < 7:
            pieces.append(first + second)
            pairs.append([first, second])
    drawn = [str(rng.choice([*LETTERS, *pieces[-merges:], " "])) for _ in range(n)]
    return {"merges": pairs, "text": "".join(drawn)}


MERGED = Cases(
    make_text,
    {"merges": (2, 9), "n": (6, 14)},
    "the text {text!r} with {merges} merges",
    ({"merges": 6, "n": 14}, {"merges": 9, "n": 12}),
)
"""Texts of few letters, with merges of these."""


def make_unicode(*, seed: int, kind: int, merges: int) -> dict[str, Any]:
    """Return a text of many scripts, with merges that have nothing to do with it but for some bytes."""
    pairs = [["\xe5", "\xa4"], ["\xc3", "\xa9"], ["\xf0", "\x9f"], ["\xf0\x9f", "\x98"], [" ", "t"], ["t", "o"]]
    return {"merges": pairs[:merges], "text": TEXTS[kind]}


UNICODE = Cases(
    make_unicode,
    {"kind": (0, len(TEXTS) - 1), "merges": (4, 6)},
    "the text {text!r}",
    tuple({"kind": kind} for kind in range(len(TEXTS))),
)
"""Texts of many scripts."""


def make_cut(*, seed: int, kind: int) -> dict[str, Any]:
    """Return numbers of single bytes that end or begin within a character."""
    return {"merges": [["a", "b"]], "numbers": list(CUT[kind])}


PARTS = Cases(make_cut, {"kind": (0, len(CUT) - 1)}, "the bytes {numbers}", tuple({"kind": k} for k in range(len(CUT))))
"""Bytes of which some are no text."""


def merges_in(case: Case) -> list[tuple[bytes, bytes]]:
    """Return the merges of a case as bytes."""
    return [(first.encode("latin-1"), second.encode("latin-1")) for first, second in case.merges]


@probe("numbers", of="encode()")
def encoded(code: Any, case: Case) -> Any:
    """Encode a text."""
    return [int(number) for number in code.subwords.encode(case.text, merges_in(case))]


@probe("text", of="decode()")
def decoded_again(code: Any, case: Case) -> Any:
    """Encode a text, and decode that."""
    merges = merges_in(case)
    return code.subwords.decode(code.subwords.encode(case.text, merges), merges)


@probe("text", of="decode()")
def decoded(code: Any, case: Case) -> Any:
    """Decode numbers."""
    return code.subwords.decode([int(number) for number in case.numbers], merges_in(case))


def numbers_of(answers: Answers) -> list[int]:
    """Return numbers; raise CheckFailed if they are none."""
    numbers = answers["numbers"]
    if isinstance(numbers, np.ndarray) and numbers.ndim == 1 and numbers.dtype.kind in "iu":
        numbers = numbers.tolist()
    if not isinstance(numbers, list) or not all(isinstance(number, int) for number in numbers):
        raise CheckFailed("encode() does not return a list of whole numbers", output="numbers")
    return numbers


@check(MERGED, weight=5, outputs=("numbers",))
def applies_merges_in_order(run: Run, expect: Run, case: Case) -> None:
    """The numbers are those of the pieces that the merges make, applied in the order in which they were learnt."""
    mine, right = numbers_of(run(encoded, case)), numbers_of(expect(encoded, case))
    if mine != right:
        place = next(
            (i for i, (a, b) in enumerate(zip(mine, right, strict=False)) if a != b), min(len(mine), len(right))
        )
        said = (
            f"the numbers differ from the right ones at place {place}: {mine[place:][:6]}, expected {right[place:][:6]}"
        )
        raise CheckFailed(said, output="numbers")


@check(UNICODE, weight=2, outputs=("numbers",))
def numbers_bytes_that_no_merge_knows(run: Run, expect: Run, case: Case) -> None:
    """Characters that no merge knows are numbered by their bytes."""
    if numbers_of(run(encoded, case)) != numbers_of(expect(encoded, case)):
        raise CheckFailed("the numbers are not those expected", output="numbers")


@check(MERGED, weight=2)
def is_lossless(run: Run, case: Case) -> None:
    """Decoding what a text was encoded to gives the text."""
    lossless(run, case)


@check(UNICODE, weight=2)
def is_lossless_in_every_script(run: Run, case: Case) -> None:
    """That holds for any text: every script, emoji, control characters, spaces of all kinds, and no text at all."""
    lossless(run, case)


def lossless(run: Run, case: Case) -> None:
    """Raise CheckFailed unless a text comes back."""
    text = run(decoded_again, case)["text"]
    if text != case.text:
        raise CheckFailed(f"decode() returns another text: {text!r}" if isinstance(text, str) else "it is no text")


@check(PARTS, outputs=("text",))
def replaces_what_is_no_text(run: Run, expect: Run, case: Case) -> None:
    """Bytes that are no text, since a character is cut, become U+FFFD."""
    mine, right = run(decoded, case)["text"], expect(decoded, case)["text"]
    if mine != right:
        raise CheckFailed(f"decode() returns {mine!r}", output="text")
