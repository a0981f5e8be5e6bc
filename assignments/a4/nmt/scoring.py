"""BLEU and chrF of translations, computed by sacreBLEU.

Both translation and reference are raw lines of text; sacreBLEU tokenizes them itself. Never give it text that was
tokenized before, as in "do n't stop .": more tokens match, and the score can't be compared with published ones. The
signature says how a score was computed, so that others can reproduce it.

This module reads text only: scoring needs no model, and translating needs no references.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from sacrebleu.metrics import BLEU, CHRF

RESAMPLES = 1000
MOST_BINS = 8


class ScoreError(ValueError):
    """There is nothing to score, or not one translation per reference; the message is one line."""


class Score(NamedTuple):
    """BLEU and chrF of the translations of a corpus, from 0 to 100."""

    bleu: float
    low: float  # with high, sacreBLEU's 95 % confidence interval of BLEU, by bootstrap resampling of sentences
    high: float
    chrf: float  # matches of character n-grams, where BLEU matches words: a wrong ending costs less
    sentences: int
    signature: str  # sacreBLEU's description of how BLEU was computed
    chrf_signature: str

    def __str__(self) -> str:
        return f"BLEU {self.bleu:.2f} ({self.low:.2f} to {self.high:.2f}), chrF {self.chrf:.2f} [{self.signature}]"


class Bin(NamedTuple):
    """BLEU of the sentences within a range of source lengths, in words."""

    low: int
    high: int
    sentences: int
    bleu: float


def score(translations: Sequence[str], references: Sequence[str]) -> Score:
    """Return BLEU and chrF of translations, lines of text, given a human translation for each. Raises ScoreError."""
    check_sizes(translations, references)
    metric, chrf = BLEU(), CHRF()
    found = metric.corpus_score(translations, [references], n_bootstrap=RESAMPLES)
    signature = str(metric.get_signature())
    details = json.loads(found.format(width=6, signature=signature, is_json=True))
    mean, half = details.get("confidence_mean", found.score), details.get("confidence_var", 0.0)  # if an n-gram matches
    return Score(
        bleu=found.score,
        low=max(mean - half, 0.0),
        high=min(mean + half, 100.0),
        chrf=chrf.corpus_score(translations, [references]).score,
        sentences=len(references),
        signature=signature,
        chrf_signature=str(chrf.get_signature()),
    )


def bleu(translations: Sequence[str], references: Sequence[str]) -> float:
    """Return BLEU without the interval, in a fraction of the time; arguments and errors as in `score`."""
    check_sizes(translations, references)
    found: float = BLEU().corpus_score(translations, [references]).score
    return found


def sentence_chrf(translation: str, reference: str) -> float:
    """Return chrF of one sentence; BLEU of one sentence is mostly 0."""
    found: float = CHRF().sentence_score(translation, [reference]).score
    return found


def by_length(lengths: Sequence[int], translations: Sequence[str], references: Sequence[str]) -> list[Bin]:
    """Return BLEU by source length, for at most MOST_BINS ranges of equal width; empty ranges are left out.

    Args:
        lengths: the number of words of each source sentence.
        translations, references: as in `score`.

    Raises:
        ScoreError: the three have different lengths, or are empty.
    """
    check_sizes(translations, references)
    if len(lengths) != len(references):
        raise ScoreError(f"cannot score by length: {len(lengths)} lengths for {len(references)} sentences")
    widths = (size * 10**power for power in count() for size in (1, 2, 5))
    width = next(width for width in widths if max(lengths) <= MOST_BINS * width)
    members: dict[int, list[int]] = {}
    for i, length in enumerate(lengths):
        members.setdefault((max(length, 1) - 1) // width, []).append(i)
    bins = []
    for k, chosen in sorted(members.items()):
        found = bleu([translations[i] for i in chosen], [references[i] for i in chosen])
        bins.append(Bin(k * width + 1, (k + 1) * width, len(chosen), found))
    return bins


def check_sizes(translations: Sequence[str], references: Sequence[str]) -> None:
    """Raise ScoreError unless there is one translation per reference, and at least one."""
    if len(translations) != len(references):
        raise ScoreError(
            f"cannot score {len(translations)} translations against {len(references)} references: "
            "expected one line for each, in the same order"
        )
    if not references:
        raise ScoreError("cannot score: there are no translations and no references")
