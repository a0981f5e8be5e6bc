"""The extensions that beams select: those that Python's stable sort puts first."""

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
    """Draw the scores of each extension for each row of each sentence, and the width of each sentence's beam."""
    words = draw(st.integers(1, 6))
    row = st.lists(SCORE, min_size=words, max_size=words) | st.just([math.nan] * words)
    sentences = draw(st.lists(st.lists(row, max_size=3), min_size=1, max_size=4).filter(any))
    return sentences, [draw(st.integers(max(len(rows), 1), 4)) for rows in sentences]


@settings(max_examples=200)
@given(table=tables())
@example(([[[-1.0, -1.0, -1.0], [-1.0, -1.0, -2.0]], [], [[-2.0, -1.0, -3.0]]], [2, 1, 4]))
def test_the_best_of_each_sentence_are_selected(
    a4: Callable[[str], ModuleType], table: tuple[list[list[list[float]]], list[int]]
) -> None:
    sentences, widths = table
    select_best = a4("nmt.search").select_best
    sentence = [s for s, rows in enumerate(sentences) for _ in rows]
    flat = [row for rows in sentences for row in rows]
    expected = []
    for s in range(len(sentences)):
        extensions = [
            (score, row, word)
            for row, scores in enumerate(flat)
            for word, score in enumerate(scores)
            if sentence[row] == s and math.isfinite(score)
        ]
        expected += sorted(extensions, key=lambda extension: -extension[0])[: widths[s]]
    row, word, score = select_best(torch.tensor(sentence), torch.tensor(flat), torch.tensor(widths))
    assert list(zip(score.tolist(), row.tolist(), word.tolist(), strict=True)) == expected


@pytest.mark.parametrize("rows", [[3, 3], [3, 1], [1, 1]])
@pytest.mark.parametrize("words", [1000, 7, 2])
def test_few_scores_reach_the_threshold(a4: Callable[[str], ModuleType], rows: list[int], words: int) -> None:
    sentence, k = torch.arange(2).repeat_interleave(torch.tensor(rows)), torch.tensor([3, 2])
    scores = torch.rand(len(sentence), words, generator=torch.Generator().manual_seed(0))
    found = a4("nmt.search").threshold(sentence, scores, k)
    for s in range(2):
        reached = int((scores[sentence == s] >= found[s]).sum())
        assert min(int(k[s]), rows[s] * words) <= reached <= 15
