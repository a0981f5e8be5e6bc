"""Assignment 3's scaffold: the oracle's transitions rebuild the tree, and the features of many parses are those of each."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sanity.a3.trees import draw_heads, heads_of

A3 = Callable[[str], ModuleType]
SEEDS = st.integers(0, 2**32)


def crossing(heads: list[int]) -> bool:
    """Whether two arcs cross: one end of an arc inside of another one, and one outside."""
    arcs = [{word, head} for word, head in enumerate(heads, 1)]
    return any(
        sum(min(one) < end < max(one) for end in other) == 1 and not one & other for one in arcs for other in arcs
    )


def slowly(stack: list[int], buffer: list[int], arcs: list[tuple[int, int]]) -> list[int]:
    """Return the 18 places, in Python, -1 for one that is not there."""

    def children(word: int, left: bool) -> list[int]:
        found = sorted(dep for head, dep in arcs if head == word and (dep < word) == left)
        return (found if left else found[::-1]) + [-1, -1]

    top = [*stack[::-1], -1, -1, -1][:3]
    places = [*top, *[*buffer, -1, -1, -1][:3]]
    for word in top[:2]:
        left, right = children(word, True), children(word, False)
        inner = [children(left[0], True)[0], children(right[0], False)[0]]
        places += [left[0], right[0], left[1], right[1], *inner]
    return places


def sentences_of(a3: A3, count: int, seed: int) -> list[Any]:
    """Draw sentences with projective trees."""
    rng = np.random.default_rng(seed)
    made = []
    for n in rng.integers(1, 12, count):
        words = tuple(f"w{i}" for i in rng.integers(6, size=n))
        heads = tuple(draw_heads(int(n), rng))
        made.append(
            a3("parsing.treebank").Sentence(words, tuple(w[-1] for w in words), heads, ("left", *["x"] * (n - 1)))
        )
    return made


@given(n=st.integers(1, 12), seed=SEEDS)
def test_the_steps_rebuild_the_tree(a3: A3, n: int, seed: int) -> None:
    heads = draw_heads(n, np.random.default_rng(seed))
    transitions = a3("parsing.transitions")
    steps = list(transitions.steps_of(heads))
    assert heads_of([transitions.NAMES[step.kind] for step in steps], n) == heads
    arcs = [step.arc for step in steps if step.arc]
    assert sorted((dependent, head) for head, dependent in arcs) == list(enumerate(heads, 1))


@given(heads=st.integers(1, 7).flatmap(lambda n: st.lists(st.integers(0, n), min_size=n, max_size=n)))
def test_projective_is_what_has_no_crossing_arcs(a3: A3, heads: list[int]) -> None:
    treebank = a3("parsing.treebank")
    words = ("w",) * len(heads)
    assume(not treebank.problem_of(treebank.Sentence(words, words, tuple(heads), words)))
    assert treebank.is_projective(heads) == (not crossing(heads))


@given(seed=SEEDS)
def test_features_of_many_are_those_of_each(a3: A3, seed: int) -> None:
    sentences = sentences_of(a3, 12, seed)
    vocabulary = a3("parsing.vocabulary").Vocabulary.of(sentences, min_count=1)
    instances = a3("parsing.features").instances_of(sentences, vocabulary)
    rows = iter(zip(instances.features.tolist(), instances.classes.tolist(), strict=True))
    count = len(vocabulary.relations)
    for sentence in sentences:
        words, tags = vocabulary.encode(sentence)
        stack, buffer, arcs = [0], list(range(1, len(words))), list[tuple[int, int]]()
        while buffer or len(stack) > 1:
            features, number = next(rows)
            places = slowly(stack, buffer, arcs)
            assert features[:18] == [words[place] if place >= 0 else vocabulary.nulls[0] for place in places]
            assert features[18:] == [tags[place] if place >= 0 else vocabulary.nulls[1] for place in places]
            if number == 2 * count:
                stack.append(buffer.pop(0))
                continue
            dependent = stack.pop(-2 if number < count else -1)
            arcs.append((stack[-1], dependent))
            assert vocabulary.relations[number % count] == sentence.relations[dependent - 1]
        assert [head for _, head in sorted((dependent, head) for head, dependent in arcs)] == list(sentence.heads)
    assert next(rows, None) is None


@given(seed=SEEDS, labelled=st.booleans())
def test_a_predictor_that_knows_the_steps_finds_the_trees_and_relations(a3: A3, seed: int, labelled: bool) -> None:
    import torch

    sentences = sentences_of(a3, 9, seed)
    vocabulary = a3("parsing.vocabulary").Vocabulary.of(sentences, labelled)
    known: dict[tuple[int, ...], list[int]] = {}

    class Knows(torch.nn.Module):
        """Answers each sentence's steps in turn: the sentences are told from each other by their own words."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, features: Any) -> Any:
            return torch.eye(vocabulary.n_classes)[[known[tuple(row)].pop(0) for row in features.tolist()]]

    for sentence in sentences:
        known.clear()
        instances = a3("parsing.features").instances_of([sentence], vocabulary)
        for row, number in zip(instances.features.tolist(), instances.classes.tolist(), strict=True):
            known.setdefault(tuple(row), []).append(number)
        parse = a3("parsing.decoding").predict(
            Knows(), vocabulary, [sentence], a3("parser_transitions").minibatch_parse, batch_size=4
        )
        assert parse == [(list(sentence.heads), list(sentence.relations) if labelled else None)]


def test_a_parse_has_one_root_whatever_the_model_says(a3: A3) -> None:
    sentences = sentences_of(a3, 40, 1)
    vocabulary = a3("parsing.vocabulary").Vocabulary.of(sentences)
    recipe = a3("parsing.recipe")
    for seed in range(5):
        model = recipe.new_model(a3("parser_model").ParserModel, vocabulary, recipe.Recipe(seed=seed)).eval()
        predict, minibatch_parse = a3("parsing.decoding").predict, a3("parser_transitions").minibatch_parse
        parses = predict(model, vocabulary, sentences, minibatch_parse, 7)
        assert all(parse.heads.count(0) == 1 for parse in parses)
        found = [one._replace(heads=parse.heads) for one, parse in zip(sentences, parses, strict=True)]
        assert not any(map(a3("parsing.treebank").problem_of, found))
        assert parses == [predict(model, vocabulary, [one], minibatch_parse)[0] for one in sentences]


def test_what_minibatch_parse_does_wrong_is_one_line(a3: A3) -> None:
    decoding, sentences = a3("parsing.decoding"), sentences_of(a3, 3, 2)
    vocabulary = a3("parsing.vocabulary").Vocabulary.of(sentences)
    recipe = a3("parsing.recipe")
    model = recipe.new_model(a3("parser_model").ParserModel, vocabulary, recipe.Recipe()).eval()
    transitions = a3("parser_transitions")
    wrong: list[tuple[Any, str]] = [
        (lambda sentences, model, size: [], "returns 0 parses for 3 sentences"),
        (lambda sentences, model, size: [[] for _ in sentences], "leaves a word without a head"),
        (
            lambda sentences, model, size: transitions.minibatch_parse([list(s) for s in sentences], model, size),
            "is not the sentence that was given",
        ),
    ]
    for parse, said in wrong:
        with pytest.raises(decoding.ParseError, match=said):
            decoding.predict(model, vocabulary, sentences, parse)
