"""The exports of platforms, packed and unpacked, as one class: who handed in, what is taken, what cannot be read."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.intake.discovery import Class, distinct, find_class
from graders.intake.path_policy import IntakeError
from graders.intake.submission import Found, read_class
from graders.records.student import Student
from tests.graders.intake.test_sources import member
from tests.graders.intake.test_submission import TOY
from tests.support.class_exports import WHOLE, canvas, gradescope, moodle, write, zipped

Exported = Callable[[Mapping[str, bytes]], Path]
DAMAGED = "is a damaged or truncated zip archive; pack it and hand it in again"


@pytest.fixture(params=["zip", "folder", "folder in folder"])
def exported(request: pytest.FixtureRequest, tmp_path: Path) -> Exported:
    """Return a function that writes an export in one of the ways in which it reaches a teacher."""

    def export(files: Mapping[str, bytes]) -> Path:
        if request.param == "zip":
            (tmp_path / "submissions.zip").write_bytes(zipped({**files, "__MACOSX/._x": b""}))
            return tmp_path / "submissions.zip"
        inside = "submissions/again" if request.param == "folder in folder" else "submissions"
        write(tmp_path / inside, {**files, ".DS_Store": b""})
        return tmp_path / "submissions"

    return export


def read_all(klass: Class) -> dict[str, tuple[list[str] | str, tuple[str, ...]]]:
    """Return the files, or the reason why there are none, and the notes of each submission."""
    return {
        submission.name: (problem or list(submission.files), submission.notes)
        for submission, problem in read_class(klass.found, TOY)
    }


def test_a_class_from_canvas(exported: Exported) -> None:
    path = exported(canvas())
    klass = find_class([path], TOY)
    assert klass.notes == (f"{path}: 7 submissions, as Canvas exports them",)
    assert read_all(klass) == {
        "contidario": (["model.py", "utils.py"], ("took model (1).py for model.py",)),
        "haddadfarid": ("a4.rar is a RAR archive; hand in a zip archive", ()),
        "lovelaceada": (["model.py", "utils.py"], ("left out: 1 other file: report.pdf",)),
        "novakbela": (
            ["model.py", "utils.py"],
            ("late, says Canvas", "opened my-submission.zip", "unwrapped the folder a/"),
        ),
        "theparsers": (["model.py", "utils.py"], ("opened all.zip",)),
        "weichen": (["model.py", "utils.py"], ("took model-1.py for model.py",)),
        "yildizelif": (
            "nothing to grade: found only text.html",
            ("missing: model.py", "missing: utils.py", "nothing to grade: found only text.html"),
        ),
    }
    assert {one.name: one.students for one in klass.found}["weichen"] == (Student(name="weichen", canvas_id="103"),)


def test_a_class_from_moodle(exported: Exported) -> None:
    path = exported(moodle())
    klass = find_class([path], TOY)
    assert klass.notes == (f"{path}: 5 submissions, as Moodle exports them",)
    assert read_all(klass) == {
        "Ada Lovelace": (["model.py", "utils.py"], ()),
        "Béla Novák": (
            ["model.py", "utils.py"],
            ("opened a4-submission.zip", "left out: onlinetext/onlinetext.html: only a4-submission.zip counts"),
        ),
        "Chen Wei": (["model.py", "utils.py"], ("opened hw4/a4.zip",)),
        "Dario Conti": (
            "nothing to grade: found only onlinetext/onlinetext.html",
            (
                *("missing: model.py", "missing: utils.py"),
                "nothing to grade: found only onlinetext/onlinetext.html",
            ),
        ),
        "Elif Yıldız": ("which archive counts? Found a.zip, b.zip; hand in one", ()),
    }
    assert {one.name: one.students for one in klass.found}["Chen Wei"] == (
        Student(name="Chen Wei", moodle_id="1234569"),
    )


def test_a_class_from_moodle_without_folders(exported: Exported) -> None:
    prefix = "Ada Lovelace_12_assignsubmission_file_"
    klass = find_class([exported({f"{prefix}{name}": content for name, content in WHOLE.items()})], TOY)
    assert read_all(klass) == {"Ada Lovelace": (["model.py", "utils.py"], ())}


def test_a_class_from_gradescope(exported: Exported) -> None:
    path = exported(gradescope())
    klass = find_class([path], TOY)
    assert klass.notes == (f"{path}: 3 submissions, as Gradescope exports them",)
    assert read_all(klass) == {
        "Ada Lovelace (0007)": (["model.py", "utils.py"], ()),
        "Ada Lovelace (0009)": (
            "nothing to grade: found only sorry.txt",
            ("missing: model.py", "missing: utils.py", "nothing to grade: found only sorry.txt"),
        ),
        "Béla Novák, Chen Wei": (["model.py", "utils.py"], ("unwrapped the folder a4/",)),
    }
    assert [student.email for one in klass.found for student in one.students] == [
        *("ada@example.edu", "other.ada@example.edu", "bela@example.edu", "chen@example.edu")
    ]


def test_a_submission_of_gradescope_without_its_folder_is_not_read(tmp_path: Path) -> None:
    files = {name: content for name, content in gradescope().items() if "303" not in name}
    klass = find_class([write(tmp_path, files) / "assignment_4711_export"], TOY)
    assert read_all(klass)["Ada Lovelace (0007)"][0] == "nothing to grade: it holds no files"


@pytest.mark.parametrize(
    ("files", "pieces", "name"),
    [
        (canvas(), ["novakbela_LATE_102_5010_my-submission.zip"], "novakbela"),
        (canvas(), ["lovelaceada_101_5000_model.py", "lovelaceada_101_5001_utils.py"], "lovelaceada"),
        (moodle(), ["Ada Lovelace_1234567_assignsubmission_file_"], "Ada Lovelace"),
        (canvas(), ["lovelaceada_101_5001_utils.py"], "lovelaceada"),  # with her other files
        (gradescope(), ["assignment_4711_export/submission_304"], "Béla Novák, Chen Wei"),
        (gradescope(), ["assignment_4711_export/submission_303"], "Ada Lovelace (0007)"),
    ],
)
def test_one_student_of_an_unpacked_export(
    files: dict[str, bytes], pieces: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named as in the whole class, whichever way the path is written."""
    write(tmp_path / "export", files)
    monkeypatch.chdir(tmp_path / "export")
    for start in (Path(), tmp_path / "export"):
        klass = find_class([start / piece for piece in pieces], TOY)
        assert [one.name for one in klass.found] == [name]
        assert read_all(klass)[name][0] == ["model.py", "utils.py"]
    if files == moodle():
        monkeypatch.chdir(pieces[0])
        assert [one.name for one in find_class([Path()], TOY).found] == [name]


def test_all_of_an_unpacked_export_as_the_shell_lists_it(tmp_path: Path) -> None:
    for number, files in enumerate((canvas(), moodle())):
        folder = write(tmp_path / str(number), files)
        listed = find_class(sorted(folder.iterdir()), TOY)
        assert read_all(listed) == read_all(find_class([folder], TOY))


def test_other_submissions_beside_an_unpacked_export(tmp_path: Path) -> None:
    """Such as those that came by e-mail, and the output of an earlier run."""
    write(tmp_path, {**moodle(), "roster.csv": b"name\n", "grades/gradebook.sqlite": b"", ".git/HEAD": b""})
    write(tmp_path / "Late Larry", WHOLE)
    write(tmp_path / "bob~", WHOLE)
    (tmp_path / "mary.zip").write_bytes(zipped(WHOLE))
    klass = find_class([tmp_path], TOY)
    assert {"Late Larry", "bob~", "mary.zip", "Ada Lovelace"} < {one.name for one in klass.found}
    assert klass.notes == (
        f"{tmp_path}: 5 submissions, as Moodle exports them",
        f"{tmp_path}: left out: roster.csv: of no student",
    )


def test_two_sections_are_one_class(tmp_path: Path) -> None:
    for section, number in (("1", "11"), ("2", "22")):
        files = {f"Ada_{number}_assignsubmission_file_/{name}": content for name, content in WHOLE.items()}
        (tmp_path / f"{section}.zip").write_bytes(zipped(files))
    klass = find_class([tmp_path / "1.zip", tmp_path / "2.zip"], TOY)
    assert [one.name for one in klass.found] == ["Ada (11)", "Ada (22)"]


def test_a_submission_cannot_pose_as_the_export_of_a_class(tmp_path: Path) -> None:
    """It would put its files into the rows of others."""
    class_of_two = tmp_path / "class"
    forged = {"benlund_7_8_utils.py": b"", "benlund_7_9_model.py": b"", "evestone_1_2_utils.py": b""}
    write(class_of_two / "ben", WHOLE)
    (class_of_two / "eve.zip").write_bytes(zipped(forged))
    write(class_of_two / "fay", forged)
    for paths in ([class_of_two], sorted(class_of_two.iterdir())):
        assert [one.name for one in find_class(paths, TOY).found] == ["ben", "eve.zip", "fay"]


def test_what_a_platform_hands_over_as_one_submission_is_one(tmp_path: Path) -> None:
    for name, files in (
        ("folders", {f"hw/{name}": content for name, content in WHOLE.items()} | {"data/words.txt": b""}),
        (
            "export",
            {"submission_metadata.yml": b"a: [", **{f"submission_7/{n}": content for n, content in WHOLE.items()}},
        ),
    ):
        write(tmp_path / name, files)
        klass = find_class([tmp_path / name], TOY, single=True)
        assert [(one.name, one.source) for one in klass.found] == [(name, tmp_path / name)] and not klass.notes
        assert read_all(klass)[name][0] == ["model.py", "utils.py"]


def test_a_forged_export_among_submissions_stops_nobody(tmp_path: Path) -> None:
    forged = {"submission_metadata.yml": b"a: [", "x/utils.py": b""}
    (tmp_path / "a-eve.zip").write_bytes(zipped(forged))
    write(tmp_path / "b-eve", forged)
    (tmp_path / "ben.zip").write_bytes(zipped(WHOLE))
    for paths in ([tmp_path], sorted(tmp_path.iterdir())):
        found = read_all(find_class(paths, TOY))
        assert list(found) == ["a-eve.zip", "b-eve", "ben.zip"] and found["ben.zip"][0] == ["model.py", "utils.py"]
    with pytest.raises(IntakeError, match=r"submission_metadata\.yml: cannot be read"):
        find_class([tmp_path / "a-eve.zip"], TOY)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_metadata_that_is_there_twice_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    path.write_bytes(zipped(gradescope()))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("assignment_4711_export/submission_metadata.yml", "submission_303: {}")
    assert [one.name for one in find_class([path], TOY).found] == ["submission_303"]


def test_an_export_with_more_entries_than_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "e.zip"
    path.write_bytes(zipped(canvas()))
    entries = len(canvas())
    monkeypatch.setattr("graders.intake.export._ENTRIES", entries)
    assert len(find_class([path], TOY).found) == 7
    monkeypatch.setattr("graders.intake.export._ENTRIES", entries - 1)
    assert [one.name for one in find_class([path], TOY).found] == ["e.zip"]


def test_files_of_nobody_in_a_class_are_told(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"ada/utils.py": b"", "ben/model.py": b"", "grades.csv": b"", "cleo_utils.py": b"", ".x": b"", "a~": b""},
    )
    for paths in ([tmp_path], sorted(tmp_path.iterdir())):
        klass = find_class(paths, TOY)
        assert [one.name for one in klass.found] == ["ada", "ben"]
        assert klass.notes == (f"{tmp_path}: left out: cleo_utils.py, grades.csv: of no student",)
    with pytest.raises(IntakeError, match="typo: cannot be read: No such file or directory"):
        find_class([tmp_path / "ada", tmp_path / "typo"], TOY)


def test_some_names_like_those_of_canvas_make_no_export(tmp_path: Path) -> None:
    write(tmp_path / "ben", WHOLE)
    write(tmp_path / "ada", WHOLE)
    write(tmp_path, {"plot_1_2_a.png": b""})
    assert [one.name for one in find_class([tmp_path], TOY).found] == ["ada", "ben"]


# What is unsafe in one submission costs the others nothing


@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [
        ("../../x.py", 0, "../../x.py leads out of the submission; pack the files again from their own folder"),
        ("a\\..\\..\\..\\x", 0, "a/../../../x leads out of the submission; pack the files again from their own folder"),
        ("x\0.py", 0, "x%00.py has a NUL character in its name; pack the files again from their own folder"),
        ("a/b.py", stat.S_IFLNK, "a/b.py is a link; hand in plain files and folders"),
        ("a.fifo", stat.S_IFIFO, "a.fifo is a named pipe; hand in plain files and folders"),
    ],
)
def test_an_unsafe_member_is_refused_with_its_submission(tmp_path: Path, name: str, mode: int, said: str) -> None:
    path = tmp_path / "moodle.zip"
    path.write_bytes(zipped(moodle()))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member(f"Ada Lovelace_1234567_assignsubmission_file_/{name}", mode), b"")
        archive.writestr(member("../../etc/passwd"), b"")
    found = read_all(find_class([path], TOY))
    assert found["Ada Lovelace"][0] == said
    assert found["Chen Wei"][0] == ["model.py", "utils.py"]


def test_a_link_is_refused_with_its_submission(tmp_path: Path) -> None:
    secret = write(tmp_path / "elsewhere", WHOLE)
    export = write(tmp_path / "export", moodle())
    (export / "Ada Lovelace_1234567_assignsubmission_file_" / "more.py").symlink_to(secret / "utils.py")
    (export / "Eve_9_assignsubmission_file_").symlink_to(secret)
    os.mkfifo(export / "Chen Wei_1234569_assignsubmission_file_" / "pipe")
    found = read_all(find_class([export], TOY))
    assert found["Ada Lovelace"][0] == "more.py is a link; hand in plain files and folders"
    assert found["Eve"][0] == "Eve_9_assignsubmission_file_ is a link; hand in plain files and folders"
    assert found["Chen Wei"][0] == "pipe is a named pipe; hand in plain files and folders"
    assert found["Béla Novák"][0] == ["model.py", "utils.py"]


def test_names_that_no_file_can_have_are_names_in_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a\0_1_10_utils.py", "b\x1b[31m_2_11_model.py", "c" * 300 + "_3_12_utils.py"):
            archive.writestr(member(name), b"1")
    klass = find_class([path], TOY)
    assert all(one.name.isprintable() and len(one.name) <= 100 for one in klass.found)
    assert [one.source.resolve().parent for one in klass.found] == [path] * 3
    assert [bool(submission.files) for submission, _ in read_class(klass.found, TOY)] == [True, True, True]


def test_two_attachments_of_one_name_are_not_chosen_from(tmp_path: Path) -> None:
    files = {"a_1_10_utils.py": b"1", "a_1_11_utils.py": b"2", "a_1_12_model.py": b"", "b_2_13_utils.py": b"1"}
    for path in (write(tmp_path / "e", files), tmp_path / "e.zip"):
        if path.suffix:
            path.write_bytes(zipped(files))
        found = read_all(find_class([path], TOY))
        assert found["a"][0] == "contains utils.py twice; hand in only one"
        assert found["b"][0] == ["utils.py"]


def test_a_bomb_in_an_export_is_one_submission(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    path.write_bytes(zipped({"a_1_10_utils.py": b"0" * 50_000_000, "b_2_11_utils.py": b"1"}))
    found = read_all(find_class([path], TOY))
    assert found["a"][0] == "utils.py is larger than 1,000,000 bytes; hand in only the files asked for"
    assert found["b"][0] == ["utils.py"]


def test_a_damaged_export_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(zipped(canvas())[:-40])
    assert read_all(find_class([tmp_path / "e.zip"], TOY)) == {"e.zip": (DAMAGED, ())}


_SOUND = {"canvas": zipped(canvas()), "moodle": zipped(moodle()), "gradescope": zipped(gradescope())}


@given(
    st.sampled_from(sorted(_SOUND)),
    st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=9),
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_changed_export_is_read_or_refused_in_one_line(platform: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(_SOUND[platform])
    directory = data.index(b"PK\x01\x02")
    for place, value in changes:
        data[directory + place * (len(data) - directory) // 1000] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e.zip"
        path.write_bytes(data)
        try:
            klass = find_class([path], TOY)
        except IntakeError as error:
            assert str(error).isprintable()
        else:
            for submission, problem in read_class(klass.found, TOY):
                assert (
                    bool(problem) != bool(submission.files) and submission.name.isprintable() and problem.isprintable()
                )


# Repositories


def test_a_clone_is_one_submission_wherever_its_files_lie(tmp_path: Path) -> None:
    clone = write(
        tmp_path / "a4-ada", {".git/HEAD": b"", ".github/workflows/x.yml": b"", "README.md": b"", "data/x": b""}
    )
    write(clone / "hw" / "a4", WHOLE)
    [ada] = find_class([clone], TOY).found
    assert (ada.name, read_all(Class((ada,)))["a4-ada"][0]) == ("a4-ada", ["model.py", "utils.py"])
    write(clone / "ben", WHOLE)
    write(clone / "carl", WHOLE)
    assert [one.name for one in find_class([clone], TOY).found] == ["ben", "carl", "data", "hw"]


def test_hidden_folders_and_our_own_output_in_a_repository_are_not_seen(tmp_path: Path) -> None:
    write(tmp_path, {**WHOLE, ".github/utils.py": b"", ".cache/x/model.py": b""})
    write(tmp_path / "out", {"gradebook.sqlite": b"", "results/ada.json": b"", "report/index.html": b""})
    [(files, notes)] = read_all(find_class([tmp_path], TOY)).values()
    assert (files, notes) == (["model.py", "utils.py"], ())


# Names


def found_at(name: str, place: str, *students: Student) -> Found:
    return Found(name, Path(place), lambda limits: pytest.fail("is not read"), students)


def test_equal_names_are_told_apart_by_numbers_then_by_folders() -> None:
    found = [
        *(found_at("Ada", "e/1", Student(canvas_id="5")), found_at("Ada", "e/2", Student(canvas_id="6"))),
        *(found_at("x", "/b/x"), found_at("x", "/a/x"), found_at("x (2)", "/a/x (2)"), found_at("y", "/a/y")),
    ]
    assert [one.name for one in distinct(found)] == ["Ada (5)", "Ada (6)", "x (2)", "x (a)", "x (b)", "y"]


_names = st.sampled_from(["x", "x (2)", "x (a)", "x (a) (2)", "'x", "X", "y"])
_found = st.builds(
    lambda name, folder, number: found_at(name, f"/{folder}/{name}", *[Student(id=number)] * bool(number)),
    _names,
    st.sampled_from("ab"),
    st.sampled_from(["", "1", "2", "a"]),
)


@given(st.lists(_found, max_size=8), st.randoms(use_true_random=False))
def test_every_submission_has_a_name_of_its_own_in_any_order(found: list[Found], random) -> None:  # type: ignore[no-untyped-def]
    named = distinct(found)
    assert len({one.name for one in named}) == len(found)
    assert sorted(one.source for one in named) == sorted(one.source for one in found)
    alone = {one.name for one in found if sum(other.name == one.name for other in found) == 1}
    shuffled = random.sample(found, len(found))
    again = distinct(shuffled)
    assert sorted((one.name, one.source) for one in again) == sorted((one.name, one.source) for one in named)
    for one in found:
        if one.name in alone:
            assert any(same.name == one.name and same.source == one.source for same in named)


def test_nothing_is_written_into_an_export(tmp_path: Path) -> None:
    export = write(tmp_path / "export", {**moodle(), **canvas()})
    before = sorted(export.rglob("*"))
    read_all(find_class([export], TOY))
    assert sorted(export.rglob("*")) == before
    shutil.rmtree(export)
    with pytest.raises(IntakeError, match="cannot be read: No such file or directory"):
        find_class([export], TOY)
