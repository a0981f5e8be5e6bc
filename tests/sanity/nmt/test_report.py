"""The page of a report: all of it is there, it fetches nothing, and any text is safe in it."""

from __future__ import annotations

from difflib import SequenceMatcher
from html.parser import HTMLParser
from typing import NamedTuple

from sanity.nmt import plots, report
from sanity.training.plots import Attention
from sanity.training.report import Facts

LOG = [
    {"update": 10, "loss": 40.0, "perplexity": 90.0},
    {"update": 20, "loss": 30.0, "perplexity": 40.0},
    {"update": 20, "score": -50.0, "perplexity/dev": 50.0, "bleu/dev": 3.5},
]
EVIL = '<script>alert("$1 & $2")</script>'
RIGHT_TO_LEFT, CHINESE = "שלום עולם", "我不知道他在哪里"


class Score(NamedTuple):
    """Stands for that of the handout's nmt/scoring.py."""

    bleu: float = 100.0
    low: float = 99.5
    high: float = 100.0
    chrf: float = 98.76
    sentences: int = 3
    signature: str = "nrefs:1|tok:13a <b>"
    chrf_signature: str = "nrefs:1|nc:6"


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


def test_samples_are_the_worst_and_the_best() -> None:
    references = [f"the {n} sheep went over the hill" for n in ("one", "two", "three", "four", "five", "six")]
    translations = [*references[:2], "no", "", "the sheep went over", "sheep over"]
    samples = report.worst_and_best(["s"] * 6, translations, references, likeness, most=2)
    assert [sample.translation for sample in samples] == ["", "no", *references[:2]]
    assert [sample.chrf for sample in samples] == sorted(sample.chrf for sample in samples)
    assert len(report.worst_and_best(["s"] * 6, translations, references, likeness, most=3)) == 6


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are, from 0 to 1; chrF needs sacreBLEU."""
    return SequenceMatcher(None, one, other).ratio()


def test_sentences_to_map() -> None:
    sources = ["a " * 30, "", "a " * 9, "a", "a " * 12, "a " * 10]
    assert report.good_to_map(sources) == [2, 4, 5]
    assert report.good_to_map(["", " "]) == []


def files() -> dict[str, str]:
    texts = [EVIL, RIGHT_TO_LEFT, CHINESE]
    samples = [report.Sample(text, text, f"{text}\x07\u202e", 12.34) for text in texts]
    attention = Attention(["我", EVIL], ["</s>"], [[0.5, 0.5]])
    return report.report_files(
        "toy <b>", {}, plots.curves_of(LOG), Score(), samples, [attention], [(1, 1, 1, 0.0), (2, 2, 2, 50.0)]
    )


def test_the_page_is_all_there_and_safe() -> None:
    written = files()
    assert list(written) == ["curves.svg", "bleu_by_length.svg", "attention_1.svg", "report.html"]
    page = Page(written["report.html"])
    assert page.tags.count("svg") == 3
    assert "script" not in page.tags and page.tags.count("b") == 1  # the b is ours, of the score
    assert all(link.startswith("#") for link in page.links)  # nothing is fetched
    assert page.tags.count("td") == 12
    for text in (EVIL, RIGHT_TO_LEFT, CHINESE):
        assert page.texts.count(text) == 2
        assert f"{text}��" in page.texts
    assert page.texts.count("toy <b>") == 2
    assert {"nrefs:1|tok:13a <b>", "nrefs:1|nc:6", "100.00", "12.3"} <= set(page.texts)
    assert " (99.50 to 100.00), chrF 98.76\n" in page.texts


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert files() == files()


def test_facts_are_escaped() -> None:
    facts: Facts = {"Run": [("command", f"python run.py {EVIL}\x07"), ("a", "b", EVIL)]}
    page = report.report_files("toy", facts, plots.Curves())["report.html"]
    assert "<script" not in page
    found = Page(page)
    assert f"python run.py {EVIL}�" in found.texts and EVIL in found.texts
    assert (
        "This training" in found.texts
        and "This training" not in report.report_files("toy", {}, plots.Curves())["report.html"]
    )


def test_a_page_of_little() -> None:
    assert list(report.report_files("nothing", {}, plots.Curves(), Score(), [], [], [])) == ["report.html"]


def test_without_a_test_set_there_are_curves_only() -> None:
    written = report.report_files("no test", {}, plots.curves_of(LOG))
    assert list(written) == ["curves.svg", "report.html"]
    assert "Trained without a test" in written["report.html"] and "BLEU <b>" not in written["report.html"]
