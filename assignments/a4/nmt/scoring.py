"""BLEU and chrF of translations, computed by sacreBLEU.

Both translation and reference are raw lines of text; sacreBLEU tokenizes them itself. Never give it text that was
tokenized before, as in "do n't stop .": more tokens match, and the score can't be compared with published ones. The
signature says how a score was computed, so that others can reproduce it.

How it tokenizes depends on the language: its default, 13a, divides words at spaces, of which Chinese has none, so that
a sentence would be one word and BLEU 0. `tokenizer_for` chooses by the references.

This module reads text only: scoring needs no model, and translating needs no references.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import count
from typing import NamedTuple

from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.metrics.bleu import BLEUScore

RESAMPLES = 1000
MOST_BINS = 8

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""Chinese characters, which Japanese uses, too."""
KANA = re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
"""The letters that only Japanese has; every sentence of it has some."""
UNSPACED = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Letters of Thai, Lao, Burmese and Khmer, which are written without spaces between words."""
SEPARATE_STOP = re.compile(r"\S [.!?]$")
"""The end of a sentence that was tokenized before."""
MECAB = ("MeCab", "ipadic")
"""The packages that ja-mecab needs."""


class ScoreError(ValueError):
    """There is nothing to score, not one translation per reference, or no such tokenizer; the message is one line."""


class Score(NamedTuple):
    """BLEU and chrF of the translations of a corpus, from 0 to 100."""

    bleu: float
    low: float  # with high, sacreBLEU's 95 % confidence interval of BLEU, by bootstrap resampling of sentences
    high: float
    chrf: float  # matches of character n-grams, where BLEU matches words: a wrong ending costs less
    sentences: int
    signature: str  # sacreBLEU's description of how BLEU was computed
    chrf_signature: str
    notes: tuple[str, ...] = ()  # what to know before believing the number: see `notes_on`

    def __str__(self) -> str:
        return f"BLEU {self.bleu:.2f} ({self.low:.2f} to {self.high:.2f}), chrF {self.chrf:.2f} [{self.signature}]"


class Bin(NamedTuple):
    """BLEU of the sentences within a range of source lengths, in words."""

    low: int
    high: int
    sentences: int
    bleu: float


def score(translations: Sequence[str], references: Sequence[str], tokenize: str | None = None) -> Score:
    """Return BLEU and chrF of translations, lines of text, given a human translation for each.

    Args:
        translations, references: as many of one as of the other; a line may be empty.
        tokenize: sacreBLEU's name of a tokenizer; None for that of `tokenizer_for`.

    Raises:
        ScoreError: there is nothing to score, or not one translation per reference, or no such tokenizer.
    """
    check_sizes(translations, references)
    name = tokenize or tokenizer_for(references)
    words, chrf = metric(name), CHRF()
    found = words.corpus_score(translations, [references], n_bootstrap=RESAMPLES)
    signature = str(words.get_signature())
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
        notes=tuple(notes_on(found, name, translations, references)),
    )


def bleu(translations: Sequence[str], references: Sequence[str], tokenize: str | None = None) -> float:
    """Return BLEU without the interval, in a fraction of the time; arguments and errors as in `score`."""
    check_sizes(translations, references)
    words = metric(tokenize or tokenizer_for(references))
    found: float = words.corpus_score(translations, [references]).score
    return found


def sentence_chrf(translation: str, reference: str) -> float:
    """Return chrF of one sentence; BLEU of one sentence is mostly 0."""
    found: float = CHRF().sentence_score(translation, [reference]).score
    return found


def metric(tokenize: str) -> BLEU:
    """Return sacreBLEU's BLEU with a tokenizer. Raises ScoreError: it isn't known, or what it needs isn't here."""
    if tokenize not in BLEU.TOKENIZERS:
        raise ScoreError(f"--tokenize {tokenize}: no such tokenizer; expected one of {', '.join(BLEU.TOKENIZERS)}")
    try:
        # force: sacreBLEU is silent about text that was tokenized before; `notes_on` says it.
        return BLEU(tokenize=tokenize, force=True)
    except (RuntimeError, ImportError):  # both are what sacreBLEU raises for a package that is missing
        packages = {"ja-mecab": "'sacrebleu[ja]'", "ko-mecab": "'sacrebleu[ko]'"}.get(tokenize, "sentencepiece")
        advice = f"python -m pip install {packages}, or choose --tokenize char"
        raise ScoreError(f"--tokenize {tokenize}: what it needs is not installed: {advice}") from None
    except OSError:  # flores101 and its like download a model at the first use
        raise ScoreError(
            f"--tokenize {tokenize}: its model can't be downloaded: go online, or choose another"
        ) from None


def tokenizer_for(references: Sequence[str]) -> str:
    """Return sacreBLEU's name of the tokenizer for a language, by its letters. Translations have no say in it.

    >>> tokenizer_for(["The cat sat."]), tokenizer_for(["我喜欢猫。"]), tokenizer_for(["ฉันชอบแมว"])
    ('13a', 'zh', 'char')
    """
    text = "".join(references)
    letters = sum(character.isalpha() for character in text)
    han, kana, unspaced = (len(script.findall(text)) for script in (HAN, KANA, UNSPACED))
    if 2 * (han + kana) > letters:
        if 20 * kana < han + kana:  # a name in katakana makes no Japanese
            return "zh"
        return "ja-mecab" if all(map(find_spec, MECAB)) else "char"
    return "char" if 2 * unspaced > letters else "13a"


def notes_on(found: BLEUScore, name: str, translations: Sequence[str], references: Sequence[str]) -> Iterator[str]:
    """Yield what to know before believing a BLEU, each one line.

    Args:
        found: sacreBLEU's score, with its counts.
        name: of the tokenizer.
        translations, references: lines of text.
    """
    fitting = tokenizer_for(references)
    fits = name not in ("13a", "intl", "none") or fitting == "13a"
    if not fits:
        yield f"{name} divides words at spaces, which this language doesn't write: --tokenize {fitting} counts better"
    if found.sys_len == 0:
        yield "BLEU is 0 because all translations are empty"
    elif found.counts[0] == 0:
        yield "BLEU is 0 because no word of a translation is in its reference"
    elif found.totals[3] == 0:
        yield "BLEU is 0 because no translation has four words, and it counts sequences of up to four"
    elif found.counts[3] == 0:
        yield "no four words in a row are as in the reference: below that BLEU says little, compare chrF"
    if 0 < found.sys_len < found.ref_len / 2:
        yield f"the translations have {found.sys_len} words, the references {found.ref_len}: BLEU punishes that"
    for what, lines in (("references", references), ("translations", translations)) if name == "13a" else ():
        if 2 * sum(bool(SEPARATE_STOP.search(line)) for line in lines) > len(lines):
            yield f"most {what} end in a separate full stop, as tokenized text does: BLEU is for raw text"
            break


def by_length(
    lengths: Sequence[int], translations: Sequence[str], references: Sequence[str], tokenize: str | None = None
) -> list[Bin]:
    """Return BLEU by source length, for at most MOST_BINS ranges of equal width; empty ranges are left out.

    Args:
        lengths: the number of words of each source sentence.
        translations, references, tokenize: as in `score`.

    Raises:
        ScoreError: as in `score`, or the three have different lengths.
    """
    check_sizes(translations, references)
    if len(lengths) != len(references):
        raise ScoreError(f"cannot score by length: {len(lengths)} lengths for {len(references)} sentences")
    name = tokenize or tokenizer_for(references)
    widths = (size * 10**power for power in count() for size in (1, 2, 5))
    width = next(width for width in widths if max(lengths) <= MOST_BINS * width)
    members: dict[int, list[int]] = {}
    for i, length in enumerate(lengths):
        members.setdefault((max(length, 1) - 1) // width, []).append(i)
    bins = []
    for k, chosen in sorted(members.items()):
        found = bleu([translations[i] for i in chosen], [references[i] for i in chosen], name)
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
