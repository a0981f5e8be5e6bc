"""A typed sentence is parsed and drawn; the report is written after training."""

from __future__ import annotations

import io
import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sanity.training.checkpoint import CheckpointError

pytestmark = pytest.mark.slow  # torch is imported

Import = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def sentences(a3: Import) -> list[Any]:
    sentence = a3("parsing.treebank").Sentence
    reads = sentence(
        ("She", "reads", "a", "book"), ("PRON", "VERB", "DET", "NOUN"), (2, 0, 4, 2), ("nsubj", "root", "det", "obj")
    )
    stops = sentence(("It", "stops", "."), ("PRON", "VERB", "PUNCT"), (2, 0, 2), ("nsubj", "root", "punct"))
    return [reads, stops]


@pytest.fixture(scope="module")
def vocabulary(a3: Import, sentences: list[Any]) -> Any:
    return a3("parsing.vocabulary").Vocabulary.of(sentences, labelled=True, min_count=1)


@pytest.fixture(scope="module")
def model(a3: Import, vocabulary: Any) -> Any:
    """An untrained model: it draws some tree."""
    recipe = a3("parsing.recipe")
    return recipe.new_model(
        a3("parser_model").ParserModel, vocabulary, recipe.Recipe(embed_size=4, hidden_size=5)
    ).eval()


@pytest.fixture
def tagger(a3: Import, sentences: list[Any]) -> Any:
    return a3("parsing.tagging").Tagger.of(sentences)


def test_a_typed_sentence_is_drawn(
    a3: Import, model: Any, vocabulary: Any, tagger: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a3("parsing.commands.draw").draw("She reads <books>.", model, vocabulary, tagger, tmp_path / "tree.svg")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6 and all(
        any(line.count(f" {word} ") for word in ("She", "reads", "<", "books", ">", ".")) for line in lines
    )
    assert [line.split()[-2] for line in lines][:2] == ["PRON", "VERB"]
    assert {line.split()[-1] for line in lines} <= set(vocabulary.relations)
    texts = [text.text for text in ET.parse(tmp_path / "tree.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert {"She", "<", "PRON"} <= set(texts)


def test_a_terminal_without_lines_gets_others(
    a3: Import, model: Any, vocabulary: Any, tagger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    a3("parsing.commands.draw").draw("She reads a book", model, vocabulary, tagger)
    sys.stdout.flush()
    assert b"- She" in written.getvalue()


def test_without_a_word_there_is_nothing_to_draw(a3: Import, model: Any, vocabulary: Any, tagger: Any) -> None:
    with pytest.raises(a3("parsing.treebank").TreebankError, match=r"^--text: no word in it; expected a sentence$"):
        a3("parsing.commands.draw").draw(" ", model, vocabulary, tagger)


def test_a_tagger_lies_beside_its_model(a3: Import, tagger: Any, tmp_path: Path) -> None:
    draw = a3("parsing.commands.draw")
    with pytest.raises(
        CheckpointError, match=r"tags.json: no such file; --text needs it for tags: train writes it beside the"
    ):
        draw.load_tagger(tmp_path)
    draw.save_tagger(tagger, tmp_path)
    assert vars(draw.load_tagger(tmp_path)) == vars(tagger)
    for text in ("{", "[]", "{}", "\xff"):
        (tmp_path / "tags.json").write_text(text, encoding="latin-1")
        with pytest.raises(CheckpointError, match=r"tags.json: damaged; train again$"):
            draw.load_tagger(tmp_path)


def write(a3: Import, folder: Path, test: list[Any], heads: list[list[int]]) -> None:
    """Write a report of these parses, with the right relations."""
    treebank = a3("parsing.treebank")
    parses = [treebank.Parse(found, list(sentence.relations)) for found, sentence in zip(heads, test, strict=True)]
    log = [{"update": 5, "loss": 1.0}, {"update": 5, "score": 50.0, "uas/dev": 50.0}]
    (folder / "log.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in log))
    a3("parsing.commands.report").report(treebank.Treebank("tiny", [], [], test), parses, folder, {})


def test_a_report_of_test(a3: Import, sentences: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(a3, tmp_path, sentences, [[2, 0, 2, 2], [2, 0, 2]])
    shown = capsys.readouterr().out.splitlines()
    assert shown[:2] == ["- test UAS: 85.71", "- test LAS: 85.71"]
    assert shown[2].startswith(
        "test: UAS 85.71, LAS 85.71; without punctuation UAS 83.33, LAS 83.33 [words:7|sentences:2|"
    )
    assert shown[3:] == [f"curves, scores and trees to look at: {tmp_path / 'report.html'}"]
    drawn = {"curves.svg", "uas_by_sentence_length.svg", "uas_by_arc_length.svg", "confusion.svg"}  # no tree: too short
    assert {path.name for path in tmp_path.iterdir()} == {"log.jsonl", "report.html", *drawn}
    assert "<b>85.71</b>" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_without_test_there_are_curves(a3: Import, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(a3, tmp_path, [], [])
    assert capsys.readouterr().out == f"curves: {tmp_path / 'report.html'}\n"
    assert {path.name for path in tmp_path.iterdir()} == {"log.jsonl", "report.html", "curves.svg"}


def test_what_the_report_says_of_the_data(a3: Import, sentences: list[Any]) -> None:
    treebank = a3("parsing.treebank").Treebank("tiny", [], sentences, [])
    rows = a3("parsing.commands.report").checksums_of(treebank, {"training text": "a", "vocabulary": "b"})
    assert list(rows) == ["training text", "dev", "test", "vocabulary"]
    assert rows["dev"].startswith("2 sentences, ") and rows["test"].startswith("0 sentences, ")
