"""Question 1a: padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.core.values import describe, size_text

check = Checks("1a")


def make_sentences(*, seed: int, count: int, longest: int, numbers: int, empty: int = 0) -> dict[str, Any]:
    """Make sentences to pad: words, or word indices if numbers is 1; empty of them are empty."""
    rng = np.random.default_rng(seed)
    lengths = [longest, *rng.integers(1, longest + 1, size=count - 1)]
    lengths[1 : 1 + empty] = [0] * empty
    rng.shuffle(lengths)
    indices = [[int(i) for i in rng.integers(1, 99, size=n)] for n in lengths]
    if numbers:
        return {"sents": indices, "pad_token": 0}
    return {"sents": [[f"w{i}" for i in sent] for sent in indices], "pad_token": "<pad>"}


SENTENCES = Cases(
    make_sentences,
    {"count": (2, 6), "longest": (2, 6), "numbers": (0, 1)},
    "{count} sentences of up to {longest} words",
    ({"count": 4, "longest": 5}, {"count": 3, "longest": 2, "numbers": 1}, {"count": 6, "longest": 3}),
)
EMPTY = Cases(
    make_sentences,
    {"count": (3, 5), "longest": (2, 4), "numbers": (0, 0), "empty": (1, 2)},
    "{count} sentences, {empty} of them empty",
    ({"empty": 2},),
    drawn=1,
)
"""Batches with empty sentences, which are padding alone."""


@probe("padded, sents after the call", of="pad_sents()")
def pad(code: Any, case: Case) -> Any:
    """Pad the case's sentences; also return what became of them."""
    sents = [list(sent) for sent in case.sents]
    return code.utils.pad_sents(sents, case.pad_token), sents


def padded(run: Run, case: Case) -> list[list[Any]]:
    """Return what pad_sents() returned; raise CheckFailed, naming what it is, unless that is a list of lists."""
    got = run(pad, case)["padded"]
    other = next((sent for sent in got if not isinstance(sent, list)), None) if isinstance(got, list) else got
    if isinstance(got, list) and all(isinstance(sent, list) for sent in got):
        return got
    holds = "a list that holds " if isinstance(got, list) else ""
    forgotten = ": did you forget `return`?" if got is None else ""
    said = f"pad_sents() returned {holds}{describe(other)}, expected a list of lists{forgotten}"
    raise CheckFailed(said, output="pad_sents")


@check(SENTENCES, weight=7, outputs=("pad_sents",))
def pads_on_the_right(run: Run, expect: Run, case: Case) -> None:
    """Every sentence is padded on the right to the length of the longest."""
    same_sentences(padded(run, case), padded(expect, case), case)


@check(EMPTY)
def pads_empty_sentences(run: Run, expect: Run, case: Case) -> None:
    """An empty sentence becomes one of padding alone."""
    same_sentences(padded(run, case), padded(expect, case), case)


def same_sentences(got: list[list[Any]], want: list[list[Any]], case: Case) -> None:
    """Raise CheckFailed unless the padded sentences are the right ones."""
    if len(got) != len(want):
        raise CheckFailed(
            f"pad_sents() returned {size_text(len(got))} sentences, expected {len(want)}", output="pad_sents"
        )
    for index, (mine, right) in enumerate(zip(got, want, strict=True)):
        detail = f"got {mine}, expected {right}"
        if len(mine) != len(right):
            said = f"sentence {index} has {size_text(len(mine))} words after padding, expected {len(right)}"
            raise CheckFailed(said, detail=detail, output="pad_sents")
        if mine != right:
            left = mine[len(mine) - len(case.sents[index]) :] == case.sents[index] != []
            diagnosis = "the padding is on the left" if left else ""
            said = f"sentence {index} has the right length after padding, but not the right words"
            raise CheckFailed(said, diagnosis=diagnosis, detail=detail, output="pad_sents")


@check.hint(SENTENCES)
def leaves_the_sentences_alone(run: Run, case: Case) -> None:
    """The sentences given to pad_sents() are the same afterwards."""
    if run(pad, case)["sents after the call"] != case.sents:
        hint = "nobody uses these lists again here; elsewhere a caller may, so make new ones"
        raise CheckFailed("pad_sents() appends the padding to the lists that it is given", hint=hint)
