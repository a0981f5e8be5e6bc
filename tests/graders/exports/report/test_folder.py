"""The folders of a report: what is written, what is left alone, and what is deleted."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from graders.exports.report import write_report, write_student_reports
from graders.records.result import Result
from sanity.core.feedback import Dial
from tests.support.pages import Page
from tests.support.results import FAILED, PASSED, copy, made

CLASS = [made("../ada", FAILED), made("ben", PASSED), made("Cem x.zip", PASSED)]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def inodes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.rglob("*.html")}


def test_an_index_and_a_page_for_each(tmp_path: Path) -> None:
    index = write_report(CLASS, tmp_path / "report")
    written = files(tmp_path / "report")
    assert index == tmp_path / "report" / "index.html" and len(written) == 4
    links = [link for link in Page(index.read_text()).links if not link.startswith("#")]
    assert {*links} == written.keys() - {"index.html"}


def test_each_page_leads_to_its_neighbours(tmp_path: Path) -> None:
    folder = write_report([made(name, PASSED) for name in ("ada", "ben", "cem")], tmp_path).parent / "submissions"
    found = {path.stem: [link for link in Page(path.read_text()).links if "#" not in link] for path in folder.iterdir()}
    assert found == {
        "ada": ["../index.html", "ben.html"],
        "ben": ["../index.html", "ada.html", "cem.html"],
        "cem": ["../index.html", "ben.html"],
    }


def test_the_same_class_gives_the_same_bytes_and_writes_nothing_again(tmp_path: Path) -> None:
    write_report(CLASS, tmp_path)
    before, places = files(tmp_path), inodes(tmp_path)
    write_report(copy(CLASS), tmp_path)
    assert files(tmp_path) == before and inodes(tmp_path) == places


def test_only_pages_that_changed_are_written_again(tmp_path: Path) -> None:
    write_report(CLASS, tmp_path)
    places = inodes(tmp_path)
    write_report([*CLASS[:1], made("ben", FAILED), *CLASS[2:]], tmp_path)
    assert {name for name, place in inodes(tmp_path).items() if places[name] != place} == {"ben.html", "index.html"}


def test_pages_of_submissions_that_are_gone_are_deleted_and_nothing_else(tmp_path: Path) -> None:
    write_report(CLASS, tmp_path)
    other = tmp_path / "submissions" / "notes.html"
    other.write_text("<p>my own notes</p>")
    write_report(CLASS[1:2], tmp_path)
    assert {*files(tmp_path)} == {"index.html", "submissions/ben.html", "submissions/notes.html"}


@pytest.mark.parametrize("own", [False, True])
def test_a_folder_for_each_student(tmp_path: Path, own: bool) -> None:
    results = [made("ada", FAILED), made("ben", PASSED)]
    ada, ben = write_student_reports(results, tmp_path, Dial())
    assert (ada, ben) == (tmp_path / "ada" / "index.html", tmp_path / "ben" / "index.html")
    assert {*files(tmp_path)} == {"ada/index.html", "ben/index.html"}
    assert "ben" not in ada.read_text() and "ada" not in ben.read_text()
    if own:
        (tmp_path / "ada" / "thanks.txt").write_text("for the feedback")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<p>another page</p>")
    write_student_reports(results[1:], tmp_path, Dial())
    kept = {"ada/thanks.txt"} if own else set()
    assert {*files(tmp_path)} == {"ben/index.html", "site/index.html"} | kept
    assert (tmp_path / "ada").exists() == own


def test_an_old_result_without_evidence_is_read(tmp_path: Path) -> None:
    """Gradebooks of before have neither differences nor scripts."""
    data = msgspec.to_builtins(CLASS[0])
    for question in data["questions"]:
        for verdict in question["verdicts"]:
            del verdict["script"], verdict["difference"]
    assert msgspec.convert(data, Result) == CLASS[0]
