"""Curves and attention maps: the same numbers, the same bytes; any text is safe in them."""

from __future__ import annotations

import math
import re
import sys
import warnings
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanity.nmt import plots
from sanity.training.plots import SHADES, Attention, draw_attention

LOG: list[dict[str, Any]] = [
    {"update": 10, "loss": 40.0, "perplexity": 90.0},
    {"update": 20, "loss": 30.0, "perplexity": 40.0},
    {"update": 20, "score": -50.0, "perplexity/dev": 50.0, "bleu/dev": 3.5},
    {"update": 30, "loss": math.inf, "perplexity": math.nan},
    {"update": 40, "loss": 20.0, "perplexity": 9.0},
    {"update": 40, "score": -12.0, "perplexity/dev": 12.0, "bleu/dev": 23.5},
]


def words_in(svg: str) -> list[str]:
    """Return the texts of a picture; raise ParseError if it is no XML."""
    return [text.text or "" for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_curves_of_a_log() -> None:
    curves = plots.curves_of(LOG)
    assert curves.loss == [(10, 40.0), (20, 30.0), (40, 20.0)]  # without what is no number
    assert curves.dev_perplexity == [(20, 50.0), (40, 12.0)]
    assert curves.dev_bleu == [(20, 3.5), (40, 23.5)]
    assert not any(plots.curves_of([]))


def test_curves_are_drawn() -> None:
    words = words_in(plots.draw_curves(plots.curves_of(LOG)))
    assert {"loss per sentence", "perplexity", "BLEU", "train", "dev", "updates"} <= set(words)
    words = words_in(plots.draw_curves(plots.Curves(dev_bleu=[(200, 12.5)])))
    assert "BLEU" in words and "perplexity" not in words


def test_curves_differ_where_the_numbers_do() -> None:
    curves = plots.curves_of(LOG)
    assert plots.draw_curves(curves) == plots.draw_curves(curves)
    assert plots.draw_curves(curves) != plots.draw_curves(curves._replace(dev_bleu=[(20, 3.5), (40, 23.6)]))


def test_updates_are_counted_in_whole_numbers() -> None:
    drawn = words_in(plots.draw_curves(plots.Curves(loss=[(1, 30.0), (3, 20.0)])))
    assert {"0", "1", "2", "3"} <= set(drawn) and "0.5" not in drawn


def test_bleu_by_length_is_drawn() -> None:
    words = words_in(plots.draw_by_length([(1, 1, 3, 100.0), (2, 2, 1400, 31.25), (4, 4, 1, 0.0)]))
    assert {"100.0", "31.2", "0.0", "1", "2", "4", "1,400"} <= set(words)


def test_an_attention_map_has_all_words() -> None:
    words = ["我们", "$x$", "<pad>", "שלום", "&amp;", "w" * 60, "nul\x00", "\u202eevil", "\ud800"]
    weights = [[1 / len(words)] * len(words)] * 2
    svg = draw_attention(Attention(words, ["$5_2^", "</s>"], weights))
    shown = words_in(svg)
    assert shown[:9] == ["我们", "$x$", "<pad>", "שלום", "&amp;", "w" * 19 + "…", "nul�", "�evil", "�"]
    assert shown[9:11] == ["$5_2^", "</s>"]
    assert sorted(shown[11:]) == ["0", "0.5", "1", "weight"]  # of the colour bar
    assert svg.count("<path") > 18


def test_the_colour_bar_goes_from_zero_to_one_whatever_the_weights() -> None:
    bars = []
    for weight in (0.5, 0.25):
        svg = draw_attention(Attention(["a", "b"], ["</s>"], [[weight, 1 - weight]]))
        assert {"0", "0.5", "1"} <= set(words_in(svg))
        bars.append(set(re.findall("fill: (#[0-9a-f]{6})", svg)))
    assert len(bars[0] & bars[1]) > SHADES  # and white


def test_the_smallest_map_has_room_for_its_colour_bar() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib says it if the parts overlap
        draw_attention(Attention(["a"], ["</s>"], [[1.0]]))


@settings(max_examples=15)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_any_words_are_drawn(words: list[str]) -> None:
    words_in(draw_attention(Attention(words, words, [[0.5] * len(words)] * len(words))))


def test_plots_need_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)  # a library may have imported it
    plots.draw_curves(plots.curves_of(LOG))
    assert "matplotlib.pyplot" not in sys.modules
