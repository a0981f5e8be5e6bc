"""Attachment scores: against a naive computation, and where a number is easy to get wrong."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import handout_folder
from graders.training.tasks.translation import load_module

scoring = load_module("a3_scoring", handout_folder("a3") / "parsing" / "scoring.py")


class Parse(NamedTuple):
    """What is scored: parsing/treebank.py has one like it."""

    heads: list[int]
    relations: list[str] | None = None


RELATIONS = ("nsubj", "nsubj:pass", "obj", "obl:tmod", "obl", "punct", "root")
GOLD = [Parse([2, 0, 2, 3], ["nsubj", "root", "obj", "punct"]), Parse([2, 0], ["nsubj:pass", "root"])]
PUNCTUATION = [[False, False, False, True], [False, False]]


def test_a_score_by_hand() -> None:
    found = [Parse([2, 0, 2, 2], ["nsubj", "root", "obl", "punct"]), Parse([2, 0], ["nsubj", "root"])]
    score = scoring.score(GOLD, found, PUNCTUATION)
    assert (score.uas, score.uas_without) == (pytest.approx(500 / 6), 100)
    assert (score.las, score.las_without) == (pytest.approx(400 / 6), 80)  # nsubj for nsubj:pass is right, obl is not
    assert str(score) == (
        "UAS 83.33, LAS 66.67; without punctuation UAS 100.00, LAS 80.00 "
        "[words:6|sentences:2|segmentation:gold|relations:universal|punct:tagged|version:1]"
    )


def test_a_score_of_heads_alone() -> None:
    score = scoring.score(GOLD, [Parse([2, 0, 2, 3]), Parse([0, 1])], PUNCTUATION)
    assert (score.uas, score.las, score.las_without) == (pytest.approx(400 / 6), None, None)
    assert str(score) == (
        "UAS 66.67; without punctuation UAS 60.00 "
        "[words:6|sentences:2|segmentation:gold|unlabelled|punct:tagged|version:1]"
    )


def conll_2018(gold: list[Any], system: list[Any], skip: list[list[bool]] | None = None) -> tuple[float, float]:
    """Return UAS and LAS in percent by the definition of the shared task, written out: F1 over aligned words.

    With gold segmentation all words are aligned, so that precision, recall and F1 are equal.
    """

    def words_of(parses: list[Any]) -> set[tuple[int, int, int, str]]:
        found = set()
        for sentence, parse in enumerate(parses):
            for place, (head, relation) in enumerate(zip(parse.heads, parse.relations, strict=True), start=1):
                if not (skip and skip[sentence][place - 1]):
                    found.add((sentence, place, head, relation.split(":")[0]))
        return found

    right, given_ = words_of(gold), words_of(system)
    las = 2 * len(right & given_) / (len(right) + len(given_))
    heads, found = ({word[:3] for word in words} for words in (right, given_))
    return 200 * len(heads & found) / (len(heads) + len(found)), 100 * las


@st.composite
def treebanks(draw: st.DrawFn) -> tuple[list[Any], list[Any], list[list[bool]]]:
    """Draw right and predicted parses that often agree, and marks of punctuation."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    lengths = draw(st.lists(st.integers(1, 9), min_size=1, max_size=6))
    gold, found, marks = [], [], []
    for n in lengths:
        heads = [rng.choice([head for head in range(n + 1) if head != place]) for place in range(1, n + 1)]
        relations = rng.choices(RELATIONS, k=n)
        gold.append(Parse(heads, relations))
        guessed = [rng.choice((head, rng.randrange(n + 1))) for head in heads]
        found.append(Parse(guessed, [rng.choice((one, rng.choice(RELATIONS))) for one in relations]))
        marks.append([False, *(rng.random() < 0.3 for _ in range(n - 1))])
    return gold, found, marks


@given(treebanks())
def test_a_score_is_that_of_the_shared_task(drawn: tuple[list[Any], list[Any], list[list[bool]]]) -> None:
    gold, found, marks = drawn
    score = scoring.score(gold, found, marks)
    assert (score.uas, score.las) == pytest.approx(conll_2018(gold, found))
    assert (score.uas_without, score.las_without) == pytest.approx(conll_2018(gold, found, marks))
    assert scoring.score(gold, gold, marks)[:4] == (100, 100, 100, 100)


@given(treebanks())
def test_groups_add_up(drawn: tuple[list[Any], list[Any], list[list[bool]]]) -> None:
    gold, found, marks = drawn
    score = scoring.score(gold, found, marks)
    for groups in (scoring.by_sentence_length(gold, found), scoring.by_relation(gold, found)):
        assert sum(group.words for group in groups) == score.words
        assert sum(group.words * group.uas for group in groups) == pytest.approx(score.words * score.uas)
    arcs = scoring.by_arc_length(gold, found)
    assert sum(group.words for group in arcs) == sum(head > 0 for parse in gold for head in parse.heads)
    table = scoring.confusion(gold, found)
    assert sum(map(sum, table.counts)) == score.words
    assert {one.relation: one.words for one in scoring.by_relation(gold, found)} == {
        name: sum(row) for name, row in zip(table.relations, table.counts, strict=True) if sum(row)
    }


def test_groups_by_hand() -> None:
    gold = [Parse([0, 1, 1, 1], ["root", "obj", "obj", "obl:tmod"]), Parse([2, 0], ["nsubj", "root"])]
    found = [Parse([0, 1, 2, 1], ["root", "obj", "nsubj", "obl"]), Parse([2, 0], ["nsubj", "root"])]
    assert scoring.by_sentence_length(gold, found) == [(1, 5, 6, pytest.approx(500 / 6))]
    assert scoring.by_arc_length(gold, found) == [(1, 1, 2, 100), (2, 2, 1, 0), (3, 3, 1, 100)]
    assert scoring.by_relation(gold, found) == [
        ("obj", 2, 50, 50),
        ("root", 2, 100, 100),
        ("nsubj", 1, 100, 100),
        ("obl", 1, 100, 100),
    ]
    relations, counts = scoring.confusion(gold, found)
    assert relations == ["root", "obj", "nsubj", "obl"]
    assert counts == [[2, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_a_sentence_counts_with_all_its_words_in_the_group_of_its_length() -> None:
    gold = [Parse([0, *range(1, n)], ["root"] * n) for n in (1, 5, 6, 40, 41, 99)]
    groups = scoring.by_sentence_length(gold, gold)
    assert [group[:3] for group in groups] == [(1, 5, 6), (6, 10, 6), (31, 40, 40), (41, None, 140)]


@pytest.mark.parametrize(
    ("gold", "found", "marks", "message"),
    [
        ([], [], [], "cannot score: there are no words"),
        (GOLD, GOLD[:1], PUNCTUATION, "cannot score 1 parses of 2 sentences: expected one for each"),
        (GOLD[:1], GOLD[1:], PUNCTUATION[:1], "sentence 1: a parse of 2 words; expected 4"),
        ([Parse([0])], [Parse([0])], [[False]], "sentence 1: the right tree lacks relations of its 1 words"),
        (GOLD, GOLD, [[True]], "cannot score: expected one mark for each word, whether it is punctuation"),
    ],
)
def test_what_cannot_be_scored(gold: list[Any], found: list[Any], marks: list[list[bool]], message: str) -> None:
    with pytest.raises(scoring.ScoreError, match=f"^{message}$"):
        scoring.score(gold, found, marks)


def test_relations_that_are_not_there_cannot_be_counted() -> None:
    with pytest.raises(scoring.ScoreError, match=r"^cannot count relations: expected parses with relations$"):
        scoring.confusion(GOLD, [Parse(one.heads) for one in GOLD])
