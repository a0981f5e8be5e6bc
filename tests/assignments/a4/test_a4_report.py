"""The report that run.py writes after training: what is in it, and what is left if it can't be written."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from sanity.training.atomic import SaveError
from sanity.training.recipe import option

Import = Callable[[str], ModuleType]

LOG = [
    {"update": 10, "loss": 40.0, "perplexity": 90.0},
    {"update": 20, "loss": 30.0, "perplexity": 40.0},
    {"update": 20, "score": -50.0, "perplexity/dev": 50.0, "bleu/dev": 3.5},
]


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
    assert {option(one.name) for one in fields(a4("nmt.recipe").Recipe)} <= rows.keys()
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


def write(a4: Import, model: Any, folder: Path, references: list[str]) -> None:
    """Translate three sentences with a model, and write the report."""
    Texts, Corpus = a4("nmt.corpus").Texts, a4("nmt.corpus").Corpus
    none, test = Texts([], []), Texts(["a b c d", "b c", "d"], references)
    (folder / "log.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in LOG))
    recipe = a4("nmt.recipe").Recipe(max_decoding_time_step=6)
    a4("nmt.commands.report").report(model, Corpus("tiny", "src", "tgt", none, none, test), recipe, folder, {})


def test_all_of_it_after_training(
    a4: Import, tiny_model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    references = ["a b c d", "b c d a", "zebra"]
    write(a4, tiny_model, tmp_path, references)
    translations = (tmp_path / "test.translations").read_text().splitlines()
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == f"test: {a4('nmt.scoring').score(translations, references)}"
    assert shown[1:] == [f"curves, attention and translations to read: {tmp_path / 'report.html'}"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (page.count("<figure>"), page.count("<h2>Attention: ")) == (5, 1)  # one heading for all maps
    assert all(f'<td dir="auto">{text}</td>' in page for text in [*references, *translations])
    drawn = {"curves.svg", "bleu_by_length.svg", *(f"attention_{i}.svg" for i in (1, 2, 3))}
    assert {path.name for path in tmp_path.iterdir()} == {"log.jsonl", "test.translations", "report.html", *drawn}


@pytest.mark.parametrize("name", ["curves.svg", "report.html"])
def test_a_full_disk_leaves_the_report_that_was_there(a4: Import, tiny_model: Any, tmp_path: Path, name: str) -> None:
    write(a4, tiny_model, tmp_path, ["a", "b", "c"])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / f"{name}.part").symlink_to("/dev/full")
    with pytest.raises(SaveError, match=rf"/{name}: can't be written: No space left on device; "):
        write(a4, tiny_model, tmp_path, ["a", "b", "c"])
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
