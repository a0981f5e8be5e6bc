"""The toy languages: the same for a seed, one translation for a sentence, and what makes them worth learning."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from itertools import islice
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sanity.nmt import toy

SEEDS = st.integers(0, 2**64 - 1)
some = settings(max_examples=10)


def languages(seed: int) -> tuple[toy.Speaker, toy.Source, toy.Target]:
    """Return a speaker and the two languages that it speaks."""
    dice = toy.Dice(seed)
    speaker = toy.Speaker(dice)
    source = toy.Source(toy.Words(dice, "bcdfghjklm"))
    return speaker, source, toy.Target(toy.Words(dice, "npqrstvwxz"), dice, speaker)


def test_a_seed_gives_the_same_bytes_everywhere() -> None:
    drawn = repr(list(islice(toy.sentence_pairs(7), 200))).encode()
    assert sha256(drawn).hexdigest()[:16] == "1a6dea07a7b42c5f"


def test_another_seed_is_another_pair_of_languages() -> None:
    one, other = ({word for text in toy.toy_texts(seed, 500, 0, 0)[0][1] for word in text.split()} for seed in (0, 1))
    assert len(one & other) < 0.05 * len(one)


@some
@given(seed=SEEDS)
def test_a_sentence_has_one_translation(seed: int) -> None:
    known: dict[str, str] = {}
    for source, target in islice(toy.sentence_pairs(seed), 3000):
        assert known.setdefault(source, target) == target


@some
@given(seed=SEEDS)
def test_no_source_sentence_is_drawn_twice(seed: int) -> None:
    parts = toy.toy_texts(seed, train=300, dev=30, test=50)
    assert [(len(source), len(target)) for source, target in parts] == [(300, 300), (30, 30), (50, 50)]
    assert len({sentence for source, _ in parts for sentence in source}) == 380


def test_the_test_is_the_same_with_more_to_learn_from() -> None:
    (few, *few_others), (many, *many_others) = (toy.toy_texts(3, train, dev=20, test=30) for train in (10, 40))
    assert few_others == many_others
    assert few[0] == many[0][:10]


@some
@given(seed=SEEDS)
def test_lengths_vary_and_training_has_all_words(seed: int) -> None:
    train, _, test = toy.toy_texts(seed, train=4000)
    lengths = [len(text.split()) for text in train[0]]
    assert (min(lengths), max(lengths)) == (3, toy.MAX_WORDS)
    assert sum(length > 12 for length in lengths) > 500
    for learnt, asked in zip(train, test, strict=True):
        seen = {word for text in learnt for word in text.split()}
        assert all(word in seen for text in asked for word in text.split())


@some
@given(seed=SEEDS)
def test_article_and_adjective_agree_with_a_gender_that_the_source_does_not_show(seed: int) -> None:
    _, source, target = languages(seed)
    for noun in range(toy.NOUNS):
        for adjective in range(toy.ADJECTIVES):
            phrase = toy.NounPhrase(noun, plural=True, definite=False, adjectives=(adjective,))
            assert len(source.noun_phrase(phrase)) == 3
            if (adjective, noun) in target.noun_idioms:
                continue
            written, gender = target.noun_phrase(phrase, accusative=True), target.genders[noun]
            article = target.articles[False, gender, True, True]
            noun_word = target.nouns[noun] + target.noun_endings[gender, True, True]
            adjective_word = target.adjectives[adjective] + target.adjective_endings[gender, True]
            expected = [noun_word, adjective_word]
            assert written == ([article, *expected] if target.article_first else [*expected, article])


@some
@given(seed=SEEDS)
def test_idioms_are_other_words(seed: int) -> None:
    speaker, source, target = languages(seed)
    for adjective, noun in speaker.noun_idioms:
        literal = toy.NounPhrase(noun, plural=False, definite=True)
        idiom = literal._replace(adjectives=(adjective,))
        assert len(source.noun_phrase(idiom)) == 3
        assert len(target.noun_phrase(idiom)) == 2
        assert not set(stems(target.noun_phrase(idiom))) & set(stems(target.noun_phrase(literal)))
    for verb, noun in speaker.verb_idioms:
        thing = toy.NounPhrase(noun, plural=False, definite=True)
        idiom = toy.VerbPhrase(verb, past=False, object=thing)
        assert len(source.verb_phrase(idiom)) == 3
        assert len(target.clause([], False, idiom)) == 1
        assert len(target.clause([], False, idiom._replace(object=thing._replace(plural=True)))) == 3


def stems(words: list[str]) -> list[str]:
    """Return the words that aren't function words, without their endings."""
    return [word[:5] for word in words if len(word) > 3]


@some
@given(seed=SEEDS)
def test_the_verb_is_not_where_the_source_has_it(seed: int) -> None:
    _, _, target = languages(seed)
    one, other = toy.NounPhrase(0, False, False), toy.NounPhrase(1, True, False)
    verb = next(v for v in range(toy.TRANSITIVE))
    written = target.clause(["S"], False, toy.VerbPhrase(verb, False, other))
    words = {"S": "S", "V": target.verbs[verb] + target.verb_endings[False, False]}
    places = {part: written.index(word) for part, word in words.items()}
    places["O"] = written.index(target.nouns[1] + target.noun_endings[target.genders[1], True, True])
    assert "".join(sorted(places, key=lambda part: places[part])) == target.order != "SVO"
    assert target.noun_phrase(one) != target.noun_phrase(one, accusative=True)


def test_it_shows_some_sentences() -> None:
    command, root = [sys.executable, "-m", "sanity.nmt.toy"], Path(__file__).parents[3]
    shown = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    blocks = shown.stdout.strip().split("\n\n")
    assert len(blocks) == 8
    assert all(len(block.split("\n")) == 2 for block in blocks)
