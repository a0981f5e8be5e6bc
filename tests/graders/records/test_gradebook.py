from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.records.gradebook import Gradebook, GradebookError, result_key
from graders.records.result import Result, Signature, Unread
from graders.records.student import Student
from graders.text.sanitize import encodable
from tests.support.results import CRASHED, FAILED, PASSED, classes, handed_in_by, made
from tests.support.results import results as any_result

SOURCE = Path("/class/ada")


def rows(path: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as database:
        return database.execute("SELECT * FROM results ORDER BY submission, key").fetchall()


@dataclass
class Key:
    assignment: str = "a4"
    submission: str = "s"
    graders: str = "g"
    seed: int = 7
    isolation: str = "sandlock"
    questions: tuple[str, ...] = ("1d", "1e")
    python: str = "3.11.2"
    trivium: str = "1"

    def hash(self) -> str:
        versions = {"python": self.python, "trivium": self.trivium}
        signature = Signature(self.seed, self.isolation, self.graders, versions)
        return result_key(self.assignment, self.submission, signature, self.questions)


def test_a_key_depends_on_each_part_and_not_on_the_order_of_questions() -> None:
    other = [
        Key(assignment="a5"), Key(submission="t"), Key(graders="h"), Key(seed=8), Key(isolation="none"),
        Key(questions=("1d",)), Key(submission="sg", graders=""), Key(questions=("1d1e",)), Key(python="3.11.3"),
    ]  # fmt: skip
    assert len({key.hash() for key in [Key(), *other]}) == 1 + len(other)
    assert Key(questions=("1e", "1d", "1e")).hash() == Key().hash()
    assert Key(trivium="2").hash() == Key().hash()  # what decides marks is in `graders`


@given(any_result())
def test_a_result_comes_back_as_it_was(result: Result) -> None:
    with tempfile.TemporaryDirectory() as folder, Gradebook(Path(folder) / "book.db") as book:
        book.put("k", result, SOURCE)
        back = book.get("k", result.submission)
        assert back is not None
        names = {"submission": encodable(result.submission), "notes": tuple(map(encodable, result.notes))}
        assert back == msgspec.structs.replace(result, **names)
        assert book.get("other", result.submission) is None and book.get("k", result.submission + "x") is None


@settings(max_examples=30)
@given(classes(), st.data())
def test_the_order_of_grading_and_a_second_run_do_not_matter(results: list[Result], data: st.DataObject) -> None:
    graded = list({(result.digest, encodable(result.submission)): result for result in results}.values())
    order = data.draw(st.permutations(graded + data.draw(st.lists(st.sampled_from(graded))) if graded else []))
    with tempfile.TemporaryDirectory() as folder:
        for name, sequence in [("straight", graded), ("resumed", order)]:
            half = len(sequence) // 2
            for part in (sequence[:half], sequence[half:]):
                with Gradebook(Path(folder) / name) as book:
                    for result in part:
                        book.put(result.digest, result, SOURCE)
        assert rows(Path(folder) / "straight") == rows(Path(folder) / "resumed")
        with Gradebook(Path(folder) / "straight") as one, Gradebook(Path(folder) / "resumed") as two:
            assert one.results() == two.results() and len(one.results()) == len(graded)


def test_identical_files_of_two_students_are_two_rows(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book.db") as book:
        book.put("same", made("ben", PASSED), SOURCE)
        book.put("same", made("ada", PASSED), SOURCE)
        assert [result.submission for result in book.results()] == ["ada", "ben"]


def test_a_new_result_takes_the_place_of_the_old(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book.db") as book:
        book.put("k", made("ada", FAILED), SOURCE)
        book.put("k", made("ada", PASSED), SOURCE)
        assert book.results() == [made("ada", PASSED)]


def test_students_are_those_of_the_latest_result(tmp_path: Path) -> None:
    ada, bela = Student(name="Ada", id="1"), Student(name="Bela")
    with Gradebook(tmp_path / "book.sqlite") as book:
        book.put("b", handed_in_by(made("pair", FAILED), bela), tmp_path)
        book.put("a", handed_in_by(made("pair", PASSED), ada, bela), tmp_path)
        book.put("a", made("nobody", PASSED), tmp_path)
        assert book.students("a4") == {"pair": (ada, bela), "nobody": ()}
        assert book.students("a3") == {}


def test_names_that_are_not_text_stay_apart(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book.db") as book:
        book.put("k", made("\udcff", FAILED), SOURCE)
        book.put("k", made("\udcfe", PASSED), SOURCE)
        assert len(book.results()) == 2
        assert book.get("k", "\udcfe") == made("\\udcfe", PASSED)


GRADE_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from tests.support.results import CRASHED, FAILED, made
from graders.records.gradebook import Gradebook

with Gradebook(Path(sys.argv[1])) as book:
    for i in count():
        book.put(f"key {i}", made(f"student {i:05}", FAILED, CRASHED), Path("/class/ada"))
        print(i, flush=True)
"""


def test_a_killed_run_loses_nothing_and_resumes_to_the_same_gradebook(tmp_path: Path) -> None:
    killed, straight = tmp_path / "killed.db", tmp_path / "straight.db"
    run = subprocess.Popen(
        [sys.executable, "-c", GRADE_FOR_EVER, str(killed)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.stdout is not None
    while (line := run.stdout.readline().strip()) != "20":
        assert line
    run.kill()
    told = 20 + len(run.stdout.read().split())
    run.wait()

    with Gradebook(killed) as book:
        there = len(book.results())
        assert there >= told + 1  # everything it said it had graded
        class_of = {f"key {i}": made(f"student {i:05}", FAILED, CRASHED) for i in range(there + 10)}
        for key, result in class_of.items():
            if book.get(key, result.submission) is None:
                book.put(key, result, SOURCE)
    with Gradebook(straight) as book:
        for key, result in class_of.items():
            book.put(key, result, SOURCE)
    assert rows(killed) == rows(straight)


def one_line(path: Path) -> str:
    with pytest.raises(GradebookError) as caught, Gradebook(path) as book:
        book.results()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    path.write_text("submission,total\n" * 100)
    assert one_line(path) == (
        f"{path}: cannot use this gradebook: file is not a database; "
        "choose another folder, or move the file away and grade again"
    )
    assert path.read_text() == "submission,total\n" * 100


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE results (key TEXT)")
    before = path.read_bytes()
    assert one_line(path) == f"{path}: this database is not a gradebook; choose another folder"
    assert path.read_bytes() == before


def test_a_damaged_gradebook(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    with Gradebook(path) as book:
        for i in range(50):
            book.put("k", made(f"{i}", FAILED, CRASHED), SOURCE)
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    assert one_line(path).startswith(f"{path}: cannot use this gradebook: database disk image is malformed")


def test_a_folder_in_its_place_and_a_file_where_its_folder_should_be(tmp_path: Path) -> None:
    assert one_line(tmp_path).startswith(f"{tmp_path}: cannot use this gradebook: unable to open database file; ")
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "book.db"
    assert one_line(path).startswith(f"{path}: cannot use this gradebook: File exists; ")


def test_one_that_is_in_use_or_on_a_full_disk_is_not_to_be_moved_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graders.records.gradebook.SECONDS", 0.01)
    path = tmp_path / "book.db"
    with Gradebook(path) as first, Gradebook(path) as second:
        with first.locked(), pytest.raises(GradebookError) as busy:
            second.put("k", made("ada", PASSED), SOURCE)
        second._database.execute("PRAGMA max_page_count = 1")  # as on a full disk
        with pytest.raises(GradebookError) as full:
            for number in range(100):
                second.put("k", made(f"{number}", FAILED, CRASHED), SOURCE)
    assert str(busy.value).endswith(
        "database is locked; another program is writing to it: try again when that has ended"
    )
    assert str(full.value).endswith("disk is full; free some space on its disk, and run the same command again")


def test_a_result_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    with Gradebook(path) as book:
        book.put("k", made("ada", PASSED), SOURCE)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE results SET result = ?", (b'{"assignment":"a4"}',))
    assert one_line(path) == (f"{path}: contains a result from another version: Object missing required field `title`")


def test_two_graders_may_write_at_once(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book.db") as one, Gradebook(tmp_path / "book.db") as two:
        one.put("k", made("ada", PASSED), SOURCE)
        two.put("k", made("ben", CRASHED), SOURCE)
        assert one.results() == two.results() == [made("ada", PASSED), made("ben", CRASHED)]


def test_what_could_not_be_read_counts_until_it_is_stored_again(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "book.db") as book:
        book.put("k", made("ada", PASSED), SOURCE)
        book.remove("a4", ["ada"])
        book.put_unread("a4", Unread("ada", "is a link"), Path("/class/ada"))
        book.put_unread("a4", Unread("ada", "is \udcff"), Path("/class/\udcff"))
        book.put_unread("a2", Unread("ben", "is empty"), Path("/class/ben"))
        assert book.unread("a4") == [Unread("ada", r"is \udcff")]
        assert book.removed("a4") == set()
        assert book.sources("a4") == {"ada": Path(r"/class/\udcff")}
        assert book.assignments() == ["a2", "a4"]
    with Gradebook(tmp_path / "book.db") as book:
        book.put("k", made("ada", PASSED), SOURCE)
        assert book.unread("a4") == []
