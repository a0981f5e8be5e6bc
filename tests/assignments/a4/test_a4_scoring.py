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


CHINESE = ["我喜欢喝茶。", "他在图书馆看书。", "这只猫很小。"]
NEARLY = ["我喜欢喝水。", "他在图书馆看书。", "这只狗很小。"]
JAPANESE = ["私はお茶が好きです。", "彼は図書館で本を読みます。", "この猫は小さいです。"]


@pytest.mark.parametrize(
    ("references", "name"),
    [
        (REFERENCES, "13a"),
        (CHINESE, "zh"),
        (["我 喜欢 喝 茶 。"], "zh"),  # cut into words or not
        ([*CHINESE * 4, "我喜欢アニメ。"], "zh"),  # a word in katakana makes no Japanese
        (["ฉันชอบดื่มชา"], "char"),
        (["Ich mag 茶."], "13a"),
        (["나는 차를 좋아한다."], "13a"),  # Korean has spaces
        (["", "…"], "13a"),
    ],
)
def test_the_tokenizer_is_that_of_the_references(scoring: Any, references: list[str], name: str) -> None:
    assert scoring.tokenizer_for(references) == name
    assert f"|tok:{name}|" in scoring.score(["x"] * len(references), references).signature


@pytest.mark.parametrize("mecab", [True, False])
def test_japanese_is_cut_by_mecab_where_there_is_one(
    scoring: Any, monkeypatch: pytest.MonkeyPatch, mecab: bool
) -> None:
    if mecab:
        pytest.importorskip("ipadic")
    else:
        monkeypatch.setattr(scoring, "find_spec", lambda name: None)
    name = "ja-mecab" if mecab else "char"
    found = scoring.score(JAPANESE, JAPANESE)
    assert scoring.tokenizer_for(JAPANESE) == name
    assert f"|tok:{name}" in found.signature
    assert (found.bleu, found.notes) == (pytest.approx(100), ())


def test_chinese_is_scored_by_its_characters(scoring: Any) -> None:
    from sacrebleu import corpus_bleu

    found = scoring.score(NEARLY, CHINESE)
    assert found.bleu == corpus_bleu(NEARLY, [CHINESE], tokenize="zh").score == scoring.bleu(NEARLY, CHINESE)
    assert (found.bleu > 50, found.notes) == (True, ())
    assert scoring.by_length([6, 8, 6], NEARLY, CHINESE)[0].bleu > 40
    spaces = scoring.score(NEARLY, CHINESE, "13a")
    assert spaces.bleu < found.bleu / 2
    advice = "13a divides words at spaces, which this language doesn't write: --tokenize zh counts better"
    assert spaces.notes[0] == advice


@pytest.mark.parametrize(
    ("translations", "note"),
    [
        (["", "", ""], "BLEU is 0 because all translations are empty"),
        (["x y z w", "x", "x"], "BLEU is 0 because no word of a translation is in its reference"),
        (
            ["the cat is", "a", "b"],
            "BLEU is 0 because no translation has four words, and it counts sequences of up to four",
        ),
        (
            ["the cat there sat here on", "a", "b"],
            "no four words in a row are as in the reference: below that BLEU says little, compare chrF",
        ),
    ],
)
def test_a_bleu_of_zero_has_its_reason(scoring: Any, translations: list[str], note: str) -> None:
    found = scoring.score(translations, ["the cat sat on the mat", "one two", "three four"])
    assert found.notes[0] == note
    assert found.bleu < 15


def test_text_that_was_tokenized_before_is_said(scoring: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """In our words: sacreBLEU would name an option that we don't have."""
    found = scoring.score(["The cat sat on it ."] * 120, ["The cat sat on it ."] * 120)
    said = "most references end in a separate full stop, as tokenized text does: BLEU is for raw text"
    assert found.notes == (said,)
    assert capsys.readouterr().err == ""


def test_translations_that_are_much_too_short_are_said(scoring: Any) -> None:
    found = scoring.score(["a b c d"], ["a b c d e f g h i j"])
    assert found.notes == ("the translations have 4 words, the references 10: BLEU punishes that",)


def test_a_tokenizer_that_is_not_there_is_one_line(scoring: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(scoring.ScoreError, match=r"^--tokenize words: no such tokenizer; expected one of none, zh, "):
        scoring.metric("words")

    def missing(**options: object) -> None:
        raise RuntimeError("\nPlease install them like so.\n\n    pip install x")

    def offline(**options: object) -> None:
        raise OSError("no route")

    missing.TOKENIZERS = offline.TOKENIZERS = scoring.BLEU.TOKENIZERS  # type: ignore[attr-defined]
    monkeypatch.setattr(scoring, "BLEU", missing)
    with pytest.raises(scoring.ScoreError) as error:
        scoring.metric("ja-mecab")
    advice = "python -m pip install 'sacrebleu[ja]', or choose --tokenize char"
    assert str(error.value) == f"--tokenize ja-mecab: what it needs is not installed: {advice}"
    monkeypatch.setattr(scoring, "BLEU", offline)
    with pytest.raises(scoring.ScoreError) as error:
        scoring.metric("flores200")
    assert str(error.value) == "--tokenize flores200: its model can't be downloaded: go online, or choose another"


def test_the_command_line_offers_what_sacrebleu_has(a4: Callable[[str], ModuleType], scoring: Any) -> None:
    assert set(a4("nmt.commands.options").TOKENIZERS) <= set(scoring.BLEU.TOKENIZERS)


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
