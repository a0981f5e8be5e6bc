"""`trivium similar`: what it prints, and its exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.cli.main import main
from graders.records.gradebook import Gradebook
from graders.records.result import Unread
from tests.support.class_exports import write
from tests.support.copies import student


def test_it_prints_the_pairs_and_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, number in (("ada", 0), ("bela", 0), ("chen", 1)):
        write(tmp_path / "class" / name, {path: text.encode() for path, text in student("a4", number).items()})
    status = main(["similar", "a4", str(tmp_path / "class"), "--out", str(tmp_path / "out")])
    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "100 % of ada, 100 % of bela: 1a, 1b, 1c, 1d, 1e, 1f, 2b, 2c, 2d",
        "class of 3, 3 pairs: 1 from 30 % on, to be read by a person",
        str(tmp_path / "out/similar/index.html"),
    ]


def test_one_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "class/ada", {"utils.py": b"x = 1"})
    write(tmp_path / "class", {"bela.zip": b"PK no archive"})
    assert main(["similar", "a4", str(tmp_path / "class"), "--out", str(tmp_path / "out")]) == 1
    assert "bela.zip: not read: " in capsys.readouterr().err


def test_what_was_not_compared_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two notebooks that are none share nothing because nothing was read of them."""
    for name in ("ada", "bela"):
        write(tmp_path / "class" / name, {"exploring_word_vectors.ipynb": b'{"cells'})
    assert main(["similar", "a1", str(tmp_path / "class"), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("class of 2, 1 pair: 0 from 30 % on")
    ada, bela, both = said.err.splitlines()
    assert ada.startswith("note: ada: not compared: exploring_word_vectors.ipynb") and bela.startswith("note: bela: ")
    assert both == "note: 2 with too little code of their own to be in a pair: the page names them"


def test_a_folder_of_another_assignment_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Gradebook(tmp_path / "gradebook.sqlite") as book:
        book.put_unread("a2", Unread("ben", "is empty"), tmp_path / "ben")
    assert main(["similar", "a4", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"trivium similar: --out {tmp_path}: has the gradebook of a2; choose another folder for a4\n"
    )


def test_ctrl_c_does_not_promise_that_anything_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("graders.cli.similar.find_similar", interrupted)
    assert main(["similar", "a4", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "trivium: interrupted\n"


def test_a_threshold_out_of_range_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["similar", "a4", str(tmp_path), "--threshold", "200"]) == 2
    assert capsys.readouterr().err == "trivium similar: --threshold 200: expected a percentage above 0, up to 100\n"
