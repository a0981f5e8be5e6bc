"""Trees in the terminal and as SVG: what is drawn can be read back, and any text is safe in it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanity.a3.trees import draw_heads
from sanity.parsing.drawing import draw_tree, width_of
from sanity.parsing.svg import WRONG, alone, arcs_of, levels_of, svg_of_tree

WORDS, HEADS, RELATIONS = ["She", "reads", "a", "book"], [2, 0, 4, 2], ["nsubj", "root", "det", "obj"]
SVG = "{http://www.w3.org/2000/svg}"
UPWARDS, DOWNWARDS = "│╰╯├┤┴┼", "│╭╮├┤┬┼"

trees = st.builds(lambda n, seed: draw_heads(n, np.random.default_rng(seed)), st.integers(1, 12), st.integers(0, 2**32))
"""Projective trees."""


def test_a_tree_in_the_terminal() -> None:
    assert draw_tree(WORDS, HEADS, RELATIONS) == [
        "╭─── She   nsubj",
        "├─ reads   root",
        "│ ╭─── a   det",
        "╰─┴─ book  obj",
    ]
    assert draw_tree(WORDS, HEADS)[2] == "│ ╭─── a"
    assert draw_tree(WORDS, HEADS, ["PRON", "VERB", "DET", "NOUN"], RELATIONS)[1:3] == [
        "├─ reads   VERB  root",
        "│ ╭─── a   DET   det",
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no-such-encoding"])
def test_a_terminal_without_these_lines(encoding: str) -> None:
    assert draw_tree(WORDS, HEADS, RELATIONS, encoding=encoding) == [
        ",--- She   nsubj",
        "+- reads   root",
        "| ,--- a   det",
        "`-+- book  obj",
    ]


def test_an_encoding_of_old_consoles_has_no_round_corners() -> None:
    assert draw_tree(WORDS, HEADS, encoding="cp437") == draw_tree(WORDS, HEADS, encoding="ascii")


def heads_in(lines: list[str]) -> list[int]:
    """Read the heads of words "w1", "w2", … from a drawing: follow each word's line up and down to a head's cell."""
    own = [line.index(" w") - 2 for line in lines]
    heads = []
    for row, column in enumerate(own):
        found = []
        for step, onwards in ((-1, UPWARDS), (1, DOWNWARDS)):
            at = row
            while column and at in range(len(lines)) and lines[at][column - 2] in onwards:
                at += step
                if own[at] == column - 2:
                    found.append(at + 1)
                    break
        assert len(found) == (column > 0)
        heads += found or [0]
    return heads


@given(trees)
def test_a_tree_can_be_read_from_its_drawing(heads: list[int]) -> None:
    assert heads_in(draw_tree([f"w{i}" for i in range(len(heads))], heads)) == heads


@given(st.lists(st.text(min_size=1), min_size=4, max_size=4))
def test_any_words_are_drawn_each_on_a_line(words: list[str]) -> None:
    lines = draw_tree(words, HEADS, RELATIONS)
    assert len(lines) == 4 and not any("\n" in line or "\r" in line for line in lines)
    assert len({width_of(line[: line.rindex(" ") + 1]) for line in lines}) == 1  # relations stand in one column


def test_a_line_passes_behind_a_word_where_arcs_cross() -> None:
    lines = draw_tree(["A", "hearing", "was", "on", "it"], [2, 3, 0, 5, 2])
    assert lines == ["  ╭─── A", "╭─┼─ hearing", "╰─ was", "  │ ╭─── on", "  ╰─┴─ it"]


def texts_in(svg: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_tree_as_svg() -> None:
    svg = svg_of_tree(WORDS, HEADS, RELATIONS, ["PRON", "VERB", "DET", "NOUN"])
    assert sorted(texts_in(svg)) == sorted([*WORDS, *RELATIONS, "PRON", "VERB", "DET", "NOUN"])
    assert svg.count("<path") == 4 and WRONG not in svg
    assert texts_in(svg_of_tree(WORDS, HEADS)) == WORDS
    assert svg_of_tree(WORDS, HEADS) == svg_of_tree(WORDS, HEADS)


def test_wrong_arcs_are_coloured_and_the_right_ones_below() -> None:
    svg = svg_of_tree(WORDS, [2, 0, 2, 2], RELATIONS, right=HEADS, right_relations=["a", "b", "right", "d"])
    words = {text.text: text for text in ET.fromstring(svg).iter(f"{SVG}text")}
    assert {"right"} == words.keys() - {*WORDS, *RELATIONS}
    assert [word for word in WORDS if words[word].get("fill") == WRONG] == ["a"]
    assert float(words["det"].get("y", 0)) < float(words["a"].get("y", 0)) < float(words["right"].get("y", 0))
    assert svg.count("<path") == 5 and svg.count("stroke-dasharray") == 1


@given(st.lists(st.text(min_size=1), min_size=4, max_size=4))
def test_any_text_is_safe_in_svg(words: list[str]) -> None:
    ET.fromstring(alone(svg_of_tree(words, HEADS, words, words, [0, 1, 1, 1], words)))


def test_markup_is_escaped() -> None:
    evil = '<script>alert("&amp;")</script>'
    svg = svg_of_tree([evil] * 4, HEADS, [evil] * 4, [evil] * 4)
    assert "<script" not in svg and texts_in(svg) == [evil] * 12


def test_a_file_has_colours_for_light_and_dark() -> None:
    svg = svg_of_tree(WORDS, HEADS)
    assert "<style>" not in svg and "currentColor" in svg
    assert "prefers-color-scheme: dark" in alone(svg)


@given(trees)
def test_arcs_of_a_level_do_not_overlap(heads: list[int]) -> None:
    levels = levels_of(arcs_of(heads, None))
    assert len(levels) == len(heads)
    for one in levels:
        for other in levels:
            if one != other and levels[one] == levels[other] and one.head and other.head:
                assert one.span[1] <= other.span[0] or other.span[1] <= one.span[0]
            if one.head == 0 and other.head:
                assert levels[one] > levels[other]


def test_labels_have_room() -> None:
    svg = svg_of_tree(["I", "o"], [2, 0], ["nsubj:pass:and:more", "root"])
    first, second = (float(x.get("x", 0)) for x in ET.fromstring(svg).iter(f"{SVG}text") if x.text in ("I", "o"))
    assert second - first > 6 * len("nsubj:pass:and:more")
