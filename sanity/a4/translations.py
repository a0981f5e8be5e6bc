"""Cases of questions 2b to 2d: a translation and its references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.compare import same_number
from sanity.core.errors import CheckFailed
from sanity.core.probe import Probe, Run

WORDS = ("the", "tide", "comes", "in", "and", "boats", "rise", "again")
SHARED = 4
"""As many words begin the translation and every reference, so that no precision of up to that size is 0."""


def make_translation(*, seed: int, length: int, longer: int, references: int, n: int) -> dict[str, Any]:
    """Make a translation of `length` words and its references; n is the largest size of n-grams that counts.

    The reference whose length is closest is longer by `longer` words, shorter if that is negative. The others are
    farther off, on either side. All begin and end alike. In between, the translation has words of its beginning again:
    of single words, one that comes more often than in all references together; else in an order that no reference has.
    """
    rng = np.random.default_rng(seed)
    words = [WORDS[i] for i in rng.permutation(len(WORDS))]
    beginning, last, others = words[:SHARED], words[SHARED], words[SHARED + 1 :]
    sizes = [length + longer]
    for number in range(references - 1):
        off = abs(longer) + 1 + number
        sizes.append(length + off if number % 2 or length - off < SHARED else length - off)
    between = length - SHARED - 1
    middle = [beginning[0]] * between if n == 1 else [beginning[i] for i in rng.permutation(SHARED)[:between]]
    kept = middle[:1] if n == 1 else middle[::-1]
    bodies = [[*beginning, *kept, *_drawn(rng, others, size)][: size - 1] for size in sizes]
    sentences = [[*body, last] for body in bodies]
    order = rng.permutation(len(sentences))
    return {
        "candidate": [*beginning, *middle, last],
        "references": [sentences[i] for i in order],
        "n": n,
        "weights": [float(weight) for weight in rng.dirichlet(np.full(n, 5.0))],
    }


def make_short(*, seed: int, length: int, missing: int) -> dict[str, Any]:
    """Make a translation that is `missing` words too short for an n-gram; its reference begins alike."""
    rng = np.random.default_rng(seed)
    candidate = _drawn(rng, WORDS, length)
    return {"candidate": candidate, "references": [[*candidate, *_drawn(rng, WORDS, 3)]], "n": length + missing}


def make_tied(*, seed: int, length: int, off: int) -> dict[str, Any]:
    """Make a translation and two references, one longer and one shorter by the same number of words."""
    rng = np.random.default_rng(seed)
    sizes = [int(size) for size in rng.permutation([length - off, length + off])]
    references = [_drawn(rng, WORDS, size) for size in sizes]
    return {"candidate": _drawn(rng, WORDS, length), "references": references}


def make_reversed(*, seed: int, length: int, n: int) -> dict[str, Any]:
    """Make a translation whose reference has the same words, each once, in the opposite order: no pair matches."""
    rng = np.random.default_rng(seed)
    candidate = [WORDS[i] for i in rng.permutation(len(WORDS))[:length]]
    return {"candidate": candidate, "references": [candidate[::-1]], "n": n, "weights": [1 / n] * n}


def _drawn(rng: np.random.Generator, words: Sequence[str], size: int) -> list[str]:
    return [words[i] for i in rng.integers(len(words), size=size)]


TRANSLATIONS = Cases(
    make_translation,
    {"length": (5, 9), "longer": (-1, 4), "references": (1, 3), "n": (1, 3)},
    "a translation of {length} words, {references} references, n = {n}",
    (
        {"length": 7, "longer": 2, "references": 3, "n": 2},
        {"length": 9, "longer": 0, "references": 2, "n": 1},
        {"length": 8, "longer": -1, "references": 3, "n": 3},
        {"length": 6, "longer": 4, "references": 1, "n": 2},
    ),
)
SHORT = Cases(
    make_short,
    {"length": (1, 3), "missing": (0, 2)},
    "a translation of {length} words, n = {length} + {missing}",
    ({"length": 2, "missing": 1}, {"length": 3}),
    drawn=1,
)
TIED = Cases(
    make_tied,
    {"length": (3, 8), "off": (1, 2)},
    "a translation of {length} words, and references that are longer and shorter by {off}",
    ({"length": 5}, {"length": 6}, {"length": 7, "off": 2}),
    drawn=1,
)
REVERSED = Cases(
    make_reversed,
    {"length": (3, 6), "n": (2, 3)},
    "a translation of {length} words, and a reference with the same in the opposite order, n = {n}",
    ({"length": 4},),
    drawn=1,
)


def same_score(run: Run, expect: Run, probe: Probe, case: Case, output: str) -> None:
    """Raise CheckFailed, showing the sentences, unless the only output of a probe is the right number."""
    got, want = run(probe, case), expect(probe, case)
    try:
        same_number(got, want, output)
    except CheckFailed as problem:
        references = ", ".join(repr(" ".join(words)) for words in case.references)
        sentences = f"{' '.join(case.candidate)!r} with the references {references}"
        problem.detail = f"{problem.detail}, for {sentences}" if problem.detail else f"for {sentences}"
        raise
