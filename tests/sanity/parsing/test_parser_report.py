"""The report of a parser: all of it is there, it fetches nothing, any text is safe in it, the same bytes each time."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import NamedTuple

import pytest

from sanity.parsing import plots, report
from sanity.parsing.svg import WRONG

LOG = [
    {"update": 10, "loss": 1.5},
    {"update": 20, "loss": float("nan")},
    {"update": 20, "score": 50.0, "uas/dev": 50.0, "las/dev": 40.0},
]
EVIL = '<script>alert("$1 & $2")</script>'


class Score(NamedTuple):
    """Stands for that of the handout's parsing/scoring.py."""

    uas: float = 91.234
    las: float | None = 88.5
    uas_without: float = 92.0
    las_without: float | None = 89.0
    words: int = 25094
    words_without: int = 22000
    sentences: int = 2077
    signature: str = "words:1|<b>"


class Relation(NamedTuple):
    relation: str
    words: int
    uas: float
    las: float | None


class Confusion(NamedTuple):
    relations: list[str]
    counts: list[list[int]]


class Page(HTMLParser):
    """Collects the tags and the texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def example(n: int, errors: int, word: str = "word") -> report.Example:
    """Make a sentence of n words, the first of which heads the others, and a parse with so many errors."""
    heads = [0] + [1] * (n - 1)
    found = [2 + (place == 1) if 0 < place <= errors else head for place, head in enumerate(heads)]
    relations = ["root"] + ["dep"] * (n - 1)
    return report.Example([word] * n, ["X"] * n, heads, relations, found, relations)


def files(las: float | None = 88.5) -> dict[str, str]:
    groups = report.Groups(
        [(1, 5, 10, 90.0)],
        [(1, 1, 7, 95.0), (21, None, 3, 10.0)],
        [Relation(EVIL, 1234, 90.0, las)],
        Confusion(["nsubj", EVIL], [[1233, 1], [0, 7]]),
    )
    examples = [example(8, 2), example(7, 0, EVIL), example(40, 1), example(3, 0)]
    return report.report_files("toy <b>", {}, plots.curves_of(LOG), Score(las=las), groups, examples)


def test_the_page_is_all_there_and_safe() -> None:
    written = files()
    pictures = ["curves", "uas_by_sentence_length", "uas_by_arc_length", "confusion", "wrong_1", "right_1"]
    assert list(written) == [*(f"{name}.svg" for name in pictures), "report.html"]
    page = Page(written["report.html"])
    assert page.tags.count("figure") == 6 and page.tags.count("h2") == 7
    assert "script" not in page.tags and page.tags.count("b") == 2  # of the two scores
    assert all(link.startswith("#") for link in page.links)  # nothing is fetched
    assert {"91.23", "88.50", "words:1|<b>", "1,234"} <= set(page.texts)
    assert page.texts.count("toy <b>") == 2 and EVIL in page.texts
    assert any("Without punctuation UAS 92.00, LAS 89.00." in text for text in page.texts)
    for name, content in written.items():
        if name.endswith(".svg"):
            ET.fromstring(content)


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert files() == files()


def test_only_files_have_a_style_of_their_own() -> None:
    written = files()
    assert "prefers-color-scheme" in written["wrong_1.svg"]
    assert "prefers-color-scheme" not in written["report.html"]  # its own style would apply to the whole page


def test_a_parser_without_relations_has_no_las() -> None:
    page = files(las=None)["report.html"]
    assert "LAS <b>" not in page and '<td class="number">–</td>' in page


def test_without_a_test_set_there_are_curves_only() -> None:
    written = report.report_files("no test", {}, plots.curves_of(LOG))
    assert list(written) == ["curves.svg", "report.html"]
    assert "Trained without a test" in written["report.html"]
    assert list(report.report_files("nothing", {}, plots.Curves())) == ["report.html"]


def test_examples_are_the_worst_and_the_longest_right_ones_that_can_be_read() -> None:
    all_of_them = [example(8, 1), example(12, 0), example(9, 4), example(40, 30), example(6, 0), example(5, 4)]
    assert [(len(one.words), one.errors) for one in report.worst_of(all_of_them)] == [(9, 4), (8, 1)]
    assert [(len(one.words), one.errors) for one in report.right_of(all_of_them)] == [(12, 0), (6, 0)]
    assert len(report.worst_of(all_of_them, most=1)) == 1


def test_wrong_arcs_are_seen() -> None:
    assert WRONG in report.tree_of(example(8, 2)) and WRONG not in report.tree_of(example(8, 0))


def test_curves_of_a_log() -> None:
    assert plots.curves_of(LOG) == ([(10, 1.5)], [(20, 50.0)], [(20, 40.0)])


def test_a_small_gain_is_seen() -> None:
    svg = plots.draw_curves(plots.Curves([(1, 1.0), (2, 0.5)], [(1, 98.5), (2, 99.0)]))
    texts = {text.text for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert {"98.6", "98.8", "0.0"} <= texts and "20" not in texts


def test_rare_relations_share_a_row_and_a_column() -> None:
    names, counts = [f"r{i}" for i in range(5)], [[10 * i + j for j in range(5)] for i in range(5)]
    shown, table = plots.most_frequent(names, counts, most=3)
    assert shown == ["r0", "r1", "r2", "others"]
    assert table == [[0, 1, 2, 7], [10, 11, 12, 27], [20, 21, 22, 47], [70, 72, 74, 33 + 34 + 43 + 44]]
    assert plots.most_frequent(names, counts, most=4) == (names, counts)


@pytest.mark.parametrize("bins", [[(1, 5, 10, 90.0)], [(1, 1, 12345, 100.0), (21, None, 1, 0.0)]])
def test_bars_say_their_range_and_their_number(bins: list[plots.Bin]) -> None:
    svg = plots.draw_by_length(bins, "words")
    texts = {text.text for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert "words, and number of words" in texts and "UAS" in texts
    assert {"12,345", "21 or more"} <= texts if len(bins) == 2 else {"1–5", "10", "90.0"} <= texts
