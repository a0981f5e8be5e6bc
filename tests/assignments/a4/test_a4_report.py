"""The page after training: all of it is there, it fetches nothing, and any text is safe in it."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

Import = Callable[[str], ModuleType]

LOG = [
    {"update": 10, "loss": 40.0, "perplexity": 90.0},
    {"update": 20, "loss": 30.0, "perplexity": 40.0},
    {"update": 20, "score": -50.0, "perplexity/dev": 50.0, "bleu/dev": 3.5},
]
EVIL = '<script>alert("$1 & $2")</script>'
RIGHT_TO_LEFT, CHINESE = "שלום עולם", "我不知道他在哪里"


@pytest.fixture(scope="module")
def report(a4: Import) -> Any:
    return a4("nmt.report")


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


def test_samples_are_the_worst_and_the_best(report: Any) -> None:
    references = [f"the {n} sheep went over the hill" for n in ("one", "two", "three", "four", "five", "six")]
    translations = [*references[:2], "no", "", "the sheep went over", "sheep over"]
    samples = report.worst_and_best(["s"] * 6, translations, references, most=2)
    assert [sample.translation for sample in samples] == ["", "no", *references[:2]]
    assert [sample.chrf for sample in samples] == sorted(sample.chrf for sample in samples)
    assert len(report.worst_and_best(["s"] * 6, translations, references, most=3)) == 6


def test_sentences_to_map(report: Any) -> None:
    sources = ["a " * 30, "", "a " * 9, "a", "a " * 12, "a " * 10]
    assert report.good_to_map(sources) == [2, 4, 5]
    assert report.good_to_map(["", " "]) == []


def write(report: Any, a4: Import, folder: Path) -> Page:
    scoring = a4("nmt.scoring")
    references = [EVIL, RIGHT_TO_LEFT, CHINESE]
    score = scoring.score(references, references)
    samples = [report.Sample(text, text, f"{text}\x07\u202e", 12.34) for text in references]
    attention = a4("nmt.plots").Attention(["我", EVIL], ["</s>"], [[0.5, 0.5]])
    bins = scoring.by_length([1, 2, 2], references, references)
    path = report.write_report(folder, "toy <b>", {}, a4("nmt.plots").curves_of(LOG), score, samples, [attention], bins)
    assert path == folder / "report.html"
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_is_all_there_and_safe(report: Any, a4: Import, tmp_path: Path) -> None:
    page = write(report, a4, tmp_path / "new" / "folder")
    assert page.tags.count("svg") == 3
    assert "script" not in page.tags and "b" in page.tags  # the b is ours, of the score
    assert all(link.startswith("#") for link in page.links)  # nothing is fetched
    assert page.tags.count("td") == 12
    for text in (EVIL, RIGHT_TO_LEFT, CHINESE):
        assert page.texts.count(text) == 2
        assert f"{text}��" in page.texts
    assert page.texts.count("toy <b>") == 2
    assert any("tok:13a" in text for text in page.texts)
    assert {"100.00", "12.3"} <= set(page.texts)
    files = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert files == {"report.html", "curves.svg", "bleu_by_length.svg", "attention_1.svg"}


def test_the_same_numbers_give_the_same_bytes(report: Any, a4: Import, tmp_path: Path) -> None:
    for name in ("one", "other"):
        write(report, a4, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes(), path.name


TIMES = re.compile('(?<=<th scope="row">)(finished|training time)</th>.*')


OPTIONS = ("--lr=0.0125", "--dropout=0.25")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trained")


@pytest.fixture(scope="module")
def page(a4: Import, folder: Path) -> str:
    """The page of a training with these options."""
    return trained(a4, folder, "--seed=7", *OPTIONS)


def test_the_page_has_what_is_needed_to_train_again(a4: Import, folder: Path, page: str) -> None:
    rows = dict(re.findall(r'<th scope="row">(.*?)</th><td(?: colspan="2")?>(.*?)</td>', page))
    recipe = a4("nmt.recipe")
    assert {recipe.option(one.name) for one in fields(recipe.Recipe)} <= rows.keys()
    assert (rows["--lr"], rows["--dropout"], rows["--max-updates"]) == ("0.0125", "0.25", "3")
    assert rows["command"].startswith(f"python run.py train --restart --save-to={folder}/model.bin --data=toy ")
    assert (rows["seed"], rows["name"], rows["threads"]) == ("7", "toy, source to target", "1")
    assert rows["device"].startswith("cpu, ") and rows["updates"] == "3, the last in epoch 1"
    assert rows["Python"] == platform.python_version() and rows["torch"] == torch.__version__
    assert {"sacrebleu", "numpy", "system", "training pairs", "dev pairs", "test pairs", "vocabulary"} <= rows.keys()
    assert re.fullmatch(r"\w+day \d+ \w+ \d{4}, \d\d:\d\d \S+", rows["finished"])
    assert re.fullmatch(r"\d+\.\d s|\d+ min \d+ s", rows["training time"])


def test_the_same_training_gives_the_same_page_but_for_its_times(a4: Import, folder: Path, page: str) -> None:
    assert len(TIMES.findall(page)) == 2
    assert TIMES.sub("", page) == TIMES.sub("", trained(a4, folder, "--seed=7", *OPTIONS))
    assert TIMES.sub("", page) != TIMES.sub("", trained(a4, folder, "--seed=1", *OPTIONS))


def trained(a4: Import, folder: Path, *options: str) -> str:
    """Return the page of a training of three updates on the toy languages."""
    small = ["--embed-size=4", "--hidden-size=4", "--max-updates=3", "--beam-size=1", "--max-decoding-time-step=5"]
    argv = ["train", "--restart", f"--save-to={folder / 'model.bin'}", "--data=toy", "--device=cpu", "--dev-bleu=0"]
    assert a4("run").main([*argv, *small, *options]) == 0
    return (folder / "report.html").read_text(encoding="utf-8")


def test_facts_are_escaped(report: Any) -> None:
    facts = {"Run": [("command", f"python run.py {EVIL}\x07"), ("a", "b", EVIL)]}
    page = report.page_of("toy", None, {}, [], facts)
    assert "<script" not in page
    found = Page(page)
    assert f"python run.py {EVIL}�" in found.texts and EVIL in found.texts
    assert "This training" in found.texts and "This training" not in report.page_of("toy", None, {}, [], {})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (83.4, "1 min 23 s"),
        (3599.7, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_in_words(report: Any, seconds: float, words: str) -> None:
    assert report.duration(seconds) == words


def test_a_page_of_little(report: Any, a4: Import, tmp_path: Path) -> None:
    score = a4("nmt.scoring").score(["a"], ["b"])
    report.write_report(tmp_path, "nothing", {}, a4("nmt.plots").Curves(), score, [], [], [])
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("name", ["curves.svg", "report.html"])
def test_a_full_disk_leaves_the_report_that_was_there(report: Any, a4: Import, tmp_path: Path, name: str) -> None:
    write(report, a4, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / f"{name}.part").symlink_to("/dev/full")
    with pytest.raises(a4("nmt.atomic").SaveError, match=rf"/{name}: can't be written: No space left on device; "):
        write(report, a4, tmp_path)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_all_of_it_after_training(report: Any, tiny_model: Any, a4: Import, tmp_path: Path) -> None:
    sources, references = ["a b c d", "b c", "d"], ["a b c d", "b c d a", "zebra"]
    translations = a4("nmt.search").translate(tiny_model, sources, max_decoding_time_step=6)
    found = report.report_on(tmp_path, "tiny", tiny_model, LOG, sources, translations, references, {})
    assert found == a4("nmt.scoring").score(translations, references)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (page.count("<figure>"), page.count(report.ATTENTION)) == (5, 1)  # one heading for all maps
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {"report.html", "curves.svg", "bleu_by_length.svg", *(f"attention_{i}.svg" for i in (1, 2, 3))}
    with pytest.raises(a4("nmt.scoring").ScoreError, match=r"^cannot score 2 translations against 3 references: "):
        report.report_on(tmp_path, "tiny", tiny_model, LOG, sources, translations[:2], references, {})
