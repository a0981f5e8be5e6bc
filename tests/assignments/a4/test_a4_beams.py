"""What beams choose: what Python's stable sort puts first."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

SCORE = st.sampled_from([-1.0, -2.0, -3.0, -4.0, -math.inf])


@st.composite
def tables(draw: Any) -> tuple[list[list[list[float]]], list[int]]:
    """Draw the scores of each way for each row of each sentence, and the room of each sentence."""
    words = draw(st.integers(1, 6))
    row = st.lists(SCORE, min_size=words, max_size=words) | st.just([math.nan] * words)
    sentences = draw(st.lists(st.lists(row, max_size=3), min_size=1, max_size=4).filter(any))
    return sentences, [draw(st.integers(max(len(rows), 1), 4)) for rows in sentences]


@pytest.mark.parametrize("many", [50, 1, 0])
@settings(max_examples=200)
@given(table=tables())
@example(([[[-1.0, -1.0, -1.0], [-1.0, -1.0, -2.0]], [], [[-2.0, -1.0, -3.0]]], [2, 1, 4]))
def test_the_best_of_each_sentence_are_chosen(
    a4: Callable[[str], ModuleType], many: int, table: tuple[list[list[list[float]]], list[int]]
) -> None:
    sentences, room = table
    beams = a4("nmt.beams")
    sentence = [s for s, rows in enumerate(sentences) for _ in rows]
    flat = [row for rows in sentences for row in rows]
    expected = []
    for s in range(len(sentences)):
        ways = [
            (score, row, word)
            for row, scores in enumerate(flat)
            for word, score in enumerate(scores)
            if sentence[row] == s and math.isfinite(score)
        ]
        expected += sorted(ways, key=lambda way: -way[0])[: room[s]]
    numbers = torch.tensor(sentence)
    rows = beams.Beams(numbers, torch.zeros(len(flat)), torch.zeros(len(flat), 1), (torch.zeros(len(flat), 1),) * 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beams, "MANY", many)
        row, word, score = beams.choose(rows, torch.tensor(flat), torch.tensor(room))
    assert list(zip(score.tolist(), row.tolist(), word.tolist(), strict=True)) == expected


def test_few_ways_are_sorted_even_if_all_are_equal(a4: Callable[[str], ModuleType]) -> None:
    beams = a4("nmt.beams")
    for scores in (torch.zeros(6, 1000), torch.rand(6, 1000, generator=torch.Generator().manual_seed(0))):
        ways = beams.promising(torch.tensor([0, 0, 0, 1, 1, 1]), scores, torch.tensor([3, 3]))
        assert 6 <= ways.sum() <= 6 * 5
