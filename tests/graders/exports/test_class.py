from __future__ import annotations

import csv
import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.exports import export_class
from graders.exports.annotations import unread_command
from graders.exports.junit import junit_xml
from graders.exports.table import console_table
from graders.records.result import Result, Unread
from tests.support.results import FAILED, PASSED, SECRET, classes, made, stored, texts


def test_the_files_of_a_class(tmp_path: Path) -> None:
    paths = export_class([made("ben.zip", FAILED), made("../ada", PASSED)], tmp_path / "out")
    assert paths[:2] == [tmp_path / "out" / "gradebook.csv", tmp_path / "out" / "report" / "index.html"]
    assert [path.name for path in paths[2:]] == ["_ada~" + paths[2].stem[-16:] + ".json", "ben.zip.json"]
    pages = [path for path in tmp_path.rglob("*.html") if path.parent.name == "submissions"]
    assert sorted(path.stem for path in pages) == sorted(path.stem for path in paths[2:])
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted([*paths, *pages])


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OSError):
        export_class([made("ada", PASSED)], tmp_path / "out")


@settings(max_examples=30)
@given(classes(), st.randoms(use_true_random=False))
def test_equal_classes_give_equal_files_with_the_same_points_in_any_order(results: list[Result], random) -> None:  # type: ignore[no-untyped-def]
    distinct = list({(result.submission, result.digest): result for result in results}.values())
    shuffled = random.sample(distinct, len(distinct))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        paths = [path.relative_to(one) for path in export_class(distinct, Path(one))]
        export_class(shuffled, Path(two))
        files, again = (
            {path.relative_to(out): path.read_bytes() for path in Path(out).rglob("*.*") if path.is_file()}
            for out in (one, two)
        )
    assert files == again and len(files) == 2 + 2 * len(distinct)

    rows = list(csv.DictReader(io.StringIO(files[Path("gradebook.csv")].decode(), newline="")))
    reports = [json.loads(files[path]) for path in paths[2:]]
    suites = ET.fromstring(junit_xml(sorted(distinct, key=lambda r: (r.submission, r.digest))).encode())
    points = [property.get("value") for property in suites.iter("property") if property.get("name") == "points"]
    assert [float(row["total"]) for row in rows] == [r["score"] for r in reports] == [float(p or "") for p in points]
    assert not any(SECRET.encode() in data for path, data in files.items() if path.suffix != ".html")


@given(st.lists(st.builds(Unread, texts().map(stored), texts().map(stored)), min_size=1, max_size=3))
def test_what_could_not_be_read_is_in_every_export_and_has_no_mark(unread: list[Unread]) -> None:
    graded = made("ada", PASSED)
    with tempfile.TemporaryDirectory() as out:
        gradebook, report, result = export_class([graded], Path(out), unread)
        table = list(csv.DictReader(io.StringIO(gradebook.read_text(encoding="utf-8"), newline="")))
        page = report.read_text(encoding="utf-8")
    assert result.name == "ada.json"
    assert [row["notes"][:10] for row in table[1:]] == ["not read: "] * len(unread)
    assert {cell for row in table[1:] for title, cell in row.items() if title not in ("submission", "notes")} == {""}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in table for cell in row.values())
    assert f"{len(unread)} submission" in page
    assert console_table([graded], unread).count("not read:") >= len(unread)
    suites = ET.fromstring(junit_xml([graded], unread).encode())
    assert [suite.get("errors") for suite in suites][1:] == ["1"] * len(unread)
    assert all(unread_command("a4", one).count("\n") == 1 for one in unread)


def test_a_hint_costs_nothing_and_is_read_in_every_export(tmp_path: Path) -> None:
    """A point of style: it passes with something to say, and no export counts it as a failure."""
    said, do = "pad_sents() appends the padding to the lists that it is given", "make new lists"
    result = made("ada", PASSED, replace(PASSED, check="style", weight=0, message=said, hint=do))
    export_class([result], tmp_path)
    files = {path.name: path.read_text() for path in tmp_path.rglob("*.*") if path.is_file()}
    files["junit.xml"] = junit_xml([result])
    assert all(said in files[name] for name in ("ada.html", "ada.json", "junit.xml"))
    [suite] = ET.fromstring(files["junit.xml"].encode())
    assert [suite.get(count) for count in ("tests", "failures", "errors")] == ["2", "0", "0"]
    tests = json.loads(files["ada.json"])["tests"]
    assert [(test["status"], test["score"], test["max_score"]) for test in tests] == [
        ("passed", 8, 8),
        ("passed", 0, 0),
    ]
