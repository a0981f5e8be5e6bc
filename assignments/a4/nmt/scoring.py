"""BLEU and chrF of translations, computed by sacreBLEU.

A translation is compared as a line of text with the raw line of the reference; sacreBLEU cuts both into words itself.
Never give it words joined by blanks that were cut before, as in "do n't stop .": more of them match, and such a score
compares with nobody's. The signature says how a score was computed, so that others can compute it again.

Only text comes in here: whoever has the references needs no model, and whoever has the model needs no references.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from sacrebleu.metrics import BLEU, CHRF

SEED = 12345
RESAMPLES = 1000
MOST_BINS = 8


class ScoreError(ValueError):
    """There is nothing to score, or not a translation for each reference; the message is one line."""


@dataclass(frozen=True)
class Score:
    """How good the translations of a text are, out of 100."""

    bleu: float
    low: float
    """With high, sacreBLEU's 95 % interval: what BLEU would be for other sentences of the same kind."""
    high: float
    chrf: float
    """Matches in letters where BLEU matches words: kinder to a wrong ending, and surer for few sentences."""
    sentences: int
    seed: int
    """Of the random samples behind the interval."""
    signature: str
    """What BLEU was computed with, in sacreBLEU's form."""
    chrf_signature: str

    def __str__(self) -> str:
        return f"BLEU {self.bleu:.2f} ({self.low:.2f} to {self.high:.2f}), chrF {self.chrf:.2f} [{self.signature}]"


class Bin(NamedTuple):
    """The sentences of some lengths."""

    low: int
    """Source words of the shortest ones it is for."""
    high: int
    """Of the longest ones."""
    sentences: int
    bleu: float


def score(
    translations: Sequence[str],
    references: Sequence[str],
    seed: int = SEED,
    resamples: int = RESAMPLES,
    tokenize: str = "13a",
) -> Score:
    """Compare translations with references.

    Args:
        translations: lines of text.
        references: how a person translated each.
        seed: of the samples that the interval is made of: sentences drawn with replacement, as many as there are.
        resamples: how many samples.
        tokenize: how sacreBLEU finds words; "zh" or "char" for languages that are written without blanks.

    Raises:
        ScoreError: not the same number of both, or none.
    """
    check(translations, references)
    metric, chrf = BLEU(tokenize=tokenize), CHRF()
    with seeded(seed):
        found = metric.corpus_score(translations, [references], n_bootstrap=resamples)
    signature = str(metric.get_signature())
    said = json.loads(found.format(width=6, signature=signature, is_json=True))
    mean, half = said.get("confidence_mean", found.score), said.get("confidence_var", 0.0)  # neither where all are 0
    return Score(
        bleu=found.score,
        low=max(mean - half, 0.0),
        high=min(mean + half, 100.0),
        chrf=chrf.corpus_score(translations, [references]).score,
        sentences=len(references),
        seed=seed,
        signature=signature,
        chrf_signature=str(chrf.get_signature()),
    )


def bleu(translations: Sequence[str], references: Sequence[str], tokenize: str = "13a") -> float:
    """Return BLEU alone, in a fraction of the time; arguments and errors as in `score`."""
    check(translations, references)
    found: float = BLEU(tokenize=tokenize).corpus_score(translations, [references]).score
    return found


def sentence_chrf(translation: str, reference: str) -> float:
    """Return chrF of one sentence; BLEU of one sentence is mostly 0."""
    found: float = CHRF().sentence_score(translation, [reference]).score
    return found


def by_length(
    lengths: Sequence[int], translations: Sequence[str], references: Sequence[str], tokenize: str = "13a"
) -> list[Bin]:
    """Return BLEU for short sentences, longer ones, and so on; lengths without sentences are left out.

    Args:
        lengths: the number of words of each source sentence.
        translations, references, tokenize: as in `score`.

    Raises:
        ScoreError: not the same number of all three, or none.
    """
    check(translations, references)
    if len(lengths) != len(references):
        raise ScoreError(f"cannot score by length: {len(lengths)} lengths for {len(references)} sentences")
    widths = (size * 10**power for power in count() for size in (1, 2, 5))
    width = next(width for width in widths if max(lengths) <= MOST_BINS * width)
    members: dict[int, list[int]] = {}
    for i, length in enumerate(lengths):
        members.setdefault((max(length, 1) - 1) // width, []).append(i)
    return [
        Bin(
            k * width + 1,
            (k + 1) * width,
            len(chosen),
            bleu([translations[i] for i in chosen], [references[i] for i in chosen], tokenize),
        )
        for k, chosen in sorted(members.items())
    ]


def check(translations: Sequence[str], references: Sequence[str]) -> None:
    """Raise ScoreError unless there is one translation for each reference, and one at least."""
    if len(translations) != len(references):
        raise ScoreError(
            f"cannot score {len(translations)} translations against {len(references)} references: "
            "expected one line for each, in the same order"
        )
    if not references:
        raise ScoreError("cannot score: there are no translations and no references")


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Set the seed of sacreBLEU's samples, which it reads from the environment."""
    before = os.environ.get("SACREBLEU_SEED")
    os.environ["SACREBLEU_SEED"] = str(seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SACREBLEU_SEED"]
        else:
            os.environ["SACREBLEU_SEED"] = before
