"""Byte-pair encoding: its cases are what they should be, and the reference is what the definition says."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.course.assignment import load_assignment
from sanity.a5.merges import CHAINS
from sanity.a5.pieces import MERGED

COURSE = load_assignment("a5")
SEEDS = st.integers(0, 2**31)


def solution(name: str, before: str = "", after: str = "") -> ModuleType:
    """Return a module of the reference, with a text in it replaced."""
    path = COURSE.solutions / f"{name}.py"
    source = path.read_text(encoding="utf-8")
    assert before in source
    module = ModuleType(f"a5_{name}")
    exec(compile(source.replace(before, after) if before else source, str(path), "exec"), module.__dict__)
    return module


subwords = solution("subwords")


@given(SEEDS, st.integers(1, 4), st.integers(3, 5), st.integers(0, 1))
@settings(max_examples=40, deadline=None)
def test_no_text_of_the_main_check_has_ties(seed: int, chains: int, length: int, accent: int) -> None:
    largest = solution(
        "subwords", "min(counts, key=lambda pair: (-counts[pair], pair))", "max(counts, key=lambda p: (counts[p], p))"
    )
    case = CHAINS.case(seed=seed, chains=chains, length=length, accent=accent, all=1)
    assert subwords.learn_merges(case.text, case.n) == largest.learn_merges(case.text, case.n)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_merges_of_the_cases_could_have_been_learnt(seed: int) -> None:
    case = MERGED.case(seed=seed, merges=9, n=14)
    there = set("etaoi")
    for first, second in case.merges:
        assert {first, second} <= there and first + second not in there
        there.add(first + second)
    assert len(case.merges) == 9


@given(st.text(), st.text(), st.integers(0, 12))
@settings(deadline=None)
def test_any_text_comes_back(learnt_from: str, text: str, n: int) -> None:
    merges = subwords.learn_merges(learnt_from, n)
    assert subwords.decode(subwords.encode(text, merges), merges) == text
    assert "".join(subwords.words_of(text)) == text


@given(st.text(alphabet="ab \n", max_size=40), st.integers(0, 8))
@settings(deadline=None)
def test_encoding_the_training_text_gives_the_pieces_of_training(text: str, n: int) -> None:
    merges = subwords.learn_merges(text, n)
    known = [bytes([byte]) for byte in range(256)] + [left + right for left, right in merges]
    pieces: list[bytes] = []
    for word in subwords.words_of(text):
        inside = [bytes([byte]) for byte in word.encode()]
        for pair in merges:
            inside = subwords.merge_pair(inside, pair)
        pieces += inside
    assert [known[number] for number in subwords.encode(text, merges)] == pieces


@pytest.mark.parametrize(
    ("text", "counted"), [("aaa", 1), ("aaaa", 2), ("ababab", 3), ("aa aa", 2), ("aaaaa", 2), ("abaab", 2)]
)
def test_a_pair_counts_as_often_as_it_can_be_merged(text: str, counted: int) -> None:
    """With one word more of another pair, that pair wins or loses."""
    first = (text[:1].encode(), text[1:2].encode())
    for more, wins in ((counted - 1, True), (counted + 1, False)):
        other = "\n".join([text, *["xy"] * more])
        assert (subwords.learn_merges(other, 1)[0] == first) is wins


def test_the_definition_of_the_page_holds() -> None:
    merges = [(b"b", b"c"), (b"a", b"b")]
    assert subwords.encode("abc", merges) == [97, 256]
    assert subwords.encode("ab", merges) == [257]
