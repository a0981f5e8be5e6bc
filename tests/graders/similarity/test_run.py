"""A class is compared: copies are shown, independent right answers are not, and hostile files harm nobody."""

from __future__ import annotations

import csv
import itertools
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from graders.course.assignment import course_root, load_assignment
from graders.errors import OptionError
from graders.similarity import run
from graders.similarity.code import File
from graders.similarity.fingerprints import fingerprint
from graders.similarity.pairs import FLOOR, LEAST
from graders.similarity.run import SimilarOptions, find_similar
from tests.support.class_exports import write, zipped
from tests.support.copies import COPIES, answers, student

CLASS = {"a2": 2, "a3": 2, "a4": 3, "a5": 3}
"""How many right submissions have hardly an answer in common: of some questions there are only two variants."""


def written(folder: Path, submissions: Mapping[str, Mapping[str, str | bytes]]) -> Path:
    for name, files in submissions.items():
        contents = {path: text if isinstance(text, bytes) else text.encode() for path, text in files.items()}
        write(folder / name, contents)
    return folder


def shown(folder: Path, out: Path, assignment: str = "a4", **options: object) -> list[tuple[str, str]]:
    report = find_similar(SimilarOptions(assignment, [folder], out, **options))  # type: ignore[arg-type]
    return [(row.first, row.second) for row in report.rows]


@pytest.mark.parametrize("assignment", CLASS)
@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_shown_and_independent_answers_are_not(assignment: str, how: str, tmp_path: Path) -> None:
    students = {f"student-{number}": student(assignment, number) for number in range(CLASS[assignment])}
    folder = written(tmp_path / "class", {**students, "z-copy": COPIES[how](students["student-1"])})
    assert shown(folder, tmp_path / "out", assignment) == [("student-1", "z-copy")]


def test_single_answers_that_are_independent_seldom_pass_the_floor() -> None:
    """8 of 770 pairs, six of them answers of one line a layer or a step; whole submissions share far less."""
    alarms = pairs = 0
    for name in CLASS:
        handout = run._handout_of(load_assignment(name))
        for (file, *_), texts in answers(name).items():
            codes = [fingerprint((File(file, text),), handout).fingerprints for text in texts]
            for one, other in itertools.combinations(codes, 2):
                both, size = len(np.intersect1d(one, other)), min(len(one), len(other))
                pairs += size > 0
                alarms += both >= LEAST and both >= FLOOR * size
    assert pairs > 700
    assert alarms / pairs < 0.015


def test_the_questions_and_lines_of_a_passage_are_named(tmp_path: Path) -> None:
    mine = student("a4", 0)
    copied = {"nmt_model.py": mine["nmt_model.py"].replace("# Question 1d", "# Part 1d")}
    folder = written(tmp_path / "class", {"ada": mine, "bela": copied})
    (row,) = find_similar(SimilarOptions("a4", [folder], tmp_path / "out")).rows
    assert row.view.questions == ("1c", "1d", "1e", "1f"), "1d by its function, the others by their comments"
    assert {place.file for passage in row.view.passages for place in (passage.first, passage.second)} == {
        "nmt_model.py"
    }
    passage = next(passage for passage in row.view.passages if passage.questions == ("1f",))
    lines = mine["nmt_model.py"].split("\n")[passage.first.first - 1 : passage.first.last]
    assert "dec_state = self.decoder(Ybar_t, dec_state)" in lines[0]


def test_the_class_of_an_export_and_resubmissions_of_one_student(tmp_path: Path) -> None:
    ada, bela = student("a4", 0), student("a4", 1)
    export = {
        **{f"lovelaceada_101_{number}_{name}": text.encode() for number, (name, text) in enumerate(ada.items(), 5000)},
        "novakbela_102_5010_a4.zip": zipped({name: text.encode() for name, text in bela.items()}),
        "weichen_103_5020_a4.zip": zipped({name: text.encode() for name, text in ada.items()}),
    }
    packed = tmp_path / "export.zip"
    packed.write_bytes(zipped(export))
    assert shown(packed, tmp_path / "out") == [("lovelaceada", "weichen")]
    folder = written(tmp_path / "class", {"a4-ada": ada, "ada again": ada, "bela": bela})
    roster = tmp_path / "roster.csv"
    roster.write_text("name,id,email\nada again,7,ada@uni.example\nBéla,8,bela@uni.example\n", "utf-8")
    assert shown(folder, tmp_path / "out") == [("a4-ada", "ada again")]
    assert shown(folder, tmp_path / "out", roster=roster) == []


def test_hostile_files_are_compared_or_named(tmp_path: Path) -> None:
    ada = student("a4", 0)
    hostile: dict[str, dict[str, str | bytes]] = {
        "binary": {"utils.py": random.Random(1).randbytes(20_000), "nmt_model.py": b"\0" * 1000},
        "lines": {"utils.py": "x = [" + "1, " * 100_000 + "]\n", "bleu.py": "(" * 10_000},
        "utf-16": {"utils.py": "def f(): pass".encode("utf-16")},
        "no python": {"utils.py": "def (((:\n\t]]]\n", "nmt_model.py": b"# coding: no-such-codec\n\xff\xfe"},
        "<script>alert(1)<script>": {**ada, "utils.py": "x = '</code><script>alert(2)</script>'\n" + ada["utils.py"]},
        "empty": {},
    }
    folder = written(tmp_path / "class", {"ada": ada, **hostile})
    (folder / "empty").mkdir(exist_ok=True)
    report = find_similar(SimilarOptions("a4", [folder], tmp_path / "out"))
    assert [(row.first, row.second) for row in report.rows] == [("<script>alert(1)<script>", "ada")]
    assert list(report.unread) == ["empty"]
    assert {"utf-16", "no python"} <= set(report.too_little)
    assert len(report.names) == 6
    for page in report.folder.glob("*.html"):
        assert "<script>alert" not in page.read_text("utf-8")
        assert page.read_text("utf-8").count("<script>") == (page != report.index)


def test_a_table_for_spreadsheets(tmp_path: Path) -> None:
    ada = student("a4", 0)
    folder = written(tmp_path / "class", {"=cmd()": ada, "bela": ada, "chen": ada, "dora": student("a4", 1)})
    find_similar(SimilarOptions("a4", [folder], tmp_path / "out"))
    with (tmp_path / "out/similar/similar.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["first"], row["second"], row["group"]) for row in rows] == [
        ("'=cmd()", "bela", "1"),
        ("'=cmd()", "chen", "1"),
        ("bela", "chen", "1"),
    ]
    assert {row["share of first %"] for row in rows} == {"100"}
    assert all((tmp_path / "out/similar" / row["page"]).is_file() for row in rows)


def test_the_same_class_gives_the_same_bytes(tmp_path: Path) -> None:
    ada = student("a4", 0)
    folder = written(tmp_path / "class", {"ada": ada, "bela": COPIES["padded"](ada), "chen": student("a4", 1)})
    found = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        command = [sys.executable, "-m", "graders.cli", "similar", "a4", str(folder), "--out", str(out)]
        environment = {**os.environ, "PYTHONPATH": str(course_root()), "PYTHONHASHSEED": seed}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        found.append({path.name: path.read_bytes() for path in sorted((out / "similar").iterdir())})
    assert found[0] == found[1]
    assert list(found[0]) == ["index.html", "pair-001.html", "similar.csv"]


def test_the_output_is_no_submission(tmp_path: Path) -> None:
    ada = student("a4", 0)
    folder = written(tmp_path, {"ada": ada, "bela": ada})
    for _ in range(2):
        report = find_similar(SimilarOptions("a4", [folder], folder / "grades"))
        assert report.names == ("ada", "bela") and not report.unread


def test_pages_of_an_earlier_run_are_gone(tmp_path: Path) -> None:
    ada = student("a4", 0)
    folder = written(tmp_path / "class", {"ada": ada, "bela": ada})
    assert shown(folder, tmp_path / "out")
    write(folder / "bela", {name: text.encode() for name, text in student("a4", 1).items()})
    assert not shown(folder, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out/similar").iterdir()) == ["index.html", "similar.csv"]


def test_most_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MOST_PAGES", 2)
    ada = student("a4", 0)
    folder = written(tmp_path / "class", dict.fromkeys(("ada", "bela", "chen"), ada))
    report = find_similar(SimilarOptions("a4", [folder], tmp_path / "out"))
    assert (len(report.rows), report.not_shown) == (2, 1)
    assert "2 shown, 1 more left out" in report.index.read_text("utf-8")


@pytest.mark.parametrize("threshold", [0.0, -1.0, 101.0, float("nan")])
def test_a_threshold_is_a_percentage(threshold: float) -> None:
    with pytest.raises(OptionError, match=r"--threshold .*: expected a percentage above 0, up to 100"):
        SimilarOptions("a4", [Path()], threshold=threshold)


def test_without_the_extra_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"copydetect is not installed: pip install 'trivium\[similar\]'"):
        find_similar(SimilarOptions("a4", [Path()]))
