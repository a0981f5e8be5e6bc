"""BLEU and chrF of translations, computed by sacreBLEU.

Both translation and reference are raw lines of text; sacreBLEU tokenizes them itself. Never give it text that was
tokenized before, as in "do n't stop .": more tokens match, and the score can't be compared with published ones. The
signature says how a score was computed, so that others can reproduce it.

This module reads text only: scoring needs no model, and translating needs no references.
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
    """There is nothing to score, or not one translation per reference; the message is one line."""


@dataclass(frozen=True)
class Score:
    """BLEU and chrF of the translations of a corpus, from 0 to 100."""

    bleu: float
    low: float
    """Lower end of sacreBLEU's 95 % confidence interval, by bootstrap resampling of sentences."""
    high: float
    """Upper end of that interval."""
    chrf: float
    """Matches of character n-grams, where BLEU matches words: a wrong ending costs less."""
    sentences: int
    seed: int
    """Random seed of the resampling."""
    signature: str
    """sacreBLEU's description of how BLEU was computed."""
    chrf_signature: str
    """The same for chrF."""

    def __str__(self) -> str:
        return f"BLEU {self.bleu:.2f} ({self.low:.2f} to {self.high:.2f}), chrF {self.chrf:.2f} [{self.signature}]"


class Bin(NamedTuple):
    """BLEU of the sentences within a range of source lengths."""

    low: int
    """Minimum length in words."""
    high: int
    """Maximum length in words."""
    sentences: int
    bleu: float


def score(
    translations: Sequence[str],
    references: Sequence[str],
    seed: int = SEED,
    resamples: int = RESAMPLES,
    tokenize: str = "13a",
) -> Score:
    """Return BLEU and chrF of translations.

    Args:
        translations: lines of text.
        references: human translations, one per translation.
        seed: random seed of the bootstrap resampling for the confidence interval.
        resamples: number of bootstrap samples.
        tokenize: sacreBLEU's tokenizer; "zh" or "char" for languages written without spaces.

    Raises:
        ScoreError: the numbers of translations and references differ, or are 0.
    """
    check_sizes(translations, references)
    metric, chrf = BLEU(tokenize=tokenize), CHRF()
    with seeded(seed):
        found = metric.corpus_score(translations, [references], n_bootstrap=resamples)
    signature = str(metric.get_signature())
    details = json.loads(found.format(width=6, signature=signature, is_json=True))
    mean, half = (
        details.get("confidence_mean", found.score),
        details.get("confidence_var", 0.0),
    )  # both are missing if no n-gram matches
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
    """Return BLEU without the interval, in a fraction of the time; arguments and errors as in `score`."""
    check_sizes(translations, references)
    found: float = BLEU(tokenize=tokenize).corpus_score(translations, [references]).score
    return found


def sentence_chrf(translation: str, reference: str) -> float:
    """Return chrF of one sentence; BLEU of one sentence is mostly 0."""
    found: float = CHRF().sentence_score(translation, [reference]).score
    return found


def by_length(
    lengths: Sequence[int], translations: Sequence[str], references: Sequence[str], tokenize: str = "13a"
) -> list[Bin]:
    """Return BLEU by source length, for at most MOST_BINS ranges of equal width; empty ranges are left out.

    Args:
        lengths: the number of words of each source sentence.
        translations, references, tokenize: as in `score`.

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
    return [
        Bin(
            k * width + 1,
            (k + 1) * width,
            len(chosen),
            bleu([translations[i] for i in chosen], [references[i] for i in chosen], tokenize),
        )
        for k, chosen in sorted(members.items())
    ]


def check_sizes(translations: Sequence[str], references: Sequence[str]) -> None:
    """Raise ScoreError unless there is one translation per reference, and at least one."""
    if len(translations) != len(references):
        raise ScoreError(
            f"cannot score {len(translations)} translations against {len(references)} references: "
            "expected one line for each, in the same order"
        )
    if not references:
        raise ScoreError("cannot score: there are no translations and no references")


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Set the seed of sacreBLEU's resampling within the block; it reads the seed from the environment."""
    before = os.environ.get("SACREBLEU_SEED")
    os.environ["SACREBLEU_SEED"] = str(seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SACREBLEU_SEED"]
        else:
            os.environ["SACREBLEU_SEED"] = before
