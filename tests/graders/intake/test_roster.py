"""Rosters: made from exports and sheets, read in any spreadsheet's dialect, and what joins whom."""

from __future__ import annotations

import tempfile
import unicodedata
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.intake.discovery import find_class
from graders.intake.path_policy import IntakeError
from graders.intake.roster import Roster, RosterError, combined, make_roster, read_roster, roster_csv
from graders.records.student import Student
from tests.graders.intake.test_submission import TOY
from tests.support.class_exports import WHOLE, canvas, gradescope, moodle, write, zipped

ADA = Student(name="Ada Lovelace", id="0007", email="Ada@example.edu", canvas_id="101", section="A")
BELA = Student(name="Béla Novák", id="0008", moodle_id="1234568")

CANVAS_SHEET = """\
Student,ID,SIS User ID,SIS Login ID,Section,Assignment 4 (77),Current Score
    Points Possible,,,,,35,(read only)
"Lovelace, Ada",101,0007,ada@example.edu,CS 224N,,
"Novák, Béla",102,0008,bela,CS 224N,,
"Student, Test",999,,,CS 224N,,
"""
MOODLE_SHEET = """\
Identifier,"Full name","ID number","Email address",Status,Group,Grade,"Maximum grade","Last modified (grade)"
"Participant 1234567","Ada Lovelace",0007,ada@example.edu,"Submitted for grading",Blue,,35.00,-
"Participant 1234568","Béla Novák",0008,,"No submission",,,35.00,-
"""
GRADESCOPE_SHEET = """\
First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status
Ada,Lovelace,0007,ada@example.edu,A,8.0,35.0,Graded
Béla,Novák,0008,bela@example.edu,,,35.0,Missing
"""


EXPECTED = "r.csv:1: expected some of the columns name, id, email, canvas_id, moodle_id, section, group"


def made(folder: Path, *files: str | bytes) -> list[Student]:
    """Return the roster of sheets and exports."""
    paths = []
    for number, content in enumerate(files):
        path = folder / f"{number}{'.csv' if isinstance(content, str) else '.zip'}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(path)
    return make_roster(paths)


def test_a_roster_from_the_sheet_of_each_platform(tmp_path: Path) -> None:
    ada = Student(name="Ada Lovelace", id="0007", email="ada@example.edu")
    bela = Student(name="Béla Novák", id="0008")
    change = msgspec.structs.replace
    assert made(tmp_path, CANVAS_SHEET) == [
        change(ada, canvas_id="101", section="CS 224N"),
        change(bela, canvas_id="102", section="CS 224N"),
    ]
    assert made(tmp_path, MOODLE_SHEET) == [
        change(ada, moodle_id="1234567", group="Blue"),
        change(bela, moodle_id="1234568"),
    ]
    assert made(tmp_path, GRADESCOPE_SHEET) == [change(ada, section="A"), change(bela, email="bela@example.edu")]
    everything = made(tmp_path, MOODLE_SHEET, GRADESCOPE_SHEET, CANVAS_SHEET)
    assert everything == [
        change(ada, canvas_id="101", moodle_id="1234567", section="A", group="Blue"),
        change(bela, canvas_id="102", moodle_id="1234568", email="bela@example.edu", section="CS 224N"),
    ]


def test_a_roster_from_the_export_of_each_platform(tmp_path: Path) -> None:
    assert made(tmp_path, zipped(canvas()))[0] == Student(name="contidario", canvas_id="104")
    assert made(tmp_path, zipped(moodle()))[1] == Student(name="Béla Novák", moodle_id="1234568")
    assert [student.id for student in made(tmp_path, zipped(gradescope()))] == ["0007", "0009", "0008", ""]
    write(tmp_path / "unpacked", moodle())
    assert make_roster([tmp_path / "unpacked"]) == made(tmp_path, zipped(moodle()))


def test_a_better_name_replaces_that_of_canvas(tmp_path: Path) -> None:
    [ada] = [student for student in made(tmp_path, zipped(canvas()), CANVAS_SHEET) if student.canvas_id == "101"]
    assert (ada.name, ada.id) == ("Ada Lovelace", "0007")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n", "no sheet of Canvas, Moodle or Gradescope: its columns are a, b"),
        (zipped(WHOLE), "no export of Canvas, Moodle or Gradescope, and no sheet of theirs"),
        (b"PK", "is a damaged or truncated zip archive; pack it and hand it in again"),
    ],
)
def test_what_is_no_export(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(IntakeError) as error:
        made(tmp_path, content)
    assert str(error.value).partition(": ")[2] == said


_cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip)
_students = st.lists(st.builds(Student, _cells, _cells, _cells, _cells, _cells, _cells, _cells), max_size=5)


@given(_students, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_roster_comes_back_as_written(students: list[Student], encoding: str) -> None:
    students = [
        Student(*(unicodedata.normalize("NFC", cell) for cell in msgspec.structs.astuple(student)))
        for student in students
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.csv"
        path.write_bytes(roster_csv(students).encode(encoding))
        try:
            read = read_roster(path).students
        except RosterError as error:
            assert "is on line" in str(error)
        else:
            assert list(read) == [student for student in students if student != Student()]


@pytest.mark.parametrize(
    ("content", "students"),
    [
        (b"name;section\r\nB\xe9la Nov\xe1k;3\r\n", [Student(name="Béla Novák", section="3")]),
        ("Name\tID\nBéla Novák\t08\n".encode("utf-16"), [Student(name="Béla Novák", id="08")]),
        ("\ufeffid,name\n1,Be\u0301la\n\n,\n".encode(), [Student(name="Béla", id="1")]),
        (b'name,email\n"Lovelace, Ada"\n', [Student(name="Lovelace, Ada")]),
    ],
)
def test_a_roster_from_any_spreadsheet(tmp_path: Path, content: bytes, students: list[Student]) -> None:
    (tmp_path / "r.csv").write_bytes(content)
    assert list(read_roster(tmp_path / "r.csv").students) == students


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", f"{EXPECTED}; found nothing"),
        ("name,points\nx,1\n", f"{EXPECTED}; found name, points"),
        ("name,name\nx,1\n", f"{EXPECTED}; found name, name"),
        ("name,id\nx,1\ny,2\nz,1\n", "r.csv:4: id 1 is on line 2, too"),
        ("name,email\nx,A@b.c\ny,a@B.c\n", "r.csv:3: email a@b.c is on line 2, too"),
    ],
)
def test_a_roster_that_makes_no_sense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.csv").write_text(content)
    with pytest.raises(RosterError) as error:
        read_roster(Path("r.csv"))
    assert str(error.value) == said


def test_a_roster_that_is_not_there() -> None:
    with pytest.raises(RosterError, match=r"^nowhere\.csv: cannot be read: No such file or directory$"):
        read_roster(Path("nowhere.csv"))


@pytest.mark.parametrize(
    ("found", "row"),
    [
        (Student(name="other", canvas_id="101"), ADA),
        (Student(name="lovelaceada"), ADA),
        (Student(name="lovelaceada", canvas_id="102"), None),
        (Student(name="LOVELACE,  Ada"), ADA),
        (Student(name="ada lovelace", email="ada@EXAMPLE.edu"), ADA),
        (Student(name="Ada Lovelace", id="0009"), None),
        (Student(name="Be\u0301la Novák"), BELA),
        (Student(name="Béla Novák", moodle_id="99"), BELA),  # of another assignment
        (Student(name="Ada"), None),
        (Student(), None),
    ],
)
def test_who_is_who(found: Student, row: Student | None) -> None:
    assert Roster([ADA, BELA]).find(found) == row


def test_names_that_two_students_have_join_nobody() -> None:
    roster = Roster([Student(name="Wei Chen", id="1"), Student(name="Chen Wei", id="2")])
    assert roster.find(Student(name="Chen Wei")) is None
    assert roster.find(Student(name="Chen Wei", id="2")) == Student(name="Chen Wei", id="2")


@pytest.mark.parametrize(
    "label",
    ["Ada Lovelace", "lovelace_ada.zip", "0007", "a4-0007", "a4-ada.ZIP", "assignment-4-ada", "ada@example.edu"],
)
def test_a_folder_is_called_after_a_student(label: str) -> None:
    assert Roster([ADA, BELA]).find_label(label) == ADA
    assert Roster([ADA, msgspec.structs.replace(ADA, canvas_id="102")]).find_label(label) is None


def test_two_students_of_one_name_keep_their_names_apart(tmp_path: Path) -> None:
    roster = Roster(
        [Student(name="Wei Chen", id="1", canvas_id="71"), Student(name="Wei Chen", id="2", canvas_id="72")]
    )
    write(tmp_path, {f"chenwei_7{user}_8{user}_{name}": WHOLE[name] for user in (1, 2) for name in WHOLE})
    both = find_class([tmp_path], TOY, roster).found
    assert [one.name for one in both] == ["Wei Chen (1)", "Wei Chen (2)"]
    [second] = find_class([tmp_path / "chenwei_72_82_utils.py"], TOY, roster).found
    assert (second.name, second.students) == ("Wei Chen (2)", (roster.students[1],))
    assert find_class([tmp_path / "chenwei_72_82_utils.py"], TOY, roster).notes == ()


def test_a_number_of_an_earlier_assignment_gives_way() -> None:
    assert combined(BELA, Student(name="X", moodle_id="7", group="g")) == msgspec.structs.replace(
        BELA, moodle_id="7", group="g"
    )


def test_repositories_are_called_as_their_students(tmp_path: Path) -> None:
    for name in ("a4-ada", "a4-bela", "a4-zoe"):
        write(tmp_path / name, {**WHOLE, ".git/HEAD": b""})
    roster = Roster([ADA, Student(name="Béla Novák", id="bela"), Student(name="Dora Lind")])
    klass = find_class([tmp_path], TOY, roster)
    assert [(one.name, one.students) for one in klass.found] == [
        ("Ada Lovelace", (ADA,)),
        ("Béla Novák", (Student(name="Béla Novák", id="bela"),)),
        ("a4-zoe", ()),
    ]
    assert klass.notes == (
        "not in the roster: a4-zoe",
        "no submission: 1 of 3 in the roster: Dora Lind",
    )
