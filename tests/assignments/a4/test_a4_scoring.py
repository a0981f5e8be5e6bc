"""BLEU, chrF and the interval: sacreBLEU's, on lines of text."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

REFERENCES = [
    "I don't know, she said.",
    "The cat can't sit on the mat, can it?",
    "We'll see what happens tomorrow.",
    "It isn't what they're looking for.",
    "Nobody's dog ate the children's cake.",
    "Tom wouldn't have gone there, I'd say.",
]
TRANSLATIONS = [
    "I don't know, he said.",
    "The cat can't be on a mat, can it?",
    "We'll look what happens tomorrow.",
    "It isn't what they're searching.",
    "Nobody's dog ate the child's cake.",
    "Tom wouldn't go there, I'd think.",
]


@pytest.fixture(scope="module")
def scoring(a4: Callable[[str], ModuleType]) -> Any:
    return a4("nmt.scoring")


def test_it_is_what_sacrebleu_says(scoring: Any) -> None:
    from sacrebleu import corpus_bleu, corpus_chrf

    found = scoring.score(TRANSLATIONS, REFERENCES)
    assert found.bleu == corpus_bleu(TRANSLATIONS, [REFERENCES]).score
    assert found.chrf == corpus_chrf(TRANSLATIONS, [REFERENCES]).score
    assert found.bleu == scoring.bleu(TRANSLATIONS, REFERENCES)
    assert found.signature.startswith("nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|smooth:exp|version:2.")
    assert found.chrf_signature.startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|")
    assert found.low < found.bleu < found.high
    assert found.sentences == 6
    shown = f"BLEU {found.bleu:.2f} ({found.low:.2f} to {found.high:.2f}), chrF {found.chrf:.2f}"
    assert str(found) == f"{shown} [{found.signature}]"


def test_text_that_was_cut_into_words_scores_otherwise(scoring: Any) -> None:
    def cut(lines: list[str]) -> list[str]:
        """Do what a tokeniser of English does: it makes one mark of punctuation, or half a word, a match of its own."""
        for mark in ("n't", "'s", "'ll", "'re", "'d", ",", ".", "?"):
            lines = [line.replace(mark, f" {mark}") for line in lines]
        return lines

    right = scoring.score(TRANSLATIONS, REFERENCES)
    planted = scoring.score(cut(TRANSLATIONS), cut(REFERENCES))
    assert planted.bleu > right.bleu + 3
    assert "|tok:13a|" in right.signature
    assert scoring.score(cut(TRANSLATIONS), REFERENCES).bleu < right.bleu - 3


def test_sacrebleus_seed_decides_the_interval(scoring: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "RESAMPLES", 50)
    found = []
    for seed in ("7", "7", "8"):
        monkeypatch.setenv("SACREBLEU_SEED", seed)
        found.append(scoring.score(TRANSLATIONS, REFERENCES))
    first, again, other = found
    assert first == again
    assert first.bleu == other.bleu
    assert (first.low, first.high) != (other.low, other.high)
    assert "|bs:50|seed:7|" in first.signature


def test_the_interval_stays_within_what_is_possible(scoring: Any) -> None:
    nothing, all_of_it = scoring.score([""] * 6, REFERENCES), scoring.score(REFERENCES, REFERENCES)
    assert (nothing.bleu, nothing.low, nothing.high, nothing.chrf) == (0, 0, 0, 0)
    assert [all_of_it.bleu, all_of_it.low, all_of_it.high, all_of_it.chrf] == pytest.approx([100] * 4)
    nearly = scoring.score([*REFERENCES[:5], TRANSLATIONS[5]], REFERENCES)
    assert 0 < nearly.low < nearly.high <= 100


def test_a_sentence_by_its_letters(scoring: Any) -> None:
    assert scoring.sentence_chrf("the cat", "the cat") == 100
    assert scoring.sentence_chrf("the cats", "the cat") > scoring.sentence_chrf("a dog", "the cat")
    assert scoring.sentence_chrf("", "the cat") == 0


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_each_sentence_is_in_the_bin_of_its_length(scoring: Any, lengths: list[int]) -> None:
    references = [f"sentence number {i} is here" for i in range(len(lengths))]
    bins = scoring.by_length(lengths, references, references)
    assert sum(b.sentences for b in bins) == len(lengths)
    for b in bins:
        assert b.sentences == sum(b.low <= length <= b.high for length in lengths) > 0
        assert b.bleu == pytest.approx(100)
    assert len(bins) <= 8
    assert bins == sorted(bins)
    assert len({b.high - b.low for b in bins}) == 1


def test_bleu_by_length(scoring: Any) -> None:
    bins = scoring.by_length([3, 9, 16, 4, 10, 2], [*TRANSLATIONS[:3], *REFERENCES[3:]], REFERENCES)
    assert [(b.low, b.high, b.sentences) for b in bins] == [(1, 2, 1), (3, 4, 2), (9, 10, 2), (15, 16, 1)]
    assert bins[0].bleu == pytest.approx(100)
    assert bins[-1].bleu == scoring.bleu(TRANSLATIONS[2:3], REFERENCES[2:3]) < 100


def test_what_cannot_be_scored_is_one_line(scoring: Any) -> None:
    for function in (scoring.score, scoring.bleu, lambda *texts: scoring.by_length([1] * 6, *texts)):
        with pytest.raises(scoring.ScoreError) as error:
            function(TRANSLATIONS[:-1], REFERENCES)
        assert str(error.value) == (
            "cannot score 5 translations against 6 references: expected one line for each, in the same order"
        )
        with pytest.raises(scoring.ScoreError) as error:
            function([], [])
        assert str(error.value) == "cannot score: there are no translations and no references"
    with pytest.raises(scoring.ScoreError) as error:
        scoring.by_length([1], TRANSLATIONS, REFERENCES)
    assert str(error.value) == "cannot score by length: 1 lengths for 6 sentences"
