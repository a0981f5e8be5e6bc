"""Tags of a typed sentence: divided as treebanks are, guessed by word, context and ending."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

Import = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def tagging(a3: Import) -> ModuleType:
    return a3("parsing.tagging")


@pytest.fixture(scope="module")
def tagger(a3: Import, tagging: ModuleType) -> Any:
    sentence = a3("parsing.treebank").Sentence
    texts = [
        ("The dog walks .", "DET NOUN VERB PUNCT"),
        ("Long walks tire 3 dogs .", "ADJ NOUN VERB NUM NOUN PUNCT"),
        ("The dog walks .", "DET NOUN VERB PUNCT"),
        ("the quickly barking dogs", "DET ADV VERB NOUN"),
    ]
    return tagging.Tagger.of([sentence(tuple(forms.split()), tuple(tags.split())) for forms, tags in texts])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("She doesn't.", "She does n't ."),
        ("Mr. T saw the U.S. (e.g. Ms. X). I. A test.", "Mr. T saw the U.S. ( e.g. Ms. X ) . I . A test ."),
        ("I CAN'T, you’re", "I CA N'T , you ’re"),
        ("it's John's 'dog'", "it 's John 's ' dog '"),
        ("3.5 and 1,000 at 9:30...", "3.5 and 1,000 at 9:30 ..."),
        ("naïve well-known (e.g.)", "naïve well - known ( e.g. )"),
        ("  ", ""),
    ],
)
def test_a_text_is_divided_as_treebanks_are(tagging: ModuleType, text: str, tokens: str) -> None:
    assert tagging.tokens_of(text) == tokens.split()


@given(st.text())
def test_no_character_is_lost(tagging: ModuleType, text: str) -> None:
    assert "".join(tagging.tokens_of(text)) == "".join(text.split())


def test_known_words_have_their_most_frequent_tag(tagger: Any) -> None:
    assert tagger.tag(["THE", "dog", "."]) == ["DET", "NOUN", "PUNCT"]


def test_a_word_has_another_tag_after_another_one(tagger: Any) -> None:
    assert tagger.tag(["dog", "walks"]) == ["NOUN", "VERB"]
    assert tagger.tag(["Long", "walks"]) == ["ADJ", "NOUN"]


def test_unknown_words_have_the_tag_of_their_ending(tagger: Any) -> None:
    assert tagger.tag(["slowly", "running", "logs", "17"]) == ["ADV", "VERB", "NOUN", "NUM"]


@given(words=st.lists(st.text(min_size=1)))
def test_any_word_has_a_tag(tagger: Any, words: list[str]) -> None:
    assert len(tagger.tag(words)) == len(words) and all(tagger.tag(words))


def test_a_tagger_from_a_file_is_the_same(tagger: Any, tagging: ModuleType) -> None:
    again = tagging.Tagger(**json.loads(json.dumps(tagger.to_plain())))
    assert vars(again) == vars(tagger)
