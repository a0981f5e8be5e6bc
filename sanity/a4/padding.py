"""Question 1a: padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("1a")


def make_sentences(*, seed: int, count: int, longest: int, numbers: int) -> dict[str, Any]:
    """Make sentences to pad: words, or word indices if numbers is 1; some may be empty."""
    rng = np.random.default_rng(seed)
    lengths = [longest, *rng.integers(0, longest + 1, size=count - 1)]
    rng.shuffle(lengths)
    indices = [[int(i) for i in rng.integers(1, 99, size=n)] for n in lengths]
    if numbers:
        return {"sents": indices, "pad_token": 0}
    return {"sents": [[f"w{i}" for i in sent] for sent in indices], "pad_token": "<pad>"}


SENTENCES = Cases(
    make_sentences,
    {"count": (1, 6), "longest": (1, 6), "numbers": (0, 1)},
    "{count} sentences of up to {longest} words",
    ({"count": 4, "longest": 5}, {"count": 3, "longest": 2, "numbers": 1}, {"count": 6, "longest": 1}),
)


@probe("padded, sents after the call", of="pad_sents()")
def pad(code: Any, case: Case) -> Any:
    """Pad the case's sentences; also return what became of them."""
    sents = [list(sent) for sent in case.sents]
    return code.utils.pad_sents(sents, case.pad_token), sents


@check(SENTENCES, weight=3, outputs=("pad_sents",))
def pads_on_the_right(run: Run, expect: Run, case: Case) -> None:
    """Every sentence is padded on the right to the length of the longest."""
    got, want = run(pad, case)["padded"], expect(pad, case)["padded"]
    if not (isinstance(got, list) and all(isinstance(sent, list) for sent in got)):
        raise CheckFailed("pad_sents() did not return a list of lists", output="pad_sents")
    if len(got) != len(want):
        raise CheckFailed(f"pad_sents() returned {len(got)} sentences, expected {len(want)}", output="pad_sents")
    for index, (mine, right) in enumerate(zip(got, want, strict=True)):
        detail = f"got {mine}, expected {right}"
        if len(mine) != len(right):
            said = f"sentence {index} has {len(mine)} words after padding, expected {len(right)}"
            raise CheckFailed(said, detail=detail, output="pad_sents")
        if mine != right:
            left = mine[len(mine) - len(case.sents[index]) :] == case.sents[index]
            diagnosis = "the padding is on the left" if left else ""
            said = f"sentence {index} has the right length after padding, but not the right words"
            raise CheckFailed(said, diagnosis=diagnosis, detail=detail, output="pad_sents")


@check(SENTENCES)
def leaves_the_sentences_alone(run: Run, case: Case) -> None:
    """The sentences given to pad_sents() are the same afterwards."""
    if run(pad, case)["sents after the call"] != case.sents:
        raise CheckFailed("pad_sents() changed its argument", diagnosis="the padding was appended to the given lists")
